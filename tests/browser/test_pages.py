"""Every page: no trouble in the console, no sideways scrolling, names for all; themes, keyboard, live changes."""

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize, expect

from tests.browser.people import Person, expect_state
from tests.platform import PROJECT

pytestmark = pytest.mark.browser

OF_AN_ORGANIZATION = [
    "",
    "jobs/",
    "jobs/new/",
    "jobs/sweep/",
    "datasets/",
    "datasets/new/",
    "pools/",
    "pools/quick/",
    "wallet/",
    "spending/",
    "statements/",
    "projects/",
    "projects/new/",
    "members/",
    "members/invite/",
    "tokens/",
    "tokens/new/",
    "settings/",
]
OF_ONE_SELF = ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/organizations/new/"]
FOR_ALL = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere/", "/api/docs"]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => {
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run(document, { runOnly: rules });
    return found.violations.map((each) => [each.id, ...each.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]);
}"""
PHONE: ViewportSize = {"width": 360, "height": 740}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def all_pages(person: Person) -> list[str]:
    return [f"/o/{person.organization}/{path}" for path in OF_AN_ORGANIZATION] + OF_ONE_SELF


def test_no_page_is_wider_than_a_phone(demo: Person) -> None:
    page = demo.submit_job(name="a-name-without-any-space-" * 4, command_line="echo " + "long" * 60)
    page.set_viewport_size(PHONE)
    for path in [page.url, f"{page.url}price/", *all_pages(demo)]:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_every_page_has_one_heading_a_title_and_names_for_all_it_asks(demo: Person) -> None:
    for path in all_pages(demo):
        demo.page.goto(path)
        assert demo.page.locator("h1").count() == 1, path
        assert demo.page.title().strip() != "· ERA Platform", path
        assert demo.page.evaluate(NAMELESS) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_meets_wcag_2_2_aa(demo: Person, theme: Literal["light", "dark"]) -> None:
    page = demo.submit_job(name="easy to read")
    page.emulate_media(color_scheme=theme)
    expect_state(page, "succeeded")
    for path in [page.url, f"{page.url}price/", *all_pages(demo), "/nowhere/"]:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_in_meets_wcag_2_2_aa(page: Page, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    for path in FOR_ALL[:3]:
        page.goto(path)
        assert violations(page) == [], path


def violations(page: Page) -> list[Any]:
    """What axe-core finds: the rule, and the first elements that break it."""
    page.evaluate(AXE.read_text())
    return list(page.evaluate(RUN_AXE))


def test_pages_before_signing_in_open_without_trouble(page: Page) -> None:
    for path in FOR_ALL:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("body")).not_to_be_empty()


def test_the_theme_follows_the_system_until_one_is_chosen_and_then_stays(demo: Person) -> None:
    page, root = demo.page, demo.page.locator("html")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Light").click()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Auto").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_a_job_is_submitted_with_the_keyboard_alone(demo: Person) -> None:
    page = demo.go("jobs/new/?pool=quick")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    for name, text in (("name", "by keyboard"), ("command_line", "echo hello"), ("value", "10")):
        _tab_to(page, f"[name={name}]")
        page.keyboard.type(text)
    expect(page.locator("#quote [data-answer=accepted]")).to_be_visible()
    _tab_to(page, "#submit")
    page.keyboard.press("Enter")
    expect_state(page, "reserved", within=10)


def test_lists_and_overview_change_without_a_reload(demo: Person, context: BrowserContext) -> None:
    other = context.new_page()
    other.goto("/o/demo/jobs/?search=seen+elsewhere")
    page = demo.submit_job(name="seen elsewhere", command_line="sleep 300", duration_amount="5")
    expect(other.locator("#jobs").get_by_role("link", name="seen elsewhere")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(other.locator("#jobs .state-cancelled")).to_be_visible(timeout=30_000)


def test_searching_narrows_the_list_as_one_types(demo: Person) -> None:
    demo.submit_job(name="needle in the hay")
    page = demo.go("jobs/")
    page.fill("#search", "needle in")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)
    page.fill("#search", "there is no such job")
    expect(page.get_by_text("No job fits")).to_be_visible()


def test_a_search_made_while_another_is_under_way_has_the_last_word(demo: Person) -> None:
    demo.submit_job(name="needle in the hay")
    page = demo.go("jobs/")
    held: list[Route] = []
    page.route("**/jobs/?search=needle*", lambda route: held.append(route))
    with page.expect_request("**/jobs/?search=needle*"):
        page.fill("#search", "needle in")
    page.fill("#search", "there is no such job")
    page.press("#search", "Enter")
    for route in held:
        route.continue_()
    expect(page.get_by_text("No job fits")).to_be_visible()
    expect(page).to_have_url(re.compile("search=there"))


def test_a_list_that_renews_itself_late_does_not_undo_a_search(demo: Person) -> None:
    demo.submit_job(name="needle in the hay")
    page = demo.go("jobs/")
    held: list[Route] = []
    page.route("**/jobs/", lambda route: held.append(route))
    with page.expect_request("**/jobs/"):
        page.evaluate("htmx.trigger(document.body, 'jobchange')")
    page.fill("#search", "there is no such job")
    expect(page.get_by_text("No job fits")).to_be_visible()
    with page.expect_response("**/jobs/"):
        for route in held:
            route.continue_()
    with page.expect_response("**/jobs/?search=there*"):
        page.evaluate("htmx.trigger(document.body, 'jobchange')")
    expect(page.get_by_text("No job fits")).to_be_visible()


def test_a_token_is_shown_once_and_copied_with_a_button(demo: Person, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = demo.go("tokens/new/")
    page.fill("[name=name]", "laptop")
    page.get_by_role("button", name="Create the token").click()
    secret = page.locator("[data-secret]").text_content()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    demo.go("tokens/")
    assert str(secret) not in page.content()


def test_times_are_the_readers_own_and_say_utc_when_asked(demo: Person) -> None:
    page = demo.submit_job()
    moment = page.locator("#job-side time").first
    shown, said = page.evaluate("time => [new Date(time.dateTime).getUTCHours(), time.title]", moment.element_handle())
    in_berlin = page.evaluate("time => new Date(time.dateTime).getHours()", moment.element_handle())
    assert said.endswith("UTC")
    assert in_berlin != shown
    assert f"{in_berlin:02d}:" in (moment.text_content() or "")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the field has the focus."""
    for _press in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, a")]
    .filter((e) => e.type !== "hidden" && !e.closest("[hidden], template"))
    .filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim() || e.getAttribute("aria-labelledby")))
    .map((e) => e.outerHTML.slice(0, 120))"""
