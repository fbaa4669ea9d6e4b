"""Exit codes of `era`, and which error ends in which."""

from era_client import errors
from era_client.transfers import PartlyFailed

OK = 0
FAILED = 1
USAGE = 2
NOT_SIGNED_IN = 3
NOT_FOUND = 4
REJECTED = 5
NETWORK = 6
INTERRUPTED = 130

MEANINGS = {
    OK: "done",
    FAILED: "refused, or failed",
    USAGE: "typed wrongly, or the job file is wrong",
    NOT_SIGNED_IN: "not signed in, or the token is not valid any more",
    NOT_FOUND: "there is no such thing, or it is not yours to see",
    REJECTED: "the market said no",
    NETWORK: "the platform was not reached, or is not well",
    INTERRUPTED: "stopped with Ctrl-C",
}

_BY_KIND: tuple[tuple[type[errors.EraError], int], ...] = (
    (errors.NotSignedIn, NOT_SIGNED_IN),
    (errors.NotConfigured, NOT_SIGNED_IN),
    (errors.NotFound, NOT_FOUND),
    (errors.NetworkError, NETWORK),
    (errors.ServerError, NETWORK),
    (errors.UsageError, USAGE),
    (errors.JobFileError, USAGE),
    (PartlyFailed, FAILED),
)


def code_of(error: errors.EraError) -> int:
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), FAILED)
