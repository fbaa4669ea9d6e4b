"""People: each comes with a personal organization."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.services import audit
from accounts.services.organizations import open_personal
from era_platform.common.errors import Conflict


@transaction.atomic(durable=True)
def register(*, user: User, actor: User | None = None) -> Organization:
    """Save a new user (password already set) with a personal organization. Raises Conflict if the e-mail is known.

    `actor` is who made the account; nobody for somebody who signed up.
    """
    return enrol(user=user, actor=actor)


def enrol(*, user: User, actor: User | None) -> Organization:
    """`register` as part of a transaction that somebody else opened, as the operators' pages do."""
    user.email = user.email.strip().lower()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            _("There is an account for {email} already; sign in to it.").format(email=user.email),
            field="email",
            code="account_exists",
        ) from error
    personal = open_personal(user)
    audit.record("user.created", actor=actor or user, organization=personal, target=user)
    return personal


def create_user(
    *, email: str, password: str | None, name: str = "", is_staff: bool = False, actor: User | None = None
) -> User:
    """A user who can sign in with this password, or with none until it is reset."""
    user = User(email=email, name=name, is_staff=is_staff, is_superuser=is_staff)
    user.set_password(password)
    register(user=user, actor=actor)
    return user
