"""What somebody who works for the platform may do, by role: the operators' site asks this backend.

Support and auditors read everything; operators may do everything. What support may do beyond reading (refunds up to a
limit) is said by the act itself.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import StaffRole, User
from era_platform.common.errors import Forbidden


class RoleBackend(BaseBackend):
    """Grants permissions by `User.desk_role`, beside those that a person or a group was given."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        role = role_of(user_obj)
        return role == StaffRole.OPERATOR or (role is not None and perm.partition(".")[2].startswith("view_"))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return role_of(user_obj) is not None


def role_of(user: User | AnonymousUser | Any) -> StaffRole | None:
    return user.desk_role if isinstance(user, User) else None


def require(user: Any, *roles: StaffRole) -> StaffRole:
    """The person's role, if it is one of these. Raises Forbidden."""
    role = role_of(user)
    if role is None or role not in roles:
        needed = ", ".join(str(each.label) for each in roles)
        yours = role.label if role else _("none")
        raise Forbidden(_("This needs the role {needed}; yours is {yours}.").format(needed=needed, yours=yours))
    return role
