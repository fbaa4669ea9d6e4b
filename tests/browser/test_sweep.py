"""Many jobs in one go: a sweep is counted as it is typed, priced, bought, and found again as one batch."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import SHORT, Person

pytestmark = pytest.mark.browser


def fill_in(person: Person, **fields: str) -> None:
    page = person.go("jobs/sweep/")
    given = {
        "parameters": "lr = 0.1, 0.01\nseed = 1, 2, 3",
        "name": "lr={lr} seed={seed}",
        "command_line": "echo {lr} {seed}",
        "duration_amount": SHORT,
        "value": "1",
    } | fields
    page.select_option("[name=pool]", "quick")
    for name, text in given.items():
        page.fill(f"[name={name}]", text)


def test_a_sweep_becomes_one_batch_of_all_its_combinations(demo: Person) -> None:
    fill_in(demo)
    page = demo.page
    expect(page.locator("#sweep-count")).to_contain_text("6")
    page.click("#submit")
    page.wait_for_url("**/batches/*/")
    expect(page.locator("tbody tr")).to_have_count(6)
    expect(page.get_by_text("lr=0.01 seed=3")).to_be_visible()


def test_a_variable_is_added_with_the_keyboard_and_given_to_each(demo: Person) -> None:
    fill_in(demo, parameters="seed = 1, 2", name="seed={seed}", command_line="echo {seed}")
    page = demo.page
    page.locator("#env-add").press("Enter")
    page.keyboard.type("EPOCHS")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    page.click("#submit")
    page.wait_for_url("**/batches/*/")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_parameter_that_would_change_nothing_is_said_and_the_form_is_kept(demo: Person) -> None:
    fill_in(demo, name="seed={seed}", command_line="echo {seed}")
    demo.page.click("#submit")
    expect(demo.page.get_by_text("it would change nothing").first).to_be_visible()
    expect(demo.page.locator("[name=command_line]")).to_have_value("echo {seed}")
