"""Payments from Stripe's webhooks to the wallet: each event once, in any order, and never more than there is."""

import itertools
import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled
from pytest_django import Settings

from accounts.models import AuditEvent
from accounts.services import wallets
from billing.models import Payment, PaymentEvent
from billing.services import payments
from era_platform.common.money import MICRO
from tests.accounts.test_ledger_concurrency import at_once
from tests.billing.paying import (
    SECRET,
    a_payment,
    available,
    books_balance,
    disputed,
    intent_of,
    left,
    lines,
    now,
    post,
    refunded,
    send,
    session,
    signature,
    spend,
)
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.django_db
State = Payment.State


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_only_for_tests", SECRET


def test_a_payment_is_credits_in_the_wallet_and_a_line_on_the_statement(ours: Tenant, theirs: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment))
    assert (available(ours), available(theirs)) == (150, 100)
    assert lines(payment) == [("top_up", 50, "Payment …: 50.00 EUR")]
    paid = now(payment)
    assert (paid.state, paid.intent_id, paid.credited, paid.owed) == (State.PAID, intent_of(payment), 50 * MICRO, 0)
    assert paid.paid_at


def test_a_way_of_paying_that_takes_days_adds_nothing_until_it_has_succeeded(ours: Tenant) -> None:
    slow, failing = a_payment(ours), a_payment(ours)
    send(session(slow, payment_status="unpaid"), session(failing, payment_status="unpaid"))
    assert (available(ours), now(slow).state) == (100, State.OPEN)
    send(session(slow, "async_payment_succeeded"), session(failing, "async_payment_failed"))
    assert (available(ours), now(slow).state, now(failing).state) == (150, State.PAID, State.FAILED)


def test_a_session_that_expired_adds_nothing(ours: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment, "expired"))
    assert (available(ours), now(payment).state) == (100, State.EXPIRED)


def test_of_refunds_only_the_difference_is_taken(ours: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment), refunded(payment, 1000), refunded(payment, 2500))
    assert available(ours) == 125
    send(refunded(payment, 5000))
    assert lines(payment)[1:] == [("withdrawal", each, "Refund of payment …") for each in (10, 15, 25)]


@pytest.mark.parametrize(
    ("end", "stays"), [("won", 150), ("lost", 100), ("warning_closed", 150), ("prevented", 150), (None, 100)]
)
def test_what_is_disputed_is_taken_at_once_and_given_back_when_it_is_won(
    ours: Tenant, end: str | None, stays: int
) -> None:
    payment = a_payment(ours)
    send(session(payment), disputed(payment, "created", "needs_response"))
    assert available(ours) == 100
    if end:
        send(disputed(payment, "closed", end))
    assert available(ours) == stays
    if end == "won":
        assert lines(payment)[-1] == ("top_up", 50, "Dispute of payment …: given back")


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(ours: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment), disputed(payment, "created", "warning_needs_response"))
    assert available(ours) == 150
    send(disputed(payment, "updated", "needs_response"))
    assert available(ours) == 100


def stories(payment: Payment) -> list[list[dict[str, Any]]]:
    """Each with what it comes to, in credits, as the last one."""
    first, second = refunded(payment, 1000), refunded(payment, 2500)
    opened = disputed(payment, "created", "needs_response", 2500)
    won, lost = (disputed(payment, "closed", each, 2500) for each in ("won", "lost"))
    pending, succeeded = session(payment, payment_status="unpaid"), session(payment, "async_payment_succeeded")
    return [
        [session(payment), first, second, {"stays": 25}],
        [session(payment), opened, won, {"stays": 50}],
        [session(payment), first, opened, lost, {"stays": 15}],
        [session(payment), second, opened, won, {"stays": 25}],
        [pending, succeeded, second, opened, {"stays": 0}],
        [session(payment), first, second, opened, won, {"stays": 25}],
    ]


@pytest.mark.parametrize("number", range(6))
def test_every_order_comes_to_the_same_and_so_does_everything_again(ours: Tenant, number: int) -> None:
    payment = a_payment(ours)
    *events, end = stories(payment)[number]
    for order in itertools.permutations(events):
        before = transaction.savepoint()
        for event in order:
            send(event)
        assert available(ours) == 100 + end["stays"], [event["type"] for event in order]
        moved = len(lines(payment))
        for event in reversed(order):
            send(event)
        assert len(lines(payment)) == moved
        assert books_balance()
        assert {left(event) for event in order} == {""}
        transaction.savepoint_rollback(before)


def test_what_comes_before_its_payment_waits_for_it(ours: Tenant) -> None:
    payment = a_payment(ours)
    refund, dispute = refunded(payment, 1000), disputed(payment, "closed", "lost", 500)
    send(refund, dispute)
    assert "no payment" in left(refund)
    assert available(ours) == 100
    send(session(payment))
    assert (left(refund), left(dispute), available(ours)) == ("", "", 135)
    assert [memo for _kind, _credits, memo in lines(payment)] == [
        "Payment …: 50.00 EUR",
        "Refund of payment …",
        "Dispute of payment …",
    ]


def test_where_less_is_there_the_rest_is_owed_and_taken_from_what_comes_next(ours: Tenant, theirs: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment))
    spend(ours.organization, 130)
    send(refunded(payment, 5000))
    assert (available(ours), now(payment).owed) == (0, 30 * MICRO)
    wallets.top_up(actor=None, organization=theirs.organization, amount=MICRO)
    wallets.top_up(actor=None, organization=ours.organization, amount=10 * MICRO)
    assert (available(ours), now(payment).owed) == (0, 20 * MICRO)
    send(session(a_payment(ours, credits=25)))
    assert (available(ours), available(theirs), now(payment).owed) == (5, 101, 0)
    assert [credits for kind, credits, _memo in lines(payment) if kind == "withdrawal"] == [20, 10, 20]


