"""A budget that stops a purchase, and money given back at the desk, as people do it on the pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.people import Person, expect_state, sign_up, top_up
from tests.platform import Platform

pytestmark = pytest.mark.browser


@pytest.fixture
def somebody(page: Page, platform: Platform) -> Person:
    """Somebody new with 50 credits."""
    person = sign_up(page)
    top_up(platform, person.organization)
    return person


@pytest.fixture
def operator(context: BrowserContext, platform: Platform) -> Iterator[Page]:
    """Somebody of the staff, in a browser beside the tenant's own."""
    browser = context.browser
    assert browser
    other = browser.new_context(base_url=platform.url)
    page = other.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "operator@example.com")
    page.fill("[name=password]", "operator")
    page.click("main button[type=submit]")
    page.wait_for_url("**/o/*/")
    yield page
    other.close()


def test_a_budget_stops_what_would_pass_it_and_a_higher_one_lets_it_through(somebody: Person) -> None:
    page = somebody.go("projects/")
    expect(page.get_by_text("No projects yet")).to_be_visible()
    page.get_by_role("link", name="New project").click()
    page.fill("[name=name]", "Vision")
    page.fill("[name=slug]", "vision")
    page.fill("[name=monthly_limit]", "0.0001")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("progressbar", name="Used of the limit: Vision")).to_be_visible()

    page = somebody.fill_in_job()
    page.select_option("[name=project]", label="Vision (0.0001 left this month)")
    page.click("#submit")
    expect(page.get_by_text("left this month of the project Vision, which has 0.0001")).to_be_visible()
    assert "jobs/new" in page.url, "nothing was bought"

    page = somebody.go("projects/vision/")
    page.fill("[name=monthly_limit]", "20")
    page.get_by_role("button", name="Save").click()
    page = somebody.fill_in_job()
    page.select_option("[name=project]", label="Vision (20.00 left this month)")
    page.click("#submit")
    page.wait_for_url("**/jobs/*-*/")
    expect(page.get_by_text("Vision")).to_be_visible()


def test_what_is_given_back_at_the_desk_stands_on_the_statement(
    somebody: Person, operator: Page, own_pool: str
) -> None:
    page = somebody.submit_job(name="Blue whale", pool=own_pool)
    expect_state(page, "succeeded")
    job = page.url.rstrip("/").rsplit("/", 1)[-1]
    expect(page.get_by_text("came back", exact=False).first).to_be_visible()

    operator.goto("/admin/")
    operator.get_by_role("link", name="Find a job by anything").click()
    operator.fill("[name=q]", job[:8])
    operator.get_by_role("button", name="Find").click()
    operator.get_by_role("link", name=job).click()
    for act, amount, reason in (("refund", "0.001", "It printed nothing"), ("credit", "0.5", "It was slow")):
        operator.select_option("[name=act]", act)
        operator.fill("[name=amount]", amount)
        operator.fill("[name=reason]", reason)
        operator.get_by_role("button", name="Give").click()
        expect(operator.get_by_text(re.compile(rf"{amount}0? credits were given"))).to_be_visible()

    page = somebody.go("statements/")
    page.locator("tbody a").first.click()
    expect(page.get_by_text("It printed nothing")).to_be_visible()
    expect(page.get_by_text("It was slow")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="PDF").click()
    assert started.value.suggested_filename.endswith(".pdf")
