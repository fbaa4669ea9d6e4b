"""What can be wrong with a request, as exceptions that carry what RFC 9457 problem+json needs."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Problem(Exception):
    """A request that can't be done. `code` is stable; `detail` names the value and says what to do."""

    status = 400
    code = "bad_request"
    title: Promise = _("The request cannot be carried out")

    def __init__(self, detail: str, *, field: str = "", code: str = "", **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.code = code or self.code
        self.extra = extra


class InvalidInput(Problem):
    """A field that can't be taken; `field` names it."""

    code = "invalid"
    title: Promise = _("A field is not valid")


class InsufficientFunds(Problem):
    status = 402
    code = "insufficient_funds"
    title: Promise = _("The wallet does not hold enough")


class BudgetExceeded(Problem):
    """A month's limit of a project, or of a member, would be passed; `limit`, `spent` and `left` in credits."""

    status = 402
    code = "budget_exceeded"
    title: Promise = _("The budget does not allow this")


class Forbidden(Problem):
    """An own thing, without the right role."""

    status = 403
    code = "forbidden"
    title: Promise = _("Your role does not allow this")


class NotFound(Problem):
    """A thing that is not there, or is another tenant's: the two look the same."""

    status = 404
    code = "not_found"
    title: Promise = _("Not found")


class Conflict(Problem):
    """The thing is in a state that doesn't allow this."""

    status = 409
    code = "conflict"
    title: Promise = _("Not possible in the present state")


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title: Promise = _("Too large")


class QuotaExceeded(Problem):
    """The organization may not store so much more; `more`, `free` and `quota` in bytes."""

    status = 413
    code = "quota_exceeded"
    title: Promise = _("The organization's storage quota is used up")


class StorageFull(Problem):
    """The disk itself has no room, whatever the quota says."""

    status = 507
    code = "storage_full"
    title: Promise = _("The platform's storage is full")


class IdempotencyMismatch(Problem):
    status = 422
    code = "idempotency_key_reused"
    title: Promise = _("The Idempotency-Key was used for another request")
