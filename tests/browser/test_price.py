"""The page that says how a price came about, from the page of a job that was bought or refused."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Person, expect_state

pytestmark = pytest.mark.browser


def follow(page: Page, text: str) -> None:
    page.get_by_role("link", name=text).click()
    page.wait_for_url("**/price/")
    expect(page.locator("[data-verdict=equal]")).to_contain_text("Verified: recomputed just now, equal.")


def test_a_buyer_sees_why_this_slot_and_what_each_part_cost(demo: Person) -> None:
    page = demo.submit_job(units="2")
    price = page.locator("#job-side .ticket-price .amount").inner_text()
    follow(page, "How this price came about")
    expect(page.locator("#starts-chart canvas")).to_be_visible()
    expect(page.locator("#starts-readout")).to_contain_text("the cheapest")
    expect(page.locator("tr.is-chosen")).to_contain_text(price)
    expect(page.locator("#lines tbody tr")).to_have_count(3)
    expect(page.locator("#demand")).to_be_visible()
    expect(page.get_by_text("manage.py verify_receipt")).to_be_visible()


def test_the_chart_tells_what_another_start_would_have_cost(demo: Person) -> None:
    page = demo.submit_job()
    follow(page, "How this price came about")
    chosen = page.locator("#starts-readout").inner_text()
    canvas = page.locator("#starts-chart canvas")
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5)
    expect(page.locator("#starts-readout")).not_to_have_text(chosen)
    expect(page.locator("#starts-readout")).to_contain_text("credits")


def test_a_refusal_is_explained(demo: Person) -> None:
    page = demo.fill_in_job(value="0.001")
    page.click("#submit")
    expect_state(page, "rejected", within=10)
    follow(page, "How this answer came about")
    expect(page.get_by_text("The price is above what it is worth to you.")).to_be_visible()


def test_what_scrolls_can_be_reached_and_scrolled_by_keyboard_and_nothing_sticks_out_on_a_phone(demo: Person) -> None:
    page = demo.submit_job(duration_amount="20")
    page.set_viewport_size({"width": 360, "height": 740})
    follow(page, "How this price came about")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    region = page.get_by_role("region", name="What each part of the time cost")
    region.focus()
    page.keyboard.press("End")
    expect(page.locator("#lines tbody tr").last).to_be_in_viewport()
