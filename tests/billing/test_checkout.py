"""Buying credits: the form, Stripe's page (a local server that follows its API) and back; who may send webhooks."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from billing.models import Payment, PaymentEvent
from billing.payments import choice
from billing.views.payments import EVENT_BYTES
from billing.words import money_label
from era_platform.common import clock
from era_platform.common.money import MICRO
from tests.billing.fake_stripe import KEY, FakeStripe, serving
from tests.billing.paying import (
    SECRET,
    WEBHOOK,
    a_payment,
    an_event,
    available,
    now,
    post,
    send,
    session,
    signature,
)
from tests.factories import Tenant, a_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStripe]:
    monkeypatch.setattr("stripe.HTTPClient._sleep_time_seconds", lambda *_given, **_named: 0.01)
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
    with serving() as fake:
        settings.STRIPE_API_BASE = fake.url
        yield fake


def buy(tenant: Tenant, *, credits: int | str = 50, key: UUID | str | None = None, role: str = "owner") -> Any:
    form = {"credits": str(credits), "key": str(key or uuid4())}
    return tenant.client(role).post(tenant.page("payments/new/"), form)


def known() -> list[Payment]:
    with scopes_disabled():
        return list(Payment.objects.order_by("created_at"))


def test_an_owner_goes_to_stripes_page_and_comes_back_with_a_note(ours: Tenant, fake: FakeStripe) -> None:
    assert "payments/new/" in ours.client("owner").get(ours.page("wallet/")).content.decode()
    answer = buy(ours)
    assert (answer.status_code, answer["Location"]) == (303, "https://checkout.stripe.com/c/pay/cs_test_1")
    [payment], [asked] = known(), fake.asked
    assert (payment.session_id, payment.money, payment.currency) == ("cs_test_1", 5000, "eur")
    assert asked["client_reference_id"] == asked["metadata[payment]"] == str(payment.pk)
    assert asked["payment_intent_data[metadata][organization]"] == "ours"
    assert asked["line_items[0][price_data][product_data][name]"] == "50 credits"
    assert asked["adaptive_pricing[enabled]"] == "false"
    back = "/" + asked["success_url"].split("/", 3)[3]
    assert "as soon as the payment is confirmed" in note(ours, back)
    assert "Nothing was paid" in note(ours, "/" + asked["cancel_url"].split("/", 3)[3])
    send(session(payment))
    assert "50.00 credits were added" in note(ours, back)
    assert available(ours) == 150


def note(tenant: Tenant, address: str) -> str:
    answer = tenant.client("owner").get(address, follow=True)
    assert answer.redirect_chain == [(tenant.page("wallet/"), 302)]
    [message] = answer.context["messages"]
    return str(message)


def test_the_form_alone_may_lead_to_stripe_and_no_page_loads_anything_from_there(
    ours: Tenant, fake: FakeStripe
) -> None:
    client = ours.client("owner")
    form, wallet = (client.get(ours.page(path)) for path in ("payments/new/", "wallet/"))
    assert "form-action 'self' https://checkout.stripe.com" in form["Content-Security-Policy"]
    for page in (form, wallet):
        others = [part for part in page["Content-Security-Policy"].split("; ") if not part.startswith("form-action")]
        assert not [part for part in others if "stripe" in part]
        assert "js.stripe.com" not in page.content.decode()
    assert "stripe" not in wallet["Content-Security-Policy"]


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_who_is_no_owner_is_offered_nothing(ours: Tenant, fake: FakeStripe, role: str) -> None:
    assert "payments/new/" not in ours.client(role).get(ours.page("wallet/")).content.decode()
    assert buy(ours, role=role).status_code == 403
    assert known() == []


def test_a_form_that_is_sent_twice_is_one_payment(ours: Tenant, fake: FakeStripe) -> None:
    key = uuid4()
    assert buy(ours, key=key)["Location"] == buy(ours, key=key)["Location"]
    assert (len(known()), len(fake.sessions)) == (1, 1)
    assert buy(ours, key=key, credits=51).status_code == 400
    assert len(known()) == 1


def test_the_form_of_another_tenant_is_another_payment(ours: Tenant, theirs: Tenant, fake: FakeStripe) -> None:
    key = uuid4()
    assert buy(ours, key=key)["Location"] != buy(theirs, key=key)["Location"]
    [mine, other] = known()
    assert ours.client("owner").get(ours.page(f"payments/{mine.pk}/")).status_code == 302
    assert ours.client("owner").get(ours.page(f"payments/{other.pk}/")).status_code == 404


@pytest.mark.parametrize("credits", ["0", "-1", "1.5", "", "x", "1000000", "9" * 30])
def test_what_is_not_sold_is_refused(ours: Tenant, fake: FakeStripe, credits: str) -> None:
    assert buy(ours, credits=credits).status_code == 400
    assert (known(), fake.asked) == ([], [])


def test_what_is_too_little_for_a_card_is_told_and_more_can_be_bought_with_the_same_page(
    ours: Tenant, fake: FakeStripe, settings: Settings
) -> None:
    settings.ERA_CREDIT_PRICE_CENTS = 3
    refused = buy(ours, credits=1)
    assert "Buy more at once" in refused.content.decode()
    assert buy(ours, credits=20, key=refused.context["form"]["key"].value()).status_code == 303


def test_another_amount_in_a_form_that_one_came_back_to_is_another_payment(ours: Tenant, fake: FakeStripe) -> None:
    key = uuid4()
    buy(ours, key=key)
    refused = buy(ours, key=key, credits=60)
    assert buy(ours, credits=60, key=refused.context["form"]["key"].value()).status_code == 303
    assert [payment.money for payment in known()] == [5000, 6000]


def test_what_fails_on_the_way_is_tried_again_and_makes_one_session(ours: Tenant, fake: FakeStripe) -> None:
    fake.failing = [500, 503]
    assert buy(ours).status_code == 303
    assert (len(fake.asked), len(fake.sessions)) == (3, 1)


@pytest.mark.parametrize("status", [500, 429, 402])
def test_where_stripe_refuses_nothing_was_paid_and_the_form_can_be_sent_again(
    ours: Tenant, fake: FakeStripe, status: int
) -> None:
    key, fake.failing = uuid4(), [status] * 5
    answer = buy(ours, key=key)
    assert answer.status_code == 400
    assert "Nothing was paid" in answer.content.decode()
    fake.failing = []
    assert buy(ours, key=key).status_code == 303
    assert len(known()) == len(fake.sessions) == 1


def test_a_wrong_key_and_a_server_that_is_not_there_are_told_alike(
    ours: Tenant, fake: FakeStripe, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_of_another"
    assert "Nothing was paid" in buy(ours).content.decode()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert "Nothing was paid" in buy(ours).content.decode()


def test_an_old_form_begins_no_second_session_of_a_payment(ours: Tenant, fake: FakeStripe) -> None:
    key = uuid4()
    with clock.freeze(clock.now()):
        buy(ours, key=key)
        clock.advance(24 * 3600)
        assert "Begin a new one" in buy(ours, key=key).content.decode()
    assert len(fake.asked) == 1


@pytest.mark.parametrize("missing", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_without_both_keys_there_is_nothing(ours: Tenant, settings: LazySettings, missing: str) -> None:
    payment = a_payment(ours)
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
    setattr(settings, missing, "")
    client = ours.client("owner")
    assert "payments/new/" not in client.get(ours.page("wallet/")).content.decode()
    assert client.get(ours.page("payments/new/")).status_code == 404
    assert buy(ours).status_code == 404
    assert client.get(ours.page(f"payments/{payment.pk}/")).status_code == 404
    body = json.dumps(session(payment))
    assert post(body, signature(body)).status_code == 404
    assert available(ours) == 100


@pytest.fixture
def told(ours: Tenant, fake: FakeStripe) -> str:
    """An event that would add credits."""
    return json.dumps(session(a_payment(ours)))


@pytest.mark.parametrize(
    "header",
    [
        lambda body: "",
        lambda body: "nonsense",
        lambda body: "t=x,v1=y",
        lambda body: "t=1,v1=\u00e9",
        lambda body: signature(body, secret="whsec_of_another"),
        lambda body: signature(body + " "),
        lambda body: signature(body, at=time.time() - 301),
        lambda body: signature(body).replace("v1=", "v0="),
    ],
    ids=["none", "no signature", "no number", "not ASCII", "another's", "of another body", "too old", "another scheme"],
)
def test_what_stripe_has_not_signed_just_now_is_refused(ours: Tenant, told: str, header: Any) -> None:
    assert post(told, header(told)).status_code == 400
    assert available(ours) == 100
    assert not PaymentEvent.objects.exists()


def test_what_was_signed_within_the_tolerance_is_taken_and_needs_no_csrf_token(ours: Tenant, told: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(told, signature(told, at=time.time() - 290), strict).status_code == 200
    assert available(ours) == 150


@pytest.mark.parametrize("body", ["", "{", "[]", "1", '{"type": "charge.refunded"}', '{"id": 1, "type": "x"}'])
def test_what_is_signed_and_is_no_event_is_refused(fake: FakeStripe, body: str) -> None:
    assert post(body, signature(body)).status_code == 400


def test_what_is_no_text_is_refused(fake: FakeStripe) -> None:
    assert post(b"\xff\xfe", signature("x")).status_code == 400


def test_what_is_too_large_is_refused_before_it_is_read_whole(fake: FakeStripe) -> None:
    body = json.dumps({"padding": "x" * EVENT_BYTES})
    assert post(body, signature(body)).status_code == 413


def test_other_events_are_taken_and_forgotten(fake: FakeStripe) -> None:
    send(an_event("customer.created", {"id": "cus_1", "object": "customer"}))
    assert not PaymentEvent.objects.exists()


def test_nothing_is_got_from_the_webhooks_address(fake: FakeStripe) -> None:
    assert a_client().get(WEBHOOK).status_code == 405


@pytest.mark.parametrize(("cents", "currency"), [(0, "eur"), (-1, "eur"), (10**9, "eur"), (100, "euro"), (100, "e1r")])
def test_a_price_that_is_none_is_told_at_the_start(settings: Settings, cents: int, currency: str) -> None:
    settings.ERA_CREDIT_PRICE_CENTS, settings.ERA_CREDIT_CURRENCY = cents, currency
    with pytest.raises(ImproperlyConfigured):
        choice.price()


@pytest.mark.parametrize(
    ("money", "currency", "label"),
    [(1250, "eur", "12.50 EUR"), (5, "usd", "0.05 USD"), (1250, "jpy", "1250 JPY"), (1250, "kwd", "1.250 KWD")],
)
def test_money_is_written_as_its_currency_is(money: int, currency: str, label: str) -> None:
    assert money_label(money, currency) == label


def test_the_price_is_what_it_was_when_the_payment_was_begun(
    ours: Tenant, fake: FakeStripe, settings: Settings
) -> None:
    settings.ERA_CREDIT_PRICE_CENTS, settings.ERA_CREDIT_CURRENCY = 3, "USD"
    buy(ours, credits=100)
    settings.ERA_CREDIT_PRICE_CENTS = 1000
    [payment] = known()
    assert (payment.money, payment.currency) == (300, "usd")
    send(session(payment))
    assert now(payment).credited == 100 * MICRO
