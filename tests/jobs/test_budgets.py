"""A month's limit of a project, or of a member, is hard: however many submit at once, and in PostgreSQL itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope, scopes_disabled

from accounts.models import AuditEvent, Hold, Membership, MonthlySpend, Project
from accounts.services import budgets, projects
from era_platform.common import clock
from era_platform.common.errors import BudgetExceeded, Conflict, InvalidInput
from jobs.models import Batch, Job
from jobs.services import budget_notices, refunds
from jobs.services.cancel import cancel
from jobs.services.submit import submit
from jobs.services.submit_batch import submit_batch
from notifications.models import Notice
from pricing.models import Pool
from tests.factories import Tenant, a_user
from tests.jobs.ways import asked, at_start, exited, running, together

pytestmark = pytest.mark.django_db
PRICE = 45_714
"""Of the first job of 2 units for 2 slots in an empty pool of 8; the next one is dearer."""


@pytest.fixture
def vision(ours: Tenant) -> Project:
    return a_project(ours, "vision", 100_000)


def a_project(tenant: Tenant, slug: str, limit: int | None) -> Project:
    return projects.create(
        actor=tenant.owner, organization=tenant.organization, slug=slug, name=slug.title(), monthly_limit=limit
    )


def bought(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    with scope(organization=tenant.organization):
        return submit(actor=tenant.member, organization=tenant.organization, request=asked(pool, **fields))


def limit_member(tenant: Tenant, limit: int | None) -> None:
    with scope(organization=tenant.organization):
        member = Membership.objects.select_related("organization", "user").get(user=tenant.member)
        projects.limit_member(actor=tenant.owner, membership=member, monthly_limit=limit)


def spent(of: Project | None, tenant: Tenant) -> int:
    with scopes_disabled():
        counters = MonthlySpend.objects.filter(organization=tenant.organization)
        found = counters.filter(project=of) if of else counters.filter(project=None, user=tenant.member)
        return sum(found.values_list("amount", flat=True))


def test_what_fits_is_bought_and_counted_for_the_project_and_for_whoever_buys(
    ours: Tenant, pool: Pool, vision: Project
) -> None:
    job = bought(ours, pool, project="vision")
    assert (job.project, job.price) == (vision, PRICE)
    assert spent(vision, ours) == spent(None, ours) == PRICE


def test_what_does_not_fit_is_refused_and_leaves_nothing(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", PRICE - 1)
    with pytest.raises(BudgetExceeded) as caught:
        bought(ours, pool, project="vision")
    assert (caught.value.status, caught.value.field) == (402, "project")
    assert caught.value.extra == {"limit": "0.045713", "spent": "0.00", "left": "0.045713"}
    assert "the project Vision" in caught.value.detail
    with scopes_disabled():
        assert not Job.objects.exists()
        assert not Hold.objects.exists()
    assert spent(vision, ours) == spent(None, ours) == 0
    assert bought(ours, pool).state == "reserved", "without a project it is nobody's budget"


@pytest.mark.parametrize(("limit", "fits"), [(PRICE, True), (PRICE - 1, False), (0, False)])
def test_the_limit_itself_can_be_spent_and_not_one_micro_credit_more(
    ours: Tenant, pool: Pool, limit: int, fits: bool
) -> None:
    a_project(ours, "vision", limit)
    if fits:
        assert bought(ours, pool, project="vision").state == "reserved"
    else:
        with pytest.raises(BudgetExceeded):
            bought(ours, pool, project="vision")


def test_a_members_own_limit_holds_whatever_the_project(ours: Tenant, pool: Pool, vision: Project) -> None:
    limit_member(ours, PRICE + 10)
    bought(ours, pool, project="vision")
    with pytest.raises(BudgetExceeded, match="your own limit"):
        bought(ours, pool)
    with scope(organization=ours.organization):
        assert submit(actor=ours.owner, organization=ours.organization, request=asked(pool)).state == "reserved"


def test_what_comes_back_can_be_spent_again(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", PRICE)
    job = bought(ours, pool, project="vision")
    with scope(organization=ours.organization):
        cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert spent(vision, ours) == spent(None, ours) == 0
    assert bought(ours, pool, project="vision").state == "reserved"


@pytest.mark.usefixtures("held_clock")
def test_so_can_unused_slots_and_what_an_operator_gives_back(ours: Tenant, pool: Pool, vision: Project) -> None:
    job = running(ours, pool, project="vision")
    at_start(job, 10)
    job = exited(job, 0)
    assert spent(vision, ours) == job.paid == 34_285
    refunds.refund(actor=a_user("operator@example.com", is_staff=True), job=job, amount=285, reason="slow")
    assert spent(vision, ours) == spent(None, ours) == 34_000


def test_each_month_has_its_own(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", PRICE)
    with clock.freeze(clock.now().replace(day=28, hour=23, minute=0)):
        now = clock.now()
        begins = (now + timedelta(days=5)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with clock.freeze(begins - timedelta(minutes=30)):
        here = bought(ours, pool, project="vision", deadline=begins - timedelta(minutes=5))
        there = bought(ours, pool, project="vision", earliest=begins, deadline=begins + timedelta(hours=1))
    assert here.state == there.state == "reserved"
    with scopes_disabled():
        months = MonthlySpend.objects.filter(project=vision).values_list("month", flat=True)
        assert set(months) == {budgets.month_of(begins - timedelta(days=1)), budgets.month_of(begins)}


def test_another_tenants_project_and_an_archived_one_can_not_be_named(
    ours: Tenant, theirs: Tenant, pool: Pool, vision: Project
) -> None:
    a_project(theirs, "secret", None)
    projects.archive(actor=ours.owner, project=vision, archived=True)
    for slug, said in (
        ("secret", "There is no project 'secret'"),
        ("nothing", "no project 'nothing'"),
        ("vision", "is archived"),
    ):
        with pytest.raises(InvalidInput, match=said) as caught:
            bought(ours, pool, project=slug)
        assert caught.value.field == "project"
    projects.archive(actor=ours.owner, project=vision, archived=False)
    assert bought(ours, pool, project="vision").state == "reserved"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_bought_than_the_limit_allows(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", 3 * PRICE)

    def buy() -> bool:
        try:
            return bought(ours, pool, units=1, project="vision").state == "reserved"
        except BudgetExceeded:
            return False

    outcomes = together(*[buy] * 10)
    with scopes_disabled():
        prices = Job.objects.values_list("price", flat=True)
        assert sum(filter(None, prices)) == spent(vision, ours) <= 3 * PRICE
        assert outcomes.count(True) == len(prices) < 10


def test_a_batch_is_bought_whole_within_the_limit_or_not_at_all(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", 2 * PRICE)
    for count, fits in ((5, False), (1, True)):
        requests = [asked(pool, project="vision")] * count
        with scope(organization=ours.organization):
            if fits:
                submit_batch(
                    actor=ours.member, organization=ours.organization, requests=requests, mode=Batch.Mode.ALL_OR_NOTHING
                )
            else:
                with pytest.raises(BudgetExceeded):
                    submit_batch(
                        actor=ours.member,
                        organization=ours.organization,
                        requests=requests,
                        mode=Batch.Mode.ALL_OR_NOTHING,
                    )
    assert spent(vision, ours) == PRICE


def test_the_best_of_a_batch_is_bought_as_far_as_the_limit_reaches(ours: Tenant, pool: Pool) -> None:
    vision = a_project(ours, "vision", PRICE + 1)
    requests = [asked(pool, project="vision"), asked(pool, project="vision"), asked(pool)]
    with scope(organization=ours.organization):
        batch = submit_batch(
            actor=ours.member, organization=ours.organization, requests=requests, mode=Batch.Mode.BEST_EFFORT
        )
        found = list(batch.jobs.order_by("batch_index").values_list("state", "reason", "project"))
    assert found == [("reserved", "", vision.pk), ("rejected", "budget_exceeded", vision.pk), ("reserved", "", None)]


def test_a_limit_that_is_lowered_stops_what_comes_next_and_takes_nothing_back(
    ours: Tenant, pool: Pool, vision: Project
) -> None:
    job = bought(ours, pool, project="vision")
    projects.change(actor=ours.owner, project=vision, name="Vision", monthly_limit=10)
    with pytest.raises(BudgetExceeded):
        bought(ours, pool, project="vision")
    with scope(organization=ours.organization):
        cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert spent(vision, ours) == 0


def test_a_job_from_before_there_were_counters_takes_nothing_below_zero(ours: Tenant, pool: Pool) -> None:
    job = bought(ours, pool)
    with scopes_disabled():
        MonthlySpend.objects.update(amount=1)
    with scope(organization=ours.organization):
        assert cancel(actor=ours.member, organization=ours.organization, job_id=job.pk).paid == 0
    assert spent(None, ours) == 0


def test_postgresql_itself_refuses(ours: Tenant, pool: Pool, vision: Project) -> None:
    bought(ours, pool, project="vision")
    another_month = (
        "INSERT INTO accounts_monthlyspend (organization_id, month, project_id, amount)"
        " SELECT organization_id, month + 1, project_id, 100001 FROM accounts_monthlyspend WHERE user_id IS NULL"
    )
    for statement in (
        "UPDATE accounts_monthlyspend SET amount = 100001 WHERE project_id IS NOT NULL",
        "UPDATE accounts_monthlyspend SET amount = -1",
        another_month,
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("limit", "told"), [(2 * PRICE + 1, []), (2 * PRICE, [50]), (57_143, [50]), (57_142, [80]), (PRICE, [100])]
)
def test_it_is_told_how_near_the_limit_is_once(ours: Tenant, pool: Pool, limit: int, told: list[int]) -> None:
    a_project(ours, "vision", limit)
    bought(ours, pool, project="vision")
    for _time in range(2):
        budget_notices.tell_budgets()
    with scopes_disabled():
        notices = [notice.detail for notice in Notice.objects.filter(kind="budget")]
    assert [notice["percent"] for notice in notices] == told
    for notice in notices:
        assert (notice["project"], notice["spent"]) == ("vision", "0.045714")


def test_the_same_short_name_twice_is_a_conflict(ours: Tenant, theirs: Tenant, vision: Project) -> None:
    with pytest.raises(Conflict, match="a project vision already"):
        a_project(ours, "vision", None)
    a_project(theirs, "vision", None)
    with pytest.raises(InvalidInput):
        a_project(ours, "other", -1)
    with scopes_disabled():
        assert AuditEvent.objects.filter(action="project.created").count() == 2


def test_whoever_chooses_a_project_sees_what_is_left_of_it(ours: Tenant, pool: Pool, vision: Project) -> None:
    a_project(ours, "maps", None)
    bought(ours, pool, project="vision")
    page = ours.client().get(ours.page("jobs/new/")).content.decode()
    assert "Vision (0.054286 left this month)</option>" in page
    assert "Maps</option>" in page
