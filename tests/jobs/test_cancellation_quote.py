"""What cancelling would bring back is told before: by the API, and in the dialog."""

import pytest
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoAssertNumQueries

from era_platform.common import clock
from jobs.engines.base import EndReason, Phase
from jobs.models import Job
from jobs.selectors import settlements
from jobs.services.cancel import cancel
from jobs.views import words
from pricing.refunds import Notice, Policy
from tests.factories import Tenant, a_pool, a_token, signed_in, with_token
from tests.jobs.ways import at_start, exited, reserved, running, seen, starting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


def test_before_the_start_it_goes_by_the_notice(ours: Tenant) -> None:
    job = reserved(ours, a_pool(refunds=Policy(notice=(Notice(3600, 100), Notice(0, 50)))))
    said = with_token(a_token(ours.member, ours.organization)).get(f"/api/v1/jobs/{job.pk}/cancellation-quote").json()
    assert (said["price"], said["paid"], said["back"]) == ("0.045714", "0.022857", "0.022857")
    with scope(organization=ours.organization):
        assert words.cancellation(job) == (
            "It has not started: 0.022857 credits come back to the wallet, 0.022857 are paid."
        )


def test_after_it_by_what_is_left_unused(ours: Tenant) -> None:
    job = running(ours, a_pool())
    at_start(job, 10)
    said = with_token(a_token(ours.member, ours.organization)).get(f"/api/v1/jobs/{job.pk}/cancellation-quote").json()
    assert (said["paid"], said["back"], said["credit"]) == ("0.034285", "0.011429", "0.00")
    page = signed_in(ours.member).get(f"/o/ours/jobs/{job.pk}/").content.decode()
    assert "0.011429 credits come back to the wallet, 0.034285 are paid" in page


def test_a_job_that_waits_for_its_start_is_told_what_it_gets_for_being_late(ours: Tenant) -> None:
    job = starting(ours, a_pool())
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(staged_at=job.submitted_at)
    at_start(job, 90)
    with scope(organization=ours.organization):
        job.refresh_from_db()
        said, told = settlements.if_cancelled(job, clock.now()), words.cancellation(job)
        cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    done = seen(job, Phase.LOST)
    assert (said.paid, said.credit) == (done.paid, done.credit) == (22_857, 915)
    assert told.endswith("For its late start 0.000915 more are given as a credit.")


def test_a_list_of_pools_reads_their_policies_with_them(
    ours: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    token = with_token(a_token(ours.member, ours.organization))
    for _ in range(3):
        a_pool()
    with django_assert_max_num_queries(3):
        assert len(token.get("/api/v1/pools").json()["results"]) == 3


def test_when_it_is_over_there_is_nothing_to_cancel(ours: Tenant) -> None:
    job = running(ours, a_pool())
    at_start(job, 120)
    exited(job, 143, reason=EndReason.DEADLINE)
    answer = with_token(a_token(ours.member, ours.organization)).get(f"/api/v1/jobs/{job.pk}/cancellation-quote")
    assert (answer.status_code, answer.json()["state"]) == (409, "timed_out")


def test_what_was_agreed_is_shown_wherever_it_matters(ours: Tenant) -> None:
    pool = a_pool("gpu", refunds=Policy(unused_percent=37))
    job = reserved(ours, pool)
    client, token = signed_in(ours.member), with_token(a_token(ours.member, ours.organization))
    told = "37 % of the price of the slots that it leaves unused comes back"
    assert told in client.get("/o/ours/pools/gpu/").content.decode()
    assert told in client.get(f"/o/ours/jobs/{job.pk}/").content.decode()
    asked = {"units": "1", "duration_amount": "1", "duration_unit": "minutes", "deadline": "2100-01-01T00:00"}
    assert told in client.get("/o/ours/pools/gpu/quote/", asked).json()["html"]
    assert told in client.get("/o/ours/jobs/sweep/").content.decode()
    assert token.get("/api/v1/pools/gpu").json()["refund_policy"]["unused_percent"] == 37
    body = {"pool": "gpu", "units": 1, "duration": 60, "deadline": "2100-01-01T00:00:00Z"}
    assert token.post("/api/v1/quotes", body, "application/json").json()["refund_policy"]["unused_percent"] == 37
    assert token.get(f"/api/v1/jobs/{job.pk}/receipt").json()["refund_policy"]["version"] == 1
