"""Operators see everything, change what may change, and put money into wallets on the record."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.test import Client
from django_scopes import get_scope, scope, scopes_disabled

from accounts.admin_base import ReadOnlyAdmin
from accounts.models import AuditEvent, Organization, Transfer, User
from accounts.selectors import memberships_of, wallet_of
from accounts.services import ledger
from era_platform.common.errors import InvalidInput
from tests.factories import PASSWORD, Tenant, a_user, signed_in

MODELS = [
    model
    for model in admin.site._registry
    if model._meta.app_label in ("accounts", "pricing", "jobs", "billing", "mfa")
]
LABELS = [f"{model._meta.app_label}/{model._meta.model_name}" for model in MODELS]
WALLETS = "/admin/accounts/organization/"


@pytest.fixture
def operator(ours: Tenant, theirs: Tenant) -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


def top_up(operator: Client, tenants: list[Tenant], **fields: str) -> Any:
    chosen = [tenant.organization.pk for tenant in tenants]
    form = {"action": "top_up", "_selected_action": chosen, "key": str(uuid4()), **fields}
    return operator.post(WALLETS, form)


def available(tenant: Tenant) -> float:
    with scope(organization=tenant.organization):
        return wallet_of(tenant.organization).available / 1_000_000


@pytest.mark.parametrize("label", LABELS)
def test_every_list_opens_and_is_searched(operator: Client, ours: Tenant, label: str) -> None:
    ours.token()
    assert operator.get(f"/admin/{label}/").status_code == 200
    assert operator.get(f"/admin/{label}/", {"q": "ours"}).status_code == 200
    assert "organization" not in get_scope()


JOB = UUID("2f0c1d1e-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("text", "rows"), [("ours", 2), ("OURS", 2), ("theirs", 1), (str(JOB), 1), ("our", 0), ("%", 0), ("", 3)]
)
def test_a_transfer_is_found_by_the_whole_of_what_an_index_knows(
    operator: Client, ours: Tenant, theirs: Tenant, text: str, rows: int
) -> None:
    with scope(organization=ours.organization):
        ledger.credit(ours.organization, 1, reference=JOB)
    page = operator.get("/admin/accounts/transfer/", {"q": text}).content.decode()
    assert page.count('class="field-id"') == rows


@pytest.mark.parametrize("model", MODELS, ids=LABELS)
def test_every_record_opens(operator: Client, ours: Tenant, model: Any) -> None:
    ours.token()
    with scopes_disabled():
        record = model._default_manager.first()
    if record is not None:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{record.pk}/"
        assert operator.get(f"{page}change/").status_code == 200
        assert operator.get(f"{page}history/").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["transfer", "hold", "ledgeraccount", "auditevent", "apitoken", "idempotencykey", "membership", "topuprequest"],
)
def test_records_are_only_read(operator: Client, ours: Tenant, name: str) -> None:
    ours.token()
    assert operator.get(f"/admin/accounts/{name}/add/").status_code == 403
    model = next(model for model in MODELS if model._meta.model_name == name)
    assert isinstance(admin.site._registry[model], ReadOnlyAdmin)
    with scopes_disabled():
        record = model._default_manager.first()
    if record is not None:
        page = f"/admin/accounts/{name}/{record.pk}"
        assert operator.post(f"{page}/change/", {"amount": 1}).status_code == 403
        assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", ["user", "organization"])
def test_nobody_is_deleted(operator: Client, ours: Tenant, name: str) -> None:
    pk = ours.owner.pk if name == "user" else ours.organization.pk
    assert operator.post(f"/admin/accounts/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_tenants_stay_outside(ours: Tenant, role: str) -> None:
    assert ours.client(role).get(WALLETS).status_code == 302
    assert ours.client(role).get("/admin/login/").status_code == 403


def test_a_top_up_asks_first_and_then_moves_money(operator: Client, ours: Tenant, theirs: Tenant) -> None:
    asked = top_up(operator, [ours, theirs])
    assert asked.templates[0].name == "admin/accounts/top_up.html"
    assert available(ours) == 100
    top_up(operator, [ours, theirs], confirm="1", amount="12.5", memo="June")
    assert (available(ours), available(theirs)) == (112.5, 112.5)


def test_a_top_up_that_is_sent_twice_is_made_once(operator: Client, ours: Tenant, theirs: Tenant) -> None:
    form = {"confirm": "1", "amount": "5", "memo": "June", "key": str(uuid4())}
    for tenants in ([ours], [ours, theirs], [ours, theirs]):
        top_up(operator, tenants, **form)
    assert (available(ours), available(theirs)) == (105, 105)
    other = top_up(operator, [ours], **form | {"amount": "6"})
    assert "came before with another request" in str(other.context["form"].errors)
    assert available(ours) == 105


def test_without_a_key_nothing_is_added(operator: Client, ours: Tenant) -> None:
    top_up(operator, [ours], confirm="1", amount="5", memo="June", key="")
    assert available(ours) == 100


def test_a_top_up_of_many_is_made_for_all_or_for_none(
    operator: Client, ours: Tenant, theirs: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ledger.top_up

    def fails_for_theirs(organization: Organization, *args: Any, **kwargs: Any) -> Any:
        if organization == theirs.organization:
            raise InvalidInput("no more today", field="amount")
        return made(organization, *args, **kwargs)

    monkeypatch.setattr(ledger, "top_up", fails_for_theirs)
    answer = top_up(operator, [ours, theirs], confirm="1", amount="5", memo="June")
    assert answer.context["form"].errors["amount"] == ["no more today"]
    assert (available(ours), available(theirs)) == (100, 100)


def test_a_top_up_is_on_the_record(operator: Client, ours: Tenant) -> None:
    top_up(operator, [ours], confirm="1", amount="1", memo="June")
    with scope(organization=ours.organization):
        transfer, event = Transfer.objects.latest("id"), AuditEvent.objects.latest("id")
        assert (transfer.memo, str(transfer.actor)) == ("June", "operator@example.com")
        assert (event.action, event.detail["amount"]) == ("wallet.topped_up", "1.00")


@pytest.mark.parametrize("amount", ["", "0", "-5", "0.0000001", "lots", "1e99", "NaN", "99999999999999999"])
def test_a_top_up_that_cannot_be_is_refused(operator: Client, ours: Tenant, amount: str) -> None:
    answer = top_up(operator, [ours], confirm="1", amount=amount, memo="June")
    assert answer.context["form"].errors["amount"]
    assert available(ours) == 100


def test_an_operator_adds_somebody_with_an_organization(operator: Client) -> None:
    fields = {"email": "New@example.com", "name": "", "password1": PASSWORD, "password2": PASSWORD}
    assert operator.post("/admin/accounts/user/add/", fields).status_code == 302
    (membership,) = memberships_of(User.objects.get(email="new@example.com"))
    assert membership.organization.slug == "new"


def test_shutting_somebody_out_is_on_the_record(operator: Client, ours: Tenant) -> None:
    page = f"/admin/accounts/user/{ours.member.pk}/change/"
    assert operator.post(page, {"email": ours.member.email, "name": "M"}).status_code == 302
    ours.member.refresh_from_db()
    assert not ours.member.is_active
    with scopes_disabled():
        assert AuditEvent.objects.get(action="user.changed").target == ours.member.email
