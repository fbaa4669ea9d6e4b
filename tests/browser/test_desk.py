"""Maintenance with rebooking, and a banner, as an operator does them and as a tenant then sees them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Person, expect_state
from tests.browser.test_money import operator, somebody  # fixtures

__all__ = ["operator", "somebody"]

pytestmark = pytest.mark.browser


def test_maintenance_rebooks_who_is_in_the_way_and_the_tenant_may_decline(
    somebody: Person, operator: Page, own_pool: str
) -> None:
    start = datetime.now(UTC) + timedelta(minutes=20)
    page = somebody.fill_in_job(name="Blue whale", pool=own_pool)
    earliest, deadline = (page.locator("input[type=datetime-local]").nth(number) for number in range(2))
    there = start.astimezone(ZoneInfo("Europe/Berlin"))  # where the tenant's browser is
    earliest.fill(f"{there:%Y-%m-%dT%H:%M}")
    deadline.fill(f"{there + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.click("#submit")
    page.wait_for_url("**/jobs/*-*/")
    expect_state(page, "reserved")

    operator.goto("/admin/desk/maintenance/")
    operator.select_option("[name=pool]", label=own_pool)
    operator.fill("[name=units]", "8")
    operator.fill("[name=since_0]", f"{start - timedelta(minutes=1):%Y-%m-%d}")
    operator.fill("[name=since_1]", f"{start - timedelta(minutes=1):%H:%M}")
    operator.fill("[name=until_0]", f"{start + timedelta(minutes=10):%Y-%m-%d}")
    operator.fill("[name=until_1]", f"{start + timedelta(minutes=10):%H:%M}")
    operator.fill("[name=reason]", "New firmware")
    operator.get_by_role("button", name="Preview").click()
    expect(operator.locator("#preview")).to_contain_text("1 reservation is in the way")
    expect(operator.locator("#preview")).to_contain_text("Blue whale")
    operator.get_by_role("button", name="Take the units, as shown").click()
    expect(operator.get_by_text("1 moved, 0 refunded")).to_be_visible()

    expect(page.locator("#job-head")).to_contain_text("moved within its window")
    page.reload()
    expect(page.get_by_text("Moved for maintenance: New firmware")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#ask-text")).to_contain_text("come back to the wallet")
    page.locator("#ask-yes").click()
    expect_state(page, "cancelled")


def test_a_banner_is_seen_until_it_is_dismissed(somebody: Person, operator: Page) -> None:
    operator.goto("/admin/desk/banners/")
    operator.fill("[name=text]", "The cellar is wet")
    operator.get_by_role("button", name="Put it up").click()
    expect(operator.get_by_role("cell", name="The cellar is wet")).to_be_visible()
    page = somebody.go()
    expect(page.get_by_text("The cellar is wet")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("The cellar is wet")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("The cellar is wet")).to_have_count(0)
    operator.get_by_role("button", name="Take down").click()
    expect(operator.get_by_text("Taken down: The cellar is wet")).to_be_visible()
