"""What pages of others ask about paying in."""

from django import template

from accounts.models import Membership, Organization, Role
from billing.payments import choice
from billing.selectors.payments import owed_by

register = template.Library()


@register.filter
def may_pay_in(membership: Membership) -> bool:
    """Whether this person is offered to buy credits for the organization."""
    return choice.is_on() and Role(membership.role).rank >= Role.OWNER.rank


@register.filter
def owed(organization: Organization) -> int:
    """Micro-credits that are still to be taken back."""
    return owed_by(organization)
