"""The operators' page for refunds: a preview changes nothing, a change is a version, what makes no sense is named."""

from typing import Any

import pytest
from django.test import Client

from pricing.models import Pool, RefundPolicy
from pricing.refund_words import sentences
from pricing.refunds import BEFORE_POLICIES, Notice, Policy
from tests.factories import a_pool, a_user, signed_in

pytestmark = pytest.mark.django_db
FORM = {
    "notice": "86400 100\n3600 50\n",
    "unused_percent": 40,
    "loss_credit_percent": 10,
    "late_grace_seconds": 60,
    "late_percent": 1,
    "late_most_percent": 50,
}


@pytest.fixture
def pool() -> Pool:
    return a_pool("gpu")


@pytest.fixture
def operator() -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


def address(pool: Pool) -> str:
    return f"/admin/pricing/pool/{pool.pk}/refunds/"


def test_a_preview_says_what_would_hold_and_changes_nothing(operator: Client, pool: Pool) -> None:
    page = operator.post(address(pool), {**FORM, "preview": "Preview"}).content.decode()
    assert "Cancelled at least 1 day before its start: 100 % of the price comes back." in page
    assert "Cancelled with less notice: nothing comes back." in page
    assert RefundPolicy.objects.count() == 1


def test_a_change_is_a_new_version(operator: Client, pool: Pool) -> None:
    page = operator.post(address(pool), FORM, follow=True).content.decode()
    assert "Version 2 holds for what is sold from now on." in page
    pool.refresh_from_db()
    assert pool.refund_policy
    assert pool.refund_policy.policy == Policy(notice=(Notice(86_400, 100), Notice(3_600, 50)), unused_percent=40)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"notice": "3600 50\n86400 100"}, "86400 s comes after 3600 s"),
        ({"notice": "soon 50"}, "“soon 50” is not seconds and percent"),
        ({"notice": "99999999999 50"}, "is not seconds and percent"),
        ({"unused_percent": 101}, "less than or equal to 100"),
        ({"late_grace_seconds": 100_000}, "100000 seconds are no grace"),
    ],
)
def test_what_makes_no_sense_is_named_and_nothing_changes(
    operator: Client, pool: Pool, fields: dict[str, Any], told: str
) -> None:
    assert told in operator.post(address(pool), {**FORM, **fields}).content.decode()
    assert RefundPolicy.objects.count() == 1


def test_nothing_that_is_not_a_pool_has_one(operator: Client, pool: Pool) -> None:
    assert operator.get(f"/admin/pricing/pool/{pool.pk + 1}/refunds/").status_code == 302


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        (Policy(), "Cancelled before its start: 100 % of the price comes back."),
        (Policy(notice=()), "Cancelled before its start: nothing comes back."),
        (Policy(notice=(Notice(5_400, 80),)), "Cancelled at least 90 minutes before its start: 80 %"),
        (Policy(notice=(Notice(45, 80),)), "Cancelled at least 45 seconds before its start: 80 %"),
    ],
)
def test_a_policy_is_said_in_words(policy: Policy, first: str) -> None:
    assert sentences(policy)[0].startswith(first)


def test_what_was_sold_before_is_said_as_it_was() -> None:
    assert sentences(BEFORE_POLICIES)[1:] == [
        "Ended early: all of its slots are paid.",
        "Failed by the platform: all comes back, and 10 % on top where its machine was lost.",
        "Started more than 1 minute late: the slots it missed come back.",
    ]
