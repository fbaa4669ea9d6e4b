"""Generated data: as much as was asked for, of every kind, and the reconciler finds nothing wrong with it."""

import pytest
from django.db.models import Sum
from django_scopes import scopes_disabled

from accounts.models import LedgerAccount, MonthlySpend, Transfer
from desk.demo_data import making, people
from desk.models import NodeDay
from desk.services import roll_hours
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from jobs.models import Attempt, Job, Placement, Sample
from pricing.models import Pool

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_adds_up_and_has_jobs_in_every_state() -> None:
    made = making.make(jobs=400, seed=1)
    assert making.differences() == []
    with scopes_disabled():
        assert made == Transfer.objects.count()
        assert made in (3_999, 4_000)
        assert Job.objects.count() == 400
        states = set(Job.objects.values_list("state", flat=True))
        assert states == {"rejected", "reserved", "running", "succeeded", "failed", "timed_out", "cancelled"}
        assert LedgerAccount.objects.aggregate(sum=Sum("balance"))["sum"] == 0
        spent = MonthlySpend.objects.filter(project=None).aggregate(sum=Sum("amount"))["sum"]
        refunded = Transfer.objects.filter(kind="refund").aggregate(sum=Sum("amount"))["sum"] or 0
        jobs = Job.objects.aggregate(paid=Sum("paid"))["paid"]
        due = Job.objects.filter(settled_at=None).aggregate(price=Sum("price"))["price"]
        assert spent == jobs + due - refunded


def test_jobs_ran_on_nodes_and_those_of_the_last_days_were_sampled_there() -> None:
    making.make(jobs=400, seed=1)
    with scopes_disabled():
        assert Attempt.objects.count() == Placement.objects.count() > 200
        assert Placement.objects.values("node").distinct().count() == people.POOLS * people.NODES
        sampled = Sample.objects.values_list("job__pool__slug", "node").distinct()
        assert all(node.startswith(f"{pool}-node-") for pool, node in sampled)
        roll_hours.roll_hours(Pool.objects.get(slug="sample-pool-2"), clock.now() + roll_hours.HOUR)
        used = NodeDay.objects.filter(pool__slug="sample-pool-2")
        assert used, "those that run were sampled in this hour, or the one before"
        assert all(0 <= share <= 1 for day in used for share in (day.cpu, day.memory, day.gpu or 0))


@pytest.mark.usefixtures("ours")
def test_a_database_with_a_real_organization_is_left_alone() -> None:
    with pytest.raises(Conflict, match="has a real organization"):
        making.make(jobs=200, seed=1)
    making.make(jobs=200, seed=1, beside_real=True)
    with pytest.raises(Conflict, match="already"):
        making.make(jobs=200, seed=1, beside_real=True)


@pytest.mark.parametrize("size", ["", "huge", "0", "-5", "199", "5000001", "1e6", "99999999999"])
def test_a_size_that_is_none(size: str) -> None:
    with pytest.raises(InvalidInput, match="is no size"):
        making.jobs_of(size)
