"""An operator sees what a policy would have done with the jobs that were asked for, and only then saves it."""

import re
from typing import Any

import pytest
from django.test import Client

from era_platform.common.money import MICRO
from jobs.services import refit
from pricing.models import Forecast, Pool
from pricing.services.preview import Preview
from tests.factories import Tenant, a_user, signed_in
from tests.jobs.ways import reserved

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


def address(pool: Pool, what: str) -> str:
    return f"/admin/pricing/pool/{pool.pk}/{what}/"


def filled_in(operator: Client, pool: Pool, **fields: Any) -> dict[str, Any]:
    form = operator.get(address(pool, "change")).context["adminform"].form
    given = {name: form.initial[name] for name in form.fields} | fields
    return {name: value for name, value in given.items() if value is not False and value is not None}


def previewed(operator: Client, pool: Pool, **fields: Any) -> Any:
    return operator.post(address(pool, "preview"), filled_in(operator, pool, **fields))


def test_it_is_seen_what_the_last_days_would_have_been_and_nothing_changes(
    operator: Client, ours: Tenant, pool: Pool
) -> None:
    for _ in range(3):
        reserved(ours, pool)
    answer = previewed(operator, pool, floor_price=4 * MICRO, list_price=4 * MICRO, ceiling_price=4 * MICRO)
    shown: Preview = answer.context["preview"]
    assert (shown.now.requests, shown.now.accepted, shown.now.served_share) == (3, 3, 1.0)
    assert (shown.then.requests, shown.then.accepted, shown.then.revenue) == (3, 0, 0)
    assert shown.now.revenue > 0
    assert shown.lines[0].then == (4 * MICRO,) * 3
    assert Pool.objects.get().forecast_version == 1


def test_prices_shown_as_new_are_those_that_saving_gives(operator: Client, ours: Tenant, pool: Pool) -> None:
    for _ in range(3):
        reserved(ours, pool)
    refit.refit_all()
    changes = {"ceiling_price": 2 * pool.floor_price, "list_price": pool.floor_price}
    shown: Preview = previewed(operator, pool, **changes).context["preview"]
    assert max(line.then[-1] for line in shown.lines) <= 2 * pool.floor_price
    operator.post(address(pool, "change"), filled_in(operator, pool, **changes))
    again: Preview = previewed(operator, Pool.objects.get(pk=pool.pk)).context["preview"]
    assert [line.now for line in again.lines] == [line.then for line in shown.lines]
    assert again.changes == {}


def test_requests_of_a_size_no_longer_taken_are_counted(operator: Client, ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    reserved(ours, pool, units=1)
    shown: Preview = previewed(operator, pool, min_units=2).context["preview"]
    assert (shown.outside, shown.now.accepted, shown.then.accepted) == (1, 2, 1)


def test_save_on_the_preview_sends_the_form_on_as_it_was(operator: Client, pool: Pool) -> None:
    answer = previewed(operator, pool, max_units=3, uses_forecast=False)
    page = answer.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', page))
    fields.pop("csrfmiddlewaretoken", None)
    assert operator.post(address(pool, "change"), {**fields, "_save": "Save"}).status_code == 302
    pool.refresh_from_db()
    assert (pool.max_units, pool.uses_forecast) == (3, False)
    assert Forecast.objects.count() == 2


def test_a_pool_that_nobody_asked_is_previewed_by_its_prices_alone(operator: Client, pool: Pool) -> None:
    answer = previewed(operator, pool, list_price=pool.floor_price)
    assert "There were none." in answer.content.decode()


def test_what_makes_no_sense_is_told_in_the_form(operator: Client, pool: Pool) -> None:
    answer = previewed(operator, pool, ceiling_price=0)
    assert "floor ≤ list ≤ ceiling" in str(answer.context["adminform"].form.errors)
    assert f'action="{address(pool, "change")}"' in answer.content.decode()


def test_an_address_without_a_form_leads_to_it(operator: Client, pool: Pool) -> None:
    assert operator.get(address(pool, "preview")).headers["Location"] == address(pool, "change")


def test_tenants_see_no_preview(ours: Tenant, pool: Pool) -> None:
    assert ours.client("owner").post(address(pool, "preview"), {}).status_code == 302
