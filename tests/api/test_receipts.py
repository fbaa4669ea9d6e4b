"""GET jobs/{id}/receipt: it verifies, and whoever holds it can do the sum by hand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from era_platform.common import clock
from era_platform.common.money import parse_credits
from pricing.kernel import Offer, reference
from pricing.models import Pool
from tests.api.conftest import MakeBody
from tests.factories import Tenant
from tests.jobs.ways import unguarded

pytestmark = pytest.mark.django_db

Receipt = dict[str, Any]


def bought(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    answer = tenant.api().post("/api/v1/jobs", body, "application/json")
    assert answer.status_code == 201, answer.content
    job: dict[str, Any] = answer.json()
    return job


def receipt_of(tenant: Tenant, job: dict[str, Any]) -> Receipt:
    answer = tenant.api("viewer").get(f"/api/v1/jobs/{job['id']}/receipt")
    assert answer.status_code == 200, answer.content
    receipt: Receipt = answer.json()
    return receipt


def in_hours(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


def by_hand(receipt: Receipt) -> Offer | None:
    """The decision from nothing but the receipt, by the kernel's specification."""
    basis, step = receipt["basis"], receipt["terms"]["slot_seconds"]
    curves = [[(parse_credits(each["price"]), each["units"]) for each in curve] for curve in basis["curves"]]
    slots = {}
    for part in basis["window"]:
        first = round(datetime.fromisoformat(part["start"]).timestamp()) // step
        for slot in range(first, first + part["slots"]):
            slots[slot] = reference.Slot(part["capacity"], part["promised"], curves[part["curve"]])
    length = -(-receipt["request"]["duration"] // step)
    floor = parse_credits(basis["floor_price"])
    return reference.decide(slots, floor, receipt["request"]["units"], length, min(slots), max(slots) + 1)


def test_a_receipt_is_enough_to_compute_price_and_start_by_hand(
    ours: Tenant, theirs: Tenant, pool: Pool, a_body: MakeBody
) -> None:
    for units in (5, 2, 3):
        bought(theirs, a_body(units=units, duration=1200, value="50"))
    job = bought(ours, a_body(units=3, duration=3000, value="50", deadline=in_hours(1.4)))
    receipt = receipt_of(ours, job)
    offer = by_hand(receipt)
    assert offer is not None
    assert offer.total == parse_credits(receipt["price"]) == parse_credits(job["price"])
    assert offer.start * 60 == round(datetime.fromisoformat(receipt["start"]).timestamp())
    assert receipt["verification"] | {"recomputed_at": ""} == {
        "equal": True,
        "fault": "",
        "differences": [],
        "recomputed_at": "",
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"value": "0"}, "price_above_value"),
        ({"units": 9}, "too_many_units"),
        ({"duration": 7200}, "window_too_short"),
        ({"earliest_in": 48, "deadline_in": 49}, "beyond_horizon"),
    ],
)
def test_a_refusal_has_a_receipt_too(
    ours: Tenant, pool: Pool, a_body: MakeBody, fields: dict[str, Any], reason: str
) -> None:
    moments = {name[:-3]: in_hours(fields[name]) for name in fields if name.endswith("_in")}
    body = a_body(**{name: value for name, value in fields.items() if not name.endswith("_in")} | moments)
    job = bought(ours, body)
    receipt = receipt_of(ours, job)
    assert (receipt["accepted"], receipt["reason"], receipt["verification"]["equal"]) == (False, reason, True)
    assert receipt["alternatives"] == job["alternatives"]


def test_the_receipt_of_a_flexible_request_names_all_configurations_and_verifies(
    ours: Tenant, pool: Pool, a_body: MakeBody
) -> None:
    body = a_body(units=[8, 4, 2], duration=[600, 1200, 2400], value=["0.01", "9", "5"])
    receipt = receipt_of(ours, bought(ours, body))
    assert len(receipt["request"]["configurations"]) == 3
    assert receipt["request"]["units"] == 4
    assert receipt["verification"]["equal"]


def test_what_was_tampered_with_is_told_with_both_values(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    job = bought(ours, a_body())
    unguarded("jobs_job", "UPDATE jobs_job SET price = 1 WHERE id = %s", UUID(job["id"]))
    verification = receipt_of(ours, job)["verification"]
    expected = {"field": "price", "recorded": "0.000001", "recomputed": job["price"]}
    assert (verification["equal"], verification["differences"]) == (False, [expected])


def test_what_can_not_be_recomputed_has_no_basis_and_says_why(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    job = bought(ours, a_body())
    unguarded("jobs_job", "UPDATE jobs_job SET kernel_version = 'basic-econ/0' WHERE id = %s", UUID(job["id"]))
    receipt = receipt_of(ours, job)
    assert receipt["basis"] is None
    assert "basic-econ/0" in receipt["verification"]["fault"]


def test_others_stand_in_it_only_as_sums(ours: Tenant, theirs: Tenant, pool: Pool, a_body: MakeBody) -> None:
    theirs_job = bought(theirs, a_body(name="their secret", units=5, value="50"))
    answer = ours.api().get(f"/api/v1/jobs/{bought(ours, a_body())['id']}/receipt").content.decode()
    assert not [word for word in ("secret", theirs_job["id"], "theirs.example.com") if word in answer]
    assert '"promised":5' in answer
