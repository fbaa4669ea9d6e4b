"""Who uses the platform, what they may do, and the money they have."""

from accounts.models.audit import AuditEvent
from accounts.models.checkpoints import LedgerCheckpoint
from accounts.models.idempotency import IdempotencyKey
from accounts.models.ledger import Hold, LedgerAccount, Transfer
from accounts.models.organizations import Invitation, Membership, Organization, Role
from accounts.models.projects import MonthlySpend, Project
from accounts.models.tokens import ApiToken
from accounts.models.top_ups import TopUpRequest
from accounts.models.users import StaffRole, User

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Hold",
    "IdempotencyKey",
    "Invitation",
    "LedgerAccount",
    "LedgerCheckpoint",
    "Membership",
    "MonthlySpend",
    "Organization",
    "Project",
    "Role",
    "StaffRole",
    "TopUpRequest",
    "Transfer",
    "User",
]
