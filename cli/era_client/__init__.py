"""ERA Platform from Python: `from era_client import Client`."""

from era_client.client import Client
from era_client.errors import (
    ApiError,
    Conflict,
    DamagedTransfer,
    EraError,
    Fault,
    Forbidden,
    InsufficientFunds,
    Invalid,
    JobFileError,
    LocalError,
    NetworkError,
    NotConfigured,
    NotFound,
    NotSignedIn,
    ServerError,
    TooLarge,
    UsageError,
)
from era_client.jobfile import load as load_job_file
from era_client.spec import JobSpec, Way

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "Client",
    "Conflict",
    "DamagedTransfer",
    "EraError",
    "Fault",
    "Forbidden",
    "InsufficientFunds",
    "Invalid",
    "JobFileError",
    "JobSpec",
    "LocalError",
    "NetworkError",
    "NotConfigured",
    "NotFound",
    "NotSignedIn",
    "ServerError",
    "TooLarge",
    "UsageError",
    "Way",
    "load_job_file",
]
