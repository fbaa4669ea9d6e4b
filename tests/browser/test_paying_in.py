"""Buying credits as an owner does it: the browser itself decides whether a form may lead to the provider's page."""

from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.billing.fake_stripe import KEY, FakeStripe, serving
from tests.billing.paying import SECRET, now, send, session
from tests.billing.test_checkout import known
from tests.factories import Tenant, a_tenant, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHECKOUT = "https://checkout.stripe.com/**"


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeStripe]:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
    with serving() as fake:
        settings.STRIPE_API_BASE = fake.url
        yield fake


@pytest.fixture
def tenant() -> Tenant:
    return a_tenant("ours")


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, tenant: Tenant, settings: Settings) -> Iterator[Page]:
    """The owner's, signed in; whatever is asked of Stripe's page is answered here."""
    settings.ERA_PUBLIC_URL = live_server.url
    context = chromium.new_context(base_url=live_server.url)
    cookie = signed_in(tenant.owner).cookies[configured.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    context.route(CHECKOUT, answer_as_stripe)
    yield context.new_page()
    close(context)


def answer_as_stripe(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<title>Checkout</title><p>Pay 50.00 EUR")


def close(context: BrowserContext) -> None:
    for page in context.pages:
        page.goto("about:blank")  # so that no socket of it outlives the server
    context.close()


def test_an_owner_gets_to_stripe_and_finds_the_credits_when_back(page: Page, fake: FakeStripe, tenant: Tenant) -> None:
    page.goto(tenant.page("wallet/"))
    page.get_by_role("link", name="Add credits").click()
    expect(page.get_by_text("One credit is 1.00 EUR")).to_be_visible()
    page.get_by_label("Credits").fill("50")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_text("Pay 50.00 EUR")).to_be_visible()
    [payment] = known()
    send(session(payment))
    page.goto(fake.asked[0]["success_url"])
    expect(page.get_by_text("50.00 credits were added")).to_be_visible()
    expect(page.get_by_text("150.00").first).to_be_visible()
    assert now(payment).credited
