"""Money given back at the desk: by whom, how much, and what is then on record; and the hunt for one job by anything."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from accounts.models import ApiToken, AuditEvent, StaffRole, Transfer
from desk.selectors.hunt import hunt
from jobs.engines.base import Instance, Phase
from jobs.models import Attempt, Batch, Job
from jobs.services import placements
from jobs.services.submit_batch import submit_batch
from pricing.models import Pool
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, a_token, signed_in
from tests.jobs.ways import asked, at_start, balance, exited, reserved, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def job(ours: Tenant, pool: Pool) -> Job:
    """One that paid 0.045714 credits."""
    job = running(ours, pool, name="Blue whale")
    at_start(job, 70)
    return exited(job, 0)


def give(client: Client, job: Job, **fields: str) -> Any:
    form = {"key": str(uuid4()), "act": "refund", "amount": "0.01", "reason": "slow", **fields}
    return client.post(f"/admin/desk/jobs/{job.pk}/", form)


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.OPERATOR])
@pytest.mark.parametrize(("act", "kind"), [("refund", "refund"), ("credit", "credit")])
def test_support_and_operators_give_with_a_reason(job: Job, role: StaffRole, act: str, kind: str) -> None:
    before, giver = balance(job.organization), a_member_of_staff(role)
    assert give(signed_in(giver), job, act=act).status_code == 302
    assert balance(job.organization) == before + 10_000
    with scopes_disabled():
        moved = Transfer.objects.get(kind=kind)
        assert (moved.actor, moved.amount) == (giver, 10_000)
        acts = AuditEvent.objects.filter(actor=giver).exclude(action="user.created").order_by("id")
        given = "job.refunded" if act == "refund" else "wallet.credited"
        assert [each.action for each in acts] == ["admin.desk_job", given]


def test_an_auditor_sees_no_form_and_gives_nothing(job: Job) -> None:
    before, client = balance(job.organization), signed_in(a_member_of_staff(StaffRole.AUDITOR))
    assert "Give money back" not in client.get(f"/admin/desk/jobs/{job.pk}/").content.decode()
    assert give(client, job).status_code == 403
    assert balance(job.organization) == before


def test_support_gives_up_to_its_limit_and_an_operator_beyond(job: Job, settings: Settings) -> None:
    settings.ERA_SUPPORT_REFUND_LIMIT = "0.02"
    support, operator = (signed_in(a_member_of_staff(role)) for role in (StaffRole.SUPPORT, StaffRole.OPERATOR))
    assert give(support, job, amount="0.02").status_code == 302
    refused = give(support, job, amount="0.020001")
    assert refused.status_code == 400
    assert "at most 0.02 credits in one go, not 0.020001: ask an operator" in refused.content.decode()
    assert give(operator, job, amount="0.020001").status_code == 302


def test_a_credit_beyond_what_an_operator_gives_alone_is_a_top_up_instead(job: Job, settings: Settings) -> None:
    settings.ERA_TOP_UP_APPROVAL_ABOVE = "5"
    operator = signed_in(a_member_of_staff(StaffRole.OPERATOR))
    assert give(operator, job, act="credit", amount="4").status_code == 302
    refused = give(operator, job, act="credit", amount="1.01")
    assert "1.00 are left, not 1.01: ask for a top-up" in refused.content.decode()
    assert give(operator, job, act="credit", amount="1").status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "0.045715"}, "more than the 0.045714 that are left"),
        ({"amount": "0"}, "must be more than 0"),
        ({"amount": "-1"}, "must be more than 0"),
        ({"amount": "much"}, "“much” is not an amount"),
        ({"reason": "  "}, "This field is required"),
        ({"act": "steal"}, "not one of the available choices"),
    ],
)
def test_what_can_not_be_given_is_said_and_nothing_moves(job: Job, fields: dict[str, str], said: str) -> None:
    before = balance(job.organization)
    answer = give(signed_in(a_member_of_staff(StaffRole.OPERATOR)), job, **fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert balance(job.organization) == before


def test_what_is_sent_twice_is_given_once(job: Job) -> None:
    before, client, key = balance(job.organization), signed_in(a_member_of_staff(StaffRole.OPERATOR)), str(uuid4())
    assert give(client, job, key=key).status_code == give(client, job, key=key).status_code == 302
    assert balance(job.organization) == before + 10_000
    again = give(client, job, key=key, amount="0.02")
    assert (again.status_code, balance(job.organization)) == (400, before + 10_000)


def test_a_job_that_is_not_there_is_not_found() -> None:
    client = signed_in(a_member_of_staff(StaffRole.OPERATOR))
    assert client.get("/admin/desk/jobs/00000000-0000-0000-0000-000000000000/").status_code == 404


@pytest.fixture
def others(ours: Tenant, theirs: Tenant, pool: Pool) -> list[Job]:
    return [reserved(ours, pool), reserved(theirs, pool, name="Red fox")]


def test_a_job_is_found_by_its_id_and_by_the_beginning_of_it(job: Job, others: list[Job]) -> None:
    text = str(job.pk)
    with scopes_disabled():
        for part in (text, text.upper(), text[:8], text[:13], text.replace("-", ""), f"  {text}\n"):
            assert [found.pk for found in hunt(part)] == [job.pk], part


def test_by_its_instance(job: Job, others: list[Job]) -> None:
    with scopes_disabled():
        instance = Attempt.objects.get(job=job).instance
        assert [found.pk for found in hunt(instance)] == [job.pk]
        assert [found.pk for found in hunt(f"{instance}.1.x7m2")] == [job.pk], "as a task of a service is called"


def test_by_its_container_when_docker_has_long_removed_it(job: Job, ours: Tenant, pool: Pool) -> None:
    other = running(ours, pool)
    first, second = f"4c0ffee4c0ff{'a' * 52}", f"4c0ffee4c0fe{'b' * 52}"
    with scopes_disabled():
        for each, container in ((job, first), (job, second), (other, f"c0ffee4c0ff4{'c' * 52}")):
            placements.note_containers([(Attempt.objects.get(job=each), container)])
        for shown in (first, second, first[:12], "4C0FFEE4C0FF", "4c0ffee4c0f"):
            assert [found.pk for found in hunt(shown)] == ([job.pk] if len(shown) > 11 else []), shown
        assert hunt("c0ffee4c0ff5") == []


def test_by_a_node_it_ran_on_the_latest_first_whatever_the_names_length(job: Job, ours: Tenant, pool: Pool) -> None:
    latest = running(ours, pool)
    with scopes_disabled():
        for each, nodes in ((job, ("n1", "n2")), (latest, ("n1",))):
            attempt = Attempt.objects.get(job=each)
            placements.note(attempt, Instance(attempt.instance, Phase.RUNNING, nodes=nodes))
        assert [found.pk for found in hunt("n1")] == [latest.pk, job.pk]
        assert [found.pk for found in hunt("n2")] == [job.pk]
        assert hunt("n3") == []
    page = signed_in(a_member_of_staff(StaffRole.AUDITOR)).get(f"/admin/desk/jobs/{job.pk}/").content.decode()
    assert 'href="/admin/desk/jobs/?q=n2">n2</a>' in page


def test_by_a_token_a_mail_an_organization_and_a_name(
    job: Job, others: list[Job], ours: Tenant, theirs: Tenant
) -> None:
    a_token(theirs.member, theirs.organization)
    with scopes_disabled():
        prefix = ApiToken.objects.get().prefix
        assert [found.pk for found in hunt(prefix + "abcdef")] == [others[1].pk]
        assert {found.pk for found in hunt(ours.member.email)} == {job.pk, others[0].pk}
        assert [found.pk for found in hunt("theirs")] == [others[1].pk]
        assert [found.pk for found in hunt("blue WHALE")] == [job.pk]


def test_by_its_batch(ours: Tenant, pool: Pool, others: list[Job]) -> None:
    with scope(organization=ours.organization):
        batch = submit_batch(
            actor=ours.member, organization=ours.organization, requests=[asked(pool)] * 3, mode=Batch.Mode.BEST_EFFORT
        )
    with scopes_disabled():
        assert {found.batch_id for found in hunt(str(batch.pk))} == {batch.pk}


@pytest.mark.parametrize("text", ["", "abc", "\0\0\0\0", "%%%%", "____", "no such thing", "x" * 500, "nobody@nowhere"])
def test_what_means_nothing_finds_nothing(job: Job, text: str) -> None:
    with scopes_disabled():
        assert hunt(text) == []


def test_the_page_asks_no_more_the_more_it_finds(ours: Tenant, pool: Pool, django_assert_max_num_queries: Any) -> None:
    found = [reserved(ours, pool, units=1) for _number in range(4)]
    client = signed_in(a_member_of_staff(StaffRole.AUDITOR))
    with django_assert_max_num_queries(10):
        page = client.get("/admin/desk/jobs/?q=train").content.decode()
    assert page.count('href="/admin/desk/jobs/') == 4
    assert all(f'href="/admin/desk/jobs/{job.pk}/"' in page for job in found)
