"""A person, known by an e-mail address."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class StaffRole(models.TextChoices):
    """What somebody who works for the platform may do at the desk. A superuser is an operator."""

    SUPPORT = "support", _("Support")
    OPERATOR = "operator", _("Operator")
    AUDITOR = "auditor", _("Auditor")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("works here"), default=False)
    staff_role = models.CharField(_("role at the desk"), max_length=10, choices=StaffRole.choices, blank=True)
    date_joined = models.DateTimeField(_("joined"), default=clock.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(
                condition=models.Q(staff_role__in=["", *StaffRole.values]), name="user_staff_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def desk_role(self) -> StaffRole | None:
        """The role in which this person sees the operators' pages; None for who does not."""
        if not (self.is_active and self.is_staff):
            return None
        return StaffRole.OPERATOR if self.is_superuser else StaffRole(self.staff_role) if self.staff_role else None

    def get_full_name(self) -> str:
        return self.name or self.email
