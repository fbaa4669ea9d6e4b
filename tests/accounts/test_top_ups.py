"""Top-ups beyond what one operator may give alone wait for another one, are decided once, and are paid once."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from accounts.models import AuditEvent, StaffRole, TopUpRequest, Transfer, User
from accounts.selectors import wallet_of
from accounts.services import top_ups
from era_platform.common import clock
from era_platform.common.errors import Conflict, Forbidden, IdempotencyMismatch, InvalidInput, NotFound, Problem
from era_platform.common.money import MICRO
from tests.accounts.test_ledger_concurrency import at_once
from tests.factories import Tenant, a_tenant, a_user, signed_in

DESK = "/admin/desk/top-ups/"
State = TopUpRequest.State


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.ERA_TOP_UP_APPROVAL_ABOVE = "50"


def staff(name: str, role: StaffRole = StaffRole.OPERATOR, *, is_superuser: bool = False) -> User:
    user = a_user(f"{name}@staff.example.com", is_staff=True)
    user.is_superuser, user.staff_role = is_superuser, role
    user.save()
    return user


@pytest.fixture
def ada(db: None) -> User:
    return staff("ada")


@pytest.fixture
def ben(db: None) -> User:
    return staff("ben")


def ask(actor: User, *tenants: Tenant, credits: int, key: UUID | None = None) -> list[TopUpRequest]:
    organizations = [tenant.organization for tenant in tenants]
    return top_ups.ask(
        actor=actor, organizations=organizations, amount=credits * MICRO, memo="June", key=key or uuid4()
    )


def available(tenant: Tenant) -> float:
    with scope(organization=tenant.organization):
        return wallet_of(tenant.organization).available / MICRO


def acts() -> list[tuple[str, str]]:
    with scopes_disabled():
        found = AuditEvent.objects.filter(action__startswith="wallet.top").exclude(actor=None).order_by("pk")
        return [(one.action, str(one.actor)) for one in found]


@pytest.mark.django_db
def test_up_to_the_limit_it_is_given_at_once(ada: User, ours: Tenant) -> None:
    [given] = ask(ada, ours, credits=50)
    assert (given.state, given.decided_by, available(ours)) == (State.GIVEN, None, 150)


@pytest.mark.django_db
def test_beyond_the_limit_it_waits_for_another_operator(ada: User, ben: User, ours: Tenant) -> None:
    [asked] = ask(ada, ours, credits=51)
    assert (asked.state, available(ours)) == (State.WAITING, 100)
    approved = top_ups.approve(actor=ben, request_id=asked.pk)
    assert (approved.state, available(ours)) == (State.GIVEN, 151)
    assert approved.transfer
    assert (approved.transfer.actor, approved.transfer.memo) == (ada, "June")
    assert acts() == [
        ("wallet.top_up_asked", str(ada)),
        ("wallet.topped_up", str(ada)),
        ("wallet.top_up_approved", str(ben)),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["twice to one", "to two in one form", "to two in two forms"])
def test_to_split_it_is_no_way_around(ada: User, ours: Tenant, theirs: Tenant, way: str) -> None:
    match way:
        case "twice to one":
            ask(ada, ours, credits=30)
            asked = ask(ada, ours, credits=30)
        case "to two in one form":
            asked = ask(ada, ours, theirs, credits=30)
        case _:
            ask(ada, ours, credits=30)
            asked = ask(ada, theirs, credits=30)
    assert {one.state for one in asked} == {State.WAITING}


@pytest.mark.django_db
def test_what_another_approved_and_what_is_a_day_ago_does_not_count(ada: User, ben: User, ours: Tenant) -> None:
    with clock.freeze(clock.now()):
        [asked] = ask(ada, ours, credits=500)
        top_ups.approve(actor=ben, request_id=asked.pk)
        assert ask(ada, ours, credits=50)[0].state == State.GIVEN
        assert ask(ada, ours, credits=1)[0].state == State.WAITING
        clock.advance(timedelta(hours=24).total_seconds())
        assert ask(ada, ours, credits=50)[0].state == State.GIVEN


@pytest.mark.django_db
def test_each_operator_has_the_own_limit(ada: User, ben: User, ours: Tenant) -> None:
    assert [ask(who, ours, credits=50)[0].state for who in (ada, ben)] == [State.GIVEN, State.GIVEN]


@pytest.mark.django_db
@pytest.mark.parametrize("credits", [5, 500])
def test_one_form_that_is_sent_twice_counts_once(ada: User, ours: Tenant, credits: int) -> None:
    key = uuid4()
    assert len(ask(ada, ours, credits=credits, key=key)) == 1
    assert ask(ada, ours, credits=credits, key=key) == []
    with pytest.raises(IdempotencyMismatch):
        ask(ada, ours, credits=credits + 1, key=key)
    with scopes_disabled():
        assert TopUpRequest.objects.count() == 1


@pytest.mark.django_db
def test_who_asked_does_not_decide_not_even_a_superuser(ours: Tenant) -> None:
    root = staff("root", is_superuser=True)
    [asked] = ask(root, ours, credits=51)
    for act in (lambda: top_ups.approve(actor=root, request_id=asked.pk), lambda: decline(root, asked)):
        with pytest.raises(Forbidden, match="yourself"):
            act()
    assert available(ours) == 100


@pytest.mark.django_db
@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.AUDITOR])
def test_support_and_auditors_do_not_decide(ada: User, ours: Tenant, role: StaffRole) -> None:
    [asked] = ask(ada, ours, credits=51)
    other = staff("other", role)
    with pytest.raises(Forbidden, match="Operator"):
        top_ups.approve(actor=other, request_id=asked.pk)
    assert signed_in(other).get(DESK).status_code == 200
    assert signed_in(other).post(DESK, {"top_up": asked.pk, "decision": "approve"}).status_code == 403
    assert available(ours) == 100


def decline(actor: User, asked: TopUpRequest, reason: str = "not agreed") -> TopUpRequest:
    return top_ups.decline(actor=actor, request_id=asked.pk, reason=reason)


@pytest.mark.django_db
def test_what_is_declined_has_a_reason_and_stays_so(ada: User, ben: User, ours: Tenant) -> None:
    [asked] = ask(ada, ours, credits=51)
    with pytest.raises(InvalidInput):
        decline(ben, asked, " ")
    assert decline(ben, asked).state == State.DECLINED
    with pytest.raises(Conflict, match="declined"):
        top_ups.approve(actor=ben, request_id=asked.pk)
    assert available(ours) == 100
    assert acts()[-1] == ("wallet.top_up_declined", str(ben))


@pytest.mark.django_db
def test_what_is_not_there_is_not_found(ada: User) -> None:
    with pytest.raises(NotFound):
        top_ups.approve(actor=ada, request_id=uuid4())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    ["decided_by_id = requested_by_id", "amount = 1", "state = 'waiting'", "state = 'declined'", "requested_by_id = 0"],
)
def test_the_database_refuses_what_the_services_would_not_do(ada: User, ben: User, ours: Tenant, change: str) -> None:
    [asked] = ask(ada, ours, credits=51)
    if "waiting" in change:
        top_ups.approve(actor=ben, request_id=asked.pk)
    statement = f"UPDATE accounts_topuprequest SET {change}, decided_at = now() WHERE id = %s"
    with pytest.raises(IntegrityError), transaction.atomic(), transaction.get_connection().cursor() as cursor:
        cursor.execute(statement, [asked.pk])


@pytest.mark.django_db
def test_at_the_desk_another_operator_approves_and_the_first_page_counts_what_waits(
    ada: User, ben: User, ours: Tenant
) -> None:
    form = {"action": "top_up", "_selected_action": [ours.organization.pk], "key": str(uuid4()), "confirm": "1"}
    told = signed_in(ada).post("/admin/accounts/organization/", form | {"amount": "60", "memo": "June"}, follow=True)
    assert "wait for another operator" in told.content.decode()
    assert "<strong>(1)</strong>" in signed_in(ben).get("/admin/").content.decode()
    own = signed_in(ada).get(DESK).content.decode()
    assert "another operator&#x27;s" in own or "another operator's" in own
    assert 'value="approve"' not in own
    page = signed_in(ben).get(DESK)
    assert 'value="approve"' in page.content.decode()
    given = {"top_up": page.context["waiting"][0]["top_up"].pk}
    assert said(signed_in(ada), given | {"decision": "approve"}).startswith("You asked for this")
    assert said(signed_in(ben), given | {"decision": "decline"}).startswith("Say why")
    assert said(signed_in(ben), given | {"decision": "x"}) == "That is no decision about a top-up."
    assert said(signed_in(ben), given | {"decision": "approve"}) == "60.00 credits added to ours."
    assert available(ours) == 160
    assert "(1)" not in signed_in(ben).get("/admin/").content.decode()


def said(client: Client, form: dict[str, Any]) -> str:
    [message] = client.post(DESK, form, follow=True).context["messages"]
    return str(message)


@pytest.mark.django_db(transaction=True)
def test_however_many_approve_at_once_it_is_paid_once() -> None:
    ours, people = a_tenant("ours"), [staff(f"person{number}") for number in range(8)]
    [asked] = ask(staff("ada"), ours, credits=51)

    def approve() -> bool:
        try:
            top_ups.approve(actor=people.pop(), request_id=asked.pk)
        except Conflict:
            return False
        return True

    assert at_once(approve, times=8).count(True) == 1
    assert available(ours) == 151
    with scopes_disabled():
        assert Transfer.objects.filter(kind="top_up", memo="June").count() == 1


@pytest.mark.django_db(transaction=True)
def test_forms_sent_at_once_do_not_overlook_each_other() -> None:
    ours, ada = a_tenant("ours"), staff("ada")

    def give() -> bool:
        try:
            return ask(ada, ours, credits=20)[0].state == State.GIVEN
        except Problem:
            return False

    assert at_once(give, times=8).count(True) == 2  # 40 of 50
    assert available(ours) == 140
