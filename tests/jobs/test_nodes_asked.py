"""Asking for several nodes: the units must be split evenly, and what is asked is what the instance gets."""

from datetime import datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from era_platform.common.errors import InvalidInput
from jobs.services import instances
from jobs.services.receipts import verify
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import asked, decided, reserved

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_keeps_how_many_nodes_and_whether_a_network(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool, units=4, nodes=2, network=True)
    spec = instances.spec_of(job, 1)
    assert (spec.nodes, spec.network, spec.units) == (2, True, 4)


@pytest.mark.parametrize(
    ("nodes", "told"), [(3, "4 units can't be split evenly over 3 nodes"), (0, "0 is not between 1")]
)
def test_units_that_cannot_be_split_evenly_are_refused(ours: Tenant, pool: Pool, nodes: int, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        decided(ours, pool, units=4, nodes=nodes)
    assert refused.value.field == "nodes"


def test_what_a_request_says_is_as_it_was_where_neither_is_asked_for(pool: Pool) -> None:
    assert not {"nodes", "network"} & set(asked(pool).content)


def test_fewer_units_that_are_offered_instead_can_be_split_evenly_too(
    ours: Tenant, pool: Pool, held_clock: datetime
) -> None:
    soon = held_clock + timedelta(minutes=3)
    reserved(ours, pool, units=5, deadline=soon)
    refused = decided(ours, pool, units=4, nodes=2, deadline=soon)
    assert [one["units"] for one in refused.alternatives if one["kind"] == "units"] == [2]
    with scopes_disabled():
        assert verify(refused).equal
    reserved(ours, pool, units=2, nodes=2, deadline=soon)
