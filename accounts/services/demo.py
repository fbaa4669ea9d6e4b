"""The people and the credits that an empty embedded installation begins with."""

from django_scopes import scope

from accounts.models import Organization, Transfer, User
from accounts.services import users, wallets
from era_platform.common.money import MICRO

DEMO_EMAIL, DEMO_PASSWORD = "demo@example.com", "demo"
OPERATOR_EMAIL, OPERATOR_PASSWORD = "operator@example.com", "operator"
DEMO_SLUG = "demo"  # what registering DEMO_EMAIL calls its personal organization
DEMO_CREDITS = 1000 * MICRO


def ensure_people() -> Organization:
    """Make whatever is missing of the demo user, the operator and the credits; gives the demo organization."""
    _ensure_user(DEMO_EMAIL, DEMO_PASSWORD, is_staff=False)
    _ensure_user(OPERATOR_EMAIL, OPERATOR_PASSWORD, is_staff=True)
    demo = Organization.objects.get(slug=DEMO_SLUG)
    with scope(organization=demo):
        if not Transfer.objects.exists():
            wallets.top_up(actor=None, organization=demo, amount=DEMO_CREDITS, memo="Welcome")
    return demo


def _ensure_user(email: str, password: str, *, is_staff: bool) -> None:
    if not User.objects.filter(email=email).exists():
        users.create_user(email=email, password=password, is_staff=is_staff)
