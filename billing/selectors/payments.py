"""What pages show of payments. Needs the organization's scope open."""

from django.db.models import Sum

from accounts.models import Organization
from billing.models import Payment


def owed_by(organization: Organization) -> int:
    """Micro-credits of refunds and disputes that were not there to be taken back."""
    owing = Payment.objects.filter(organization=organization, owed__gt=0)
    return int(owing.aggregate(sum=Sum("owed"))["sum"] or 0)
