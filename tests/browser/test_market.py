"""Asking the market on the page: live quotes, refusals with one-click counter-offers, one job for two clicks."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.people import Person, expect_state, sign_up

pytestmark = pytest.mark.browser


def answer(page: Page, kind: str) -> None:
    expect(page.locator(f"#quote [data-answer={kind}]")).to_be_visible()


def test_the_answer_follows_the_fields(demo: Person) -> None:
    page = demo.fill_in_job(units="1")
    answer(page, "accepted")
    expect(page.locator("#quote")).to_contain_text("1 unit × 3 slots")
    page.fill("[name=units]", "3")
    expect(page.locator("#quote")).to_contain_text("3 units × 3 slots")
    expect(page.locator("#curve canvas")).to_be_visible()


@pytest.mark.parametrize("scrolled", [False, True], ids=["at the top", "scrolled to the end"])
def test_the_button_stands_still_while_the_market_answers(demo: Person, scrolled: bool) -> None:
    page = demo.page
    held: list[Route] = []
    page.route("**/quote/*", lambda route: held.append(route))
    with page.expect_request("**/quote/*"):
        demo.go("jobs/new/?pool=quick")
    if scrolled:
        page.locator("[name=value]").scroll_into_view_if_needed()
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
    before = page.locator("#submit").bounding_box()
    for route in held:
        route.continue_()
    expect(page.locator("#quote [data-answer=accepted]")).to_be_visible()
    assert page.locator("#submit").bounding_box() == before


def test_the_page_is_where_it_scrolls_to_at_once(demo: Person) -> None:
    page = demo.go("jobs/new/?pool=quick")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#quote [data-answer=accepted]")).to_be_visible()
    moved = page.evaluate("() => { scrollTo(0, 200); return scrollY; }")
    assert moved == 200


def test_a_counter_offer_on_the_form_turns_a_refusal_into_a_reservation(demo: Person) -> None:
    page = demo.fill_in_job(value="0.001")
    answer(page, "refused")
    page.locator("[data-offer=value]").click()
    answer(page, "accepted")
    page.click("#submit")
    expect_state(page, "reserved", within=10)


def test_fewer_units_are_offered_where_the_pool_has_not_so_many(demo: Person) -> None:
    page = demo.fill_in_job(pool="small", units="5")
    answer(page, "refused")
    expect(page.locator("#quote")).to_contain_text("More units than the pool has")
    page.locator("[data-offer=units]").click()
    expect(page.locator("[name=units]")).to_have_value("2")
    answer(page, "accepted")


def test_a_shorter_run_is_offered_where_the_price_is_too_high(demo: Person) -> None:
    page = demo.fill_in_job(duration_amount="2", value="0.1")
    answer(page, "refused")
    page.locator("[data-offer=duration]").click()
    answer(page, "accepted")
    page.click("#submit")
    expect_state(page, "reserved", within=10)


def test_a_start_chosen_from_the_menu_is_the_start_that_is_bought(demo: Person) -> None:
    busy = demo.fill_in_job(pool="small", units="1", duration_amount="4", value="50")
    busy.fill("#id_earliest", _in_minutes(busy, 10))
    busy.click("#submit")
    expect_state(busy, "reserved", within=10)
    page = demo.fill_in_job(pool="small", units="1", duration_amount="2", value="50")
    page.fill("#id_earliest", _in_minutes(page, 11))
    expect(page.locator("[data-menu]").first).to_be_visible()
    expect(page.locator("[data-menu=cheapest]")).to_contain_text("−")
    soonest = page.locator("[data-menu=earliest]")
    starts = soonest.locator("time").get_attribute("datetime")
    soonest.click()
    expect(page.locator(f"#quote [data-start] time[datetime='{starts}']")).to_be_visible()
    expect(page.locator("#menu-back")).to_be_focused()
    page.click("#menu-back")
    expect(page.locator("[data-menu=earliest]")).to_be_visible()
    expect(page.locator("#menu-back")).to_be_hidden()
    page.locator("[data-menu=earliest]").click()
    answer(page, "accepted")
    page.click("#submit")
    expect_state(page, "reserved", within=10)
    expect(page.locator(f"#job-side time[datetime='{starts}']").first).to_be_visible()


def test_another_way_to_run_is_taken_where_it_costs_less(demo: Person) -> None:
    page = demo.fill_in_job(units="8", duration_amount="1")
    page.get_by_role("button", name="Add another way to run").click()
    expect(page.locator("[name=also_units]")).to_be_focused()
    page.fill("[name=also_units]", "1")
    page.fill("[name=also_duration_amount]", "2")
    expect(page.locator("#quote [data-chosen]")).to_contain_text("1 unit for 2 min")
    page.click("#submit")
    expect_state(page, "reserved", within=10)
    expect(page.locator("#job-side")).to_contain_text("8 units for 1 min")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect_state(page, "cancelled", within=10)
    page.get_by_role("link", name="Submit again").click()
    expect(page.locator("[name=units]")).to_have_value("8")
    expect(page.locator("[name=also_units]")).to_have_value("1")
    page.get_by_role("button", name="Remove this way to run").click()
    expect(page.locator("#quote")).to_contain_text("8 units × 12 slots")


def test_a_counter_offer_to_a_flexible_request_fills_in_one_way_to_run(demo: Person) -> None:
    page = demo.fill_in_job(units="8", duration_amount="1", value="0.001")
    page.click("#also-add")
    page.fill("[name=also_units]", "2")
    page.fill("[name=also_duration_amount]", "3")
    answer(page, "refused")
    expect(page.locator("#quote [data-chosen]")).to_contain_text("2 units for 3 min")
    page.locator("[data-offer=value]").click()
    answer(page, "accepted")
    expect(page.locator("[name=also_units]")).to_have_count(0)
    expect(page.locator("[name=units]")).to_have_value("2")
    expect(page.locator("[name=duration_amount]")).to_have_value("3")


def test_a_refused_job_says_why_and_leads_to_a_form_with_what_would_do(demo: Person) -> None:
    page = demo.fill_in_job(value="0.001")
    page.click("#submit")
    expect_state(page, "rejected", within=10)
    expect(page.get_by_text("The price is above what it is worth to you.")).to_be_visible()
    page.get_by_role("link", name="Say it is worth").click()
    answer(page, "accepted")
    page.click("#submit")
    expect_state(page, "reserved", within=10)


def test_two_clicks_make_one_job(demo: Person) -> None:
    page = demo.fill_in_job(name="only once")
    page.locator("#submit").dblclick()
    page.wait_for_url("**/jobs/*-*/")
    demo.go("jobs/?search=only+once")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)


def test_a_form_sent_four_times_at_once_makes_one_job(demo: Person) -> None:
    page = demo.fill_in_job(name="sent four times")
    came_to = page.evaluate(SEND_FOUR_TIMES)
    assert len(set(came_to)) == 1
    demo.go("jobs/?search=sent+four+times")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)


def test_too_small_a_wallet_is_said_before_submitting(page: Page) -> None:
    somebody = sign_up(page)
    somebody.fill_in_job(units="8", duration_amount="20", value="100")
    expect(page.locator("#quote")).to_contain_text("too little for this")
    page.click("#submit")
    expect(page.locator("main [role=alert]").first).to_contain_text("wallet")


def test_cancelling_says_first_what_comes_back(demo: Person) -> None:
    page = demo.fill_in_job()
    page.fill("#id_earliest", _in_minutes(page, 30))
    page.click("#submit")
    expect_state(page, "reserved", within=10)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#ask")).to_contain_text("come back to the wallet")
    page.get_by_role("button", name="Cancel the job").click()
    expect_state(page, "cancelled", within=10)


def test_submit_again_fills_the_form_as_the_job_was(demo: Person) -> None:
    page = demo.submit_job(name="the first", command_line="echo 'two words'", units="2")
    page.get_by_role("link", name="Submit again").click()
    expect(page.locator("[name=name]")).to_have_value("the first")
    expect(page.locator("[name=command_line]")).to_have_value("echo 'two words'")
    expect(page.locator("[name=units]")).to_have_value("2")
    answer(page, "accepted")


def _in_minutes(page: Page, minutes: int) -> str:
    """So many minutes from now, as a field for a moment in the browser's zone takes it."""
    script = "m => new Date(Date.now() - new Date().getTimezoneOffset() * 60000 + m * 60000).toISOString().slice(0, 16)"
    return str(page.evaluate(script, minutes))


SEND_FOUR_TIMES = """async () => {
    const form = document.getElementById("job-form");
    const send = () => fetch(form.action || location.href, { method: "POST", body: new FormData(form) });
    return (await Promise.all([send(), send(), send(), send()])).map((answer) => answer.url);
}"""