def test_the_wallet_says_what_is_owed_and_nothing_where_nothing_is(ours: Tenant, theirs: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment))
    spend(ours.organization, 130)
    assert "still owed" not in ours.client().get(ours.page("wallet/")).content.decode()
    send(refunded(payment, 5000))
    assert "30.00" in ours.client().get(ours.page("wallet/")).content.decode().partition("still owed")[0][-400:]
    assert "still owed" not in theirs.client().get(theirs.page("wallet/")).content.decode()


def test_a_dispute_that_is_won_gives_back_what_was_taken_and_forgets_the_debt(ours: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment))
    spend(ours.organization, 130)
    send(disputed(payment, "created", "needs_response"))
    assert (available(ours), now(payment).owed) == (0, 30 * MICRO)
    send(disputed(payment, "closed", "won"))
    assert (available(ours), now(payment).owed, now(payment).taken) == (20, 0, 0)


@pytest.mark.parametrize(
    "fields", [{"amount_total": 4999}, {"currency": "usd"}, {"amount_total": 500000}, {"id": "cs_other"}]
)
def test_an_event_that_contradicts_the_payment_moves_nothing_and_is_kept(ours: Tenant, fields: dict[str, Any]) -> None:
    payment = a_payment(ours)
    event = session(payment, **fields)
    send(event)
    assert left(event)
    assert (available(ours), now(payment).state) == (100, State.OPEN)
    send(session(payment))
    assert available(ours) == 150


def test_a_refund_in_another_currency_is_left(ours: Tenant) -> None:
    payment = a_payment(ours)
    refund = refunded(payment, 1000, currency="usd")
    send(session(payment), refund)
    assert "10.00 EUR" not in left(refund)
    assert "USD" in left(refund)
    assert available(ours) == 150


def test_what_names_the_payment_of_another_tenant_moves_nothing_anywhere(ours: Tenant, theirs: Tenant) -> None:
    payment, other = a_payment(ours), a_payment(theirs)
    event = session(payment, client_reference_id=str(other.pk))
    send(event)
    assert left(event) == "It names two payments."
    assert (available(ours), available(theirs)) == (100, 100)
    send(session(payment))
    mixed = session(other, payment_intent=intent_of(payment))
    send(mixed)
    assert left(mixed) == "It names two payments."
    assert (available(ours), available(theirs)) == (150, 100)


def test_a_session_nobody_knows_is_kept(ours: Tenant) -> None:
    event = session(a_payment(ours), id="cs_unknown", client_reference_id=None)
    send(event)
    assert "no payment" in left(event)
    assert available(ours) == 100


def test_a_session_whose_answer_never_reached_us_is_known_by_our_own_number(ours: Tenant) -> None:
    payment = a_payment(ours, session="")
    send(session(payment))
    assert (available(ours), now(payment).session_id) == (150, f"cs_of_{payment.pk}")


def test_each_movement_is_on_the_record(ours: Tenant) -> None:
    payment = a_payment(ours)
    send(session(payment), refunded(payment, 100))
    with scopes_disabled():
        acts = AuditEvent.objects.filter(target=str(payment.pk), action="payment.moved").order_by("id")
        assert [(act.detail["amount"], act.detail["version"]) for act in acts] == [("50.00", 1), ("-1.00", 2)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_payment SET credits = 1",
        "UPDATE billing_payment SET taken = 51000000",
        "UPDATE billing_payment SET refunded = 5001",
        "UPDATE billing_payment SET credited = 1",
        "UPDATE billing_paymentevent SET payload = '{}'",
        "UPDATE billing_paymentevent SET handled_at = NULL",
    ],
)
def test_the_database_refuses_what_the_services_would_not_do(ours: Tenant, statement: str) -> None:
    send(session(a_payment(ours)))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_one_event_that_comes_many_times_at_once_is_taken_once() -> None:
    ours = a_tenant("ours")
    payment = a_payment(ours)
    body = json.dumps(session(payment))
    assert all(at_once(lambda: post(body, signature(body)).status_code == 200, times=16))
    assert (available(ours), now(payment).version) == (150, 1)
    assert PaymentEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_all_that_is_said_at_once_comes_to_what_it_does_in_order(turn: int) -> None:
    ours = a_tenant("ours")
    payment = a_payment(ours)
    *events, end = stories(payment)[2]
    events = [*events, *events]
    bodies = [json.dumps(event) for event in events[turn:] + events[:turn]]

    def tell() -> bool:
        body = bodies.pop()
        return bool(post(body, signature(body)).status_code == 200)

    assert all(at_once(tell, times=len(bodies)))
    assert available(ours) == 100 + end["stays"]
    assert books_balance()


@pytest.mark.django_db(transaction=True)
def test_what_comes_back_to_the_wallet_by_another_way_pays_debts_too() -> None:
    ours = a_tenant("ours")
    payment = a_payment(ours)
    send(session(payment))
    spend(ours.organization, 150)
    send(refunded(payment, 1000))
    assert now(payment).owed == 10 * MICRO
    wallets.after_paying_in.remove(payments.collect)  # so that it is there, as after a job's refund
    try:
        wallets.top_up(actor=None, organization=ours.organization, amount=12 * MICRO)
    finally:
        wallets.after_paying_in.append(payments.collect)
    payments.collect_all()
    assert (available(ours), now(payment).owed) == (2, 0)
