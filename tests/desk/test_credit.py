"""An organization credited at the desk, for no job of its own: by whom, how much, once, and on record."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from accounts.models import AuditEvent, StaffRole, Transfer
from accounts.services import top_ups
from era_platform.common import clock
from era_platform.common.money import MICRO
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, signed_in
from tests.jobs.ways import balance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
ADDRESS = "/admin/desk/credit/"
MAY = [StaffRole.SUPPORT, StaffRole.OPERATOR]


def credit(client: Client, **fields: str) -> Any:
    form = {"key": str(uuid4()), "organization": "ours", "amount": "2.5", "reason": "a slow week", **fields}
    return client.post(ADDRESS, form)


@pytest.fixture
def operator() -> Client:
    return signed_in(a_member_of_staff(StaffRole.OPERATOR))


@pytest.mark.parametrize("role", MAY)
def test_support_and_operators_credit_with_a_reason(ours: Tenant, theirs: Tenant, role: StaffRole) -> None:
    before, others = balance(ours.organization), balance(theirs.organization)
    giver = a_member_of_staff(role)
    client = signed_in(giver)
    assert credit(client).status_code == 302
    assert "2.50 credits were given to ours" in client.get(ADDRESS).content.decode()
    assert (balance(ours.organization), balance(theirs.organization)) == (before + 2_500_000, others)
    with scopes_disabled():
        moved = Transfer.objects.get(kind="credit")
        assert (moved.actor, moved.amount, moved.memo, moved.reference) == (giver, 2_500_000, "a slow week", None)
        acts = AuditEvent.objects.filter(actor=giver).exclude(action="user.created").order_by("id")
        assert [act.action for act in acts] == ["admin.desk_credit", "wallet.credited"]
        assert acts[1].detail["reason"] == "a slow week"


def test_an_auditor_sees_no_form_and_gives_nothing(ours: Tenant) -> None:
    before, client = balance(ours.organization), signed_in(a_member_of_staff(StaffRole.AUDITOR))
    page = client.get(ADDRESS).content.decode()
    assert "Your role looks on" in page
    assert 'name="amount"' not in page
    assert credit(client).status_code == 403
    assert balance(ours.organization) == before


def test_support_gives_up_to_its_limit_and_an_operator_beyond(
    ours: Tenant, operator: Client, settings: Settings
) -> None:
    settings.ERA_SUPPORT_REFUND_LIMIT = "2"
    support = signed_in(a_member_of_staff(StaffRole.SUPPORT))
    assert "At most 2.00 credits in one go." in support.get(ADDRESS).content.decode()
    assert credit(support, amount="2").status_code == 302
    refused = credit(support)
    assert refused.status_code == 400
    assert "at most 2.00 credits in one go, not 2.50: ask an operator" in refused.content.decode()
    assert credit(operator).status_code == 302


def test_what_is_sent_twice_is_given_once(ours: Tenant, operator: Client) -> None:
    before, key = balance(ours.organization), str(uuid4())
    assert credit(operator, key=key).status_code == credit(operator, key=key).status_code == 302
    assert balance(ours.organization) == before + 2_500_000
    assert "given already" in operator.get(ADDRESS).content.decode()
    assert credit(operator, key=key, amount="3").status_code == 400
    assert balance(ours.organization) == before + 2_500_000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"organization": "nobody"}, "There is no organization “nobody”"),
        ({"organization": "\0"}, "Null characters"),
        ({"organization": ""}, "This field is required"),
        ({"amount": "0"}, "must be more than 0"),
        ({"amount": "-1"}, "must be more than 0"),
        ({"amount": "much"}, "“much” is not an amount"),
        ({"reason": "  "}, "This field is required"),
        ({"key": "x"}, ""),
    ],
)
def test_what_can_not_be_given_is_said_and_nothing_moves(
    ours: Tenant, operator: Client, fields: dict[str, str], said: str
) -> None:
    before = balance(ours.organization)
    answer = credit(operator, **fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert balance(ours.organization) == before


def test_the_organization_may_be_chosen_beforehand(ours: Tenant, operator: Client) -> None:
    assert 'value="ours"' in operator.get(f"{ADDRESS}?organization=ours").content.decode()


def test_the_page_asks_little(operator: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(4):
        operator.get(ADDRESS)


def test_credits_and_top_ups_of_one_person_share_a_limit_in_a_day(ours: Tenant, settings: Settings) -> None:
    settings.ERA_TOP_UP_APPROVAL_ABOVE = "3"
    giver = a_member_of_staff(StaffRole.OPERATOR)
    client = signed_in(giver)
    assert credit(client, amount="2").status_code == 302
    refused = credit(client, amount="1.5")
    assert "1.00 are left, not 1.50" in refused.content.decode()
    (asked,) = top_ups.ask(actor=giver, organizations=[ours.organization], amount=2 * MICRO, memo="", key=uuid4())
    assert asked.state == "waiting"
    clock.advance(86_400)
    assert credit(signed_in(giver), amount="1.5").status_code == 302
