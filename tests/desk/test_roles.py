"""Every page of the operators' site, by every role: who reads, who acts, and that each act is on record."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from accounts.models import AuditEvent, StaffRole, User
from accounts.services import projects, top_ups
from era_platform.common.money import MICRO
from tests.billing.paying import SECRET, a_payment, send, session
from tests.factories import Tenant, a_pool, a_token, a_user, signed_in
from tests.jobs.ways import at_start, exited, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
ROLES = list(StaffRole)
ENTRANCE = {"login", "logout", "password_change", "password_change_done", "jsi18n", "view_on_site", "autocomplete"}
"""Ways in and out, of everybody's own account, and what other pages ask for."""
ACTS = {StaffRole.SUPPORT: {"desk_job", "desk_credit"}}
"""What somebody may post to who isn't an operator."""
UNMOVED = ("accounts_auditevent", "django_session")
"""Tables that change by asking alone."""


def a_member_of_staff(role: StaffRole | None) -> User:
    user = a_user(f"{role or 'nobody'}@staff.example.com", is_staff=True)
    User.objects.filter(pk=user.pk).update(is_superuser=False, staff_role=role or "")
    user.refresh_from_db()
    return user


def patterns(resolver: URLResolver | URLPattern, prefix: str = "") -> Iterator[tuple[str, str]]:
    here = prefix + str(resolver.pattern)
    if isinstance(resolver, URLPattern):
        yield here, str(resolver.name)
    else:
        for inner in resolver.url_patterns:
            yield from patterns(inner, here)


ADDRESSES = sorted(
    {
        (path.removeprefix("^/"), name)
        for path, name in patterns(get_resolver())
        if path.startswith("^/admin/") and name not in {*ENTRANCE, "None"} and "(?P" not in path
    }
)


@pytest.fixture
def world(ours: Tenant, settings: Settings) -> dict[str, Any]:
    """Something of most kinds, by which addresses are filled in."""
    pool = a_pool("gpu")
    a_token(ours.member, ours.organization)
    projects.create(actor=ours.owner, organization=ours.organization, slug="vision", name="Vision")
    asker, team = a_user("asker@staff.example.com"), [ours.organization]
    for amount in (MICRO, 10**6 * MICRO):  # one is given at once, one waits
        top_ups.ask(actor=asker, organizations=team, amount=amount, memo="x", key=uuid4())
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_only_for_tests", SECRET
    send(session(a_payment(ours)))
    job = running(ours, pool)
    at_start(job, 70)
    return {"job_id": exited(job, 0).pk, "pool_id": pool.pk, "app_label": "accounts", "id": ours.member.pk}


def filled(path: str, name: str, world: dict[str, Any]) -> str | None:
    """The address, with the newest record of its kind in it; None where there is none."""
    if "object_id" in path:
        model = _model(name)
        with scopes_disabled():
            record = model._default_manager.order_by("-pk").first()
        if record is None:
            return None
        world = {**world, "object_id": record.pk}
    for part, value in world.items():
        for kind in ("path:", "int:", "uuid:", "str:", ""):
            path = path.replace(f"<{kind}{part}>", str(value))
    assert "<" not in path, f"say in `world` what fills {path}"
    return "/" + path


def _model(name: str) -> Any:
    from django.contrib import admin

    label, model, _act = name.rsplit("_", 2)
    found = [one for one in admin.site._registry if one._meta.app_label == label and one._meta.model_name == model]
    assert found, f"{name} is of no model that is registered"
    return found[0]


def everything_but_records() -> dict[str, str]:
    """What each table holds, as a digest."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in UNMOVED]
        found = {}
        for table in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            found[table] = str(cursor.fetchone()[0])
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_whoever_may_read(world: dict[str, Any], role: StaffRole) -> None:
    client = signed_in(a_member_of_staff(role))
    refused = set()
    for path, name in ADDRESSES:
        address = filled(path, name, world)
        if address is None:
            continue
        status = client.get(address).status_code
        assert status in (200, 302, 403, 405), f"{address}: {status}"
        if status == 403:
            refused.add(name.rsplit("_", 1)[1])
    # What makes or removes records is shown to nobody who may not; reading is for all.
    assert refused <= {"add", "delete", "preview", "change"} if role != StaffRole.OPERATOR else True
    for name in ("jobs_node_changelist", "accounts_transfer_changelist", "desk_jobs", "desk_job"):
        [path] = [path for path, one in ADDRESSES if one == name]
        assert client.get(filled(path, name, world) or "").status_code == 200


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.AUDITOR])
def test_who_only_reads_changes_nothing_whatever_is_posted(world: dict[str, Any], role: StaffRole) -> None:
    client = signed_in(a_member_of_staff(role))
    before = everything_but_records()
    for path, name in ADDRESSES:
        address = filled(path, name, world)
        if address is None or name in ACTS.get(role, ()):
            continue
        for form in ({"name": "x", "amount": "5", "reason": "x", "act": "credit", "post": "yes"}, {"action": "top_up"}):
            status = client.post(address, form).status_code
            assert status in (200, 302, 400, 403, 405), f"{address}: {status}"
    assert everything_but_records() == before


@pytest.mark.parametrize("who", ["nobody on the staff", "an owner", "nobody"])
def test_without_a_role_there_is_nothing_to_see(world: dict[str, Any], ours: Tenant, who: str) -> None:
    client = {
        "nobody on the staff": lambda: signed_in(a_member_of_staff(None)),
        "an owner": lambda: signed_in(ours.owner),
        "nobody": Client,
    }[who]()
    for path, name in ADDRESSES:
        address = filled(path, name, world)
        if address and name not in ("index", "app_list"):
            assert client.get(address).status_code in (302, 403, 404, 405), address


def test_each_act_on_the_operators_pages_is_on_record_before_it_is_done(world: dict[str, Any]) -> None:
    operator = a_member_of_staff(StaffRole.OPERATOR)
    client = signed_in(operator)
    for path, name in ADDRESSES:
        address = filled(path, name, world)
        if address is None:
            continue
        client.post(address, {"nothing": "right"})
        with scopes_disabled():
            act = AuditEvent.objects.filter(actor=operator, action=f"admin.{name}"[:60]).last()
        assert act, f"{address}: whoever posts to it is not on record; is it within admin.site.admin_view?"
        assert act.target == address[:120]
        assert "nothing" in act.detail["fields"]


def test_no_value_of_a_form_is_on_record(world: dict[str, Any]) -> None:
    client = signed_in(a_member_of_staff(StaffRole.OPERATOR))
    client.post("/admin/accounts/user/add/", {"email": "new@example.com", "password1": "hidden-one"})
    with scopes_disabled():
        act = AuditEvent.objects.get(action="admin.accounts_user_add")
    assert "password1" in act.detail["fields"]
    assert "hidden-one" not in str(act.detail)


def test_an_operator_by_role_may_do_what_a_superuser_may(world: dict[str, Any], ours: Tenant) -> None:
    client = signed_in(a_member_of_staff(StaffRole.OPERATOR))
    form = {"action": "top_up", "_selected_action": ours.organization.pk, "confirm": "1", "amount": "5", "memo": "x"}
    form["key"] = str(uuid4())
    client.post("/admin/accounts/organization/", form)
    with scope(organization=ours.organization):
        assert ours.organization.transfers.filter(kind="top_up", memo="x").exists()
