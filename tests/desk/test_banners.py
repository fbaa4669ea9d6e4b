"""Banners: put up by operators, seen on every page of the portal, dismissed by each browser for itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import AuditEvent, StaffRole
from desk.models import Banner
from desk.services import banners
from era_platform.common import clock
from era_platform.common.errors import Conflict, Forbidden, NotFound
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
ADDRESS = "/admin/desk/banners/"


@pytest.fixture
def operator() -> Client:
    return signed_in(a_member_of_staff(StaffRole.OPERATOR))


def put_up(operator: Client, **fields: str) -> Any:
    return operator.post(ADDRESS, {"text": "The <b>cellar</b> is wet", "level": "warning", **fields})


def overview(tenant: Tenant, client: Client | None = None) -> str:
    return (client or signed_in(tenant.viewer)).get(f"/o/{tenant.slug}/").content.decode()


def test_everybody_sees_it_as_text_from_then_on(operator: Client, ours: Tenant, theirs: Tenant) -> None:
    assert "cellar" not in overview(ours)
    assert put_up(operator).status_code == 302
    for tenant in (ours, theirs):
        assert "The &lt;b&gt;cellar&lt;/b&gt; is wet" in overview(tenant)


def test_only_from_its_begin_until_its_end(operator: Client, ours: Tenant) -> None:
    begin, end = (clock.now() + timedelta(hours=hours) for hours in (1, 2))
    put_up(
        operator,
        since_0=f"{begin:%Y-%m-%d}",
        since_1=f"{begin:%H:%M:%S}",
        until_0=f"{end:%Y-%m-%d}",
        until_1=f"{end:%H:%M:%S}",
    )
    seen = []
    for _time in range(3):
        seen.append("cellar" in overview(ours))
        clock.advance(3600)
    assert seen == [False, True, False]


def test_who_dismissed_it_sees_it_no_more_and_others_do(operator: Client, ours: Tenant) -> None:
    put_up(operator)
    client = signed_in(ours.viewer)
    client.cookies["era_banners"] = f"0.{Banner.objects.get().pk}.x"
    assert "cellar" not in overview(ours, client)
    assert "cellar" in overview(ours)


def test_it_is_taken_down_once(operator: Client, ours: Tenant) -> None:
    put_up(operator)
    number = Banner.objects.get().pk
    clock.advance(60)
    said = [operator.post(ADDRESS, {"take_down": number}, follow=True).content.decode() for _time in range(2)]
    assert "Taken down" in said[0]
    assert "is over" in said[1]
    assert "cellar" not in overview(ours)
    with scopes_disabled():
        acts = AuditEvent.objects.filter(action__startswith="banner.").order_by("id").values_list("action", flat=True)
        assert list(acts) == ["banner.put_up", "banner.taken_down"]


def test_one_that_has_not_begun_never_does(ours: Tenant) -> None:
    actor, later = a_member_of_staff(StaffRole.OPERATOR), clock.now() + timedelta(hours=1)
    banner = banners.put_up(actor=actor, text="soon", level=Banner.Level.INFO, since=later)
    assert banners.take_down(actor=actor, banner_id=banner.pk).is_over
    clock.advance(7200)
    assert "soon" not in overview(ours)


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.AUDITOR])
def test_only_operators_do_it(role: StaffRole) -> None:
    somebody = a_member_of_staff(role)
    with pytest.raises(Forbidden):
        banners.put_up(actor=somebody, text="x", level=Banner.Level.INFO)
    with pytest.raises(Forbidden):
        banners.take_down(actor=somebody, banner_id=1)
    assert put_up(signed_in(somebody)).status_code == 403
    assert not Banner.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "  "}, "This field is required"),
        ({"level": "shout"}, "not one of the available choices"),
        ({"until_0": "2001-01-01", "until_1": "00:00:00"}, "must end after it begins"),
    ],
)
def test_what_makes_no_sense_is_told(operator: Client, fields: dict[str, str], said: str) -> None:
    answer = put_up(operator, **fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Banner.objects.exists()


@pytest.mark.parametrize("number", ["7", "x", "-1", "9" * 30])
def test_one_that_is_not_there_is_not_taken_down(operator: Client, number: str) -> None:
    said = operator.post(ADDRESS, {"take_down": number}, follow=True).content.decode()
    assert ("There is no banner 7" in said) if number == "7" else ("is no banner" in said)


def test_taking_down_what_is_over_or_absent_is_told_by_the_service() -> None:
    actor = a_member_of_staff(StaffRole.OPERATOR)
    with pytest.raises(NotFound):
        banners.take_down(actor=actor, banner_id=7)
    banner = banners.put_up(actor=actor, text="x", level=Banner.Level.INFO, until=clock.now() + timedelta(minutes=1))
    clock.advance(60)
    with pytest.raises(Conflict):
        banners.take_down(actor=actor, banner_id=banner.pk)


def test_the_database_keeps_what_a_banner_is() -> None:
    actor, now = a_member_of_staff(StaffRole.OPERATOR), clock.now()
    with pytest.raises(IntegrityError, match="backward"), transaction.atomic():
        Banner.objects.create(text="x", level="info", starts_at=now, ends_at=now - timedelta(1), created_by=actor)
    with pytest.raises(IntegrityError, match="level"), transaction.atomic():
        Banner.objects.create(text="x", level="shout", starts_at=now, created_by=actor)
