"""Maintenance windows and paused sales, as operators do them at the desk, and what tenants then see."""

from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import AuditEvent, StaffRole
from era_platform.common import clock
from jobs.models import Job
from pricing.models import Outage, Pool
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, signed_in
from tests.jobs.ways import reloaded, reserved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def operator() -> Client:
    return signed_in(a_member_of_staff(StaffRole.OPERATOR))


@pytest.fixture
def job(ours: Tenant, pool: Pool) -> Job:
    return reserved(ours, pool, name="Blue whale")


def ask(client: Client, pool: Pool, button: str, **fields: Any) -> Any:
    """A window over the next two slots, with all units of the pool."""
    since, until = (clock.slot_start(pool.slot_now() + ahead, pool.slot_seconds) for ahead in (1, 3))
    form = {"pool": pool.pk, "units": 8, "reason": "new firmware", "way": "rebook", button: "1"}
    for name, moment in (("since", since), ("until", until)):
        form |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
    return client.post("/admin/desk/maintenance/", form | fields)


def seen_in(answer: Any) -> str:
    return str(answer.context["preview"].seen)


def test_a_preview_changes_nothing_and_names_who_is_concerned(operator: Client, job: Job) -> None:
    page = ask(operator, job.pool, "preview").content.decode()
    assert "1 reservation is in the way" in page
    assert "Blue whale" in page
    assert (Outage.objects.count(), reloaded(job).moved_to) == (0, None)


def test_one_click_rebooks_as_it_was_shown(operator: Client, ours: Tenant, job: Job) -> None:
    seen = seen_in(ask(operator, job.pool, "preview"))
    assert ask(operator, job.pool, "take", seen=seen).status_code == 302
    assert (Outage.objects.get().units, reloaded(job).moved_to) == (8, (job.start_slot or 0) + 2)
    page = signed_in(ours.member).get(f"/o/ours/jobs/{job.pk}/").content.decode()
    assert "moved within its window" in page
    assert "Moved for maintenance: new firmware" in page


def test_or_refunds(operator: Client, job: Job) -> None:
    seen = seen_in(ask(operator, job.pool, "preview", way="refund"))
    assert ask(operator, job.pool, "take", seen=seen, way="refund").status_code == 302
    assert (reloaded(job).state, reloaded(job).paid) == ("failed", 0)


def test_without_a_look_or_after_a_change_the_preview_comes_again(operator: Client, job: Job) -> None:
    answer = ask(operator, job.pool, "take", seen="")
    assert answer.status_code == 400
    assert "changed since you looked" in answer.content.decode()
    assert f'value="{seen_in(answer)}"' in answer.content.decode(), "the next click is for what is shown now"
    assert ask(operator, job.pool, "take", seen=seen_in(answer)).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"units": "0"}, "greater than or equal to 1"),
        ({"until_0": "2001-01-01"}, "must end after it begins"),
        ({"since_0": "2001-01-01"}, "begin in the past"),
        ({"reason": ""}, "This field is required"),
        ({"way": "77777"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(operator: Client, job: Job, fields: Any, said: str) -> None:
    answer = ask(operator, job.pool, "preview", **fields)
    assert (answer.status_code, answer.context["preview"]) == (400, None)
    assert said in answer.content.decode()


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.AUDITOR])
def test_who_only_reads_neither_previews_nor_takes(job: Job, role: StaffRole) -> None:
    client = signed_in(a_member_of_staff(role))
    assert ask(client, job.pool, "take").status_code == 403
    assert "Preview" not in client.get("/admin/desk/maintenance/").content.decode()
    assert client.post("/admin/desk/pause/", {"pool": job.pool_id, "act": "pause", "reason": "x"}).status_code == 403
    assert (Outage.objects.count(), Pool.objects.get(pk=job.pool_id).is_open) == (0, True)


def sales(client: Client, pool: Pool, **fields: str) -> list[str]:
    answer = client.post("/admin/desk/pause/", {"pool": pool.pk, **fields}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_a_paused_pool_sells_nothing_and_says_why(operator: Client, ours: Tenant, job: Job) -> None:
    pool, client = job.pool, signed_in(ours.member)
    assert "sells nothing" in sales(operator, pool, act="pause", reason="The power is unsteady")[0]
    for page in ("pools/", f"pools/{pool.slug}/"):
        assert "The power is unsteady" in client.get(f"/o/ours/{page}").content.decode()
    ask = {"pool": pool.slug, "units": 1, "duration": 60, "deadline": "2100-01-01T00:00:00Z", "value": "1"}
    refused = ours.api().post("/api/v1/quotes", ask, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "pool_closed")
    assert "The power is unsteady" in refused.json()["detail"]
    assert reloaded(job).state == "reserved"
    sales(operator, pool, act="resume")
    assert ours.api().post("/api/v1/quotes", ask, content_type="application/json").status_code == 200
    with scopes_disabled():
        acts = AuditEvent.objects.filter(target=pool.slug).order_by("id").values_list("action", "detail__reason")
        assert list(acts)[-2:] == [("pool.paused", "The power is unsteady"), ("pool.resumed", "")]


@pytest.mark.parametrize("fields", [{"act": "pause", "reason": "  "}, {"act": "pause"}, {"act": "stop"}])
def test_pausing_needs_a_reason(operator: Client, pool: Pool, fields: dict[str, str]) -> None:
    assert sales(operator, pool, **fields)
    assert Pool.objects.get(pk=pool.pk).is_open


def test_pausing_or_resuming_twice_is_on_record_once(operator: Client, pool: Pool) -> None:
    for _time in range(2):
        sales(operator, pool, act="pause", reason="x")
    with scopes_disabled():
        assert AuditEvent.objects.filter(action="pool.paused").count() == 1
