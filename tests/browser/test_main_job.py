"""The main job by a person: sign up, submit the digits example, watch it, download what it wrote."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.people import Person, expect_state, sign_up, terminal_text, top_up
from tests.platform import Platform, eventually

pytestmark = pytest.mark.browser


def test_somebody_new_trains_a_network_and_takes_its_weights_home(
    page: Page, platform: Platform, digits: Path, tmp_path: Path
) -> None:
    person = sign_up(page)
    top_up(platform, person.organization)
    person.go()
    page.get_by_role("link", name="Submit the first job").click()
    _describe_the_job(page, digits)
    price = page.locator("#quote [data-price]").text_content()
    page.click("#submit")

    expect_state(page, "reserved", within=10)
    assert page.locator("#job-side .ticket-price").text_content() == price
    expect_state(page, "running")
    eventually(lambda: "epoch" in terminal_text(page).lower(), what="lines in the terminal", within=40)
    expect_state(page, "succeeded", within=90)
    expect(page.locator("#log-link")).to_have_text("complete")
    with page.expect_download() as download:
        page.locator("#job-outputs").get_by_role("link", name="Download metrics.csv").click()
    download.value.save_as(tmp_path / "metrics.csv")
    assert (tmp_path / "metrics.csv").read_text().startswith("number,loss,accuracy")


def _describe_the_job(page: Page, digits: Path) -> None:
    page.select_option("[name=pool]", "quick")
    page.fill("[name=name]", "digits")
    page.fill("[name=command_line]", "python train.py --epochs 12")
    page.set_input_files("[name=code]", digits)
    expect(page.locator("#drop-name")).to_contain_text("digits.zip")
    page.fill("[name=units]", "4")
    page.fill("[name=duration_amount]", "1")
    page.fill("[name=value]", "20")
    expect(page.locator("#quote [data-answer=accepted]")).to_contain_text("4 units × 12 slots")


def test_the_log_shows_stored_and_new_lines_once_each_after_the_page_is_opened_again(demo: Person) -> None:
    page = demo.submit_job(command_line="sh -c 'for i in 1 2 3 4 5 6; do echo line-$i; sleep 1; done'")
    expect_state(page, "running")
    eventually(lambda: "line-2" in terminal_text(page), what="the second line")
    page.reload()
    expect_state(page, "succeeded")
    expect(page.locator("#log-link")).to_have_text("complete")
    lines = [line.strip() for line in terminal_text(page).splitlines() if line.startswith("line-")]
    assert lines == [f"line-{number}" for number in range(1, 7)]


def test_the_log_goes_on_where_it_was_when_the_connection_comes_back(demo: Person) -> None:
    opened: list[WebSocketRoute] = []
    demo.page.route_web_socket(re.compile("/logs"), lambda socket: opened.append(_through(socket)))
    page = demo.submit_job(command_line="sh -c 'for i in 1 2 3 4 5 6 7 8; do echo line-$i; sleep 1; done'")
    expect_state(page, "running")
    eventually(lambda: "line-2" in terminal_text(page), what="the second line")
    opened[0].close(code=1012)
    expect_state(page, "succeeded")
    expect(page.locator("#log-link")).to_have_text("complete", timeout=20_000)
    lines = [line.strip() for line in terminal_text(page).splitlines() if line.startswith("line-")]
    assert lines == [f"line-{number}" for number in range(1, 9)]
    assert len(opened) == 2


def _through(socket: WebSocketRoute) -> WebSocketRoute:
    socket.connect_to_server()
    return socket


def test_progress_bars_and_colours_show_as_in_a_terminal(demo: Person) -> None:
    page = demo.submit_job(command_line=r"printf '10%%\r20%%\r\033[31mdone\033[0m\n'")
    expect_state(page, "succeeded")
    eventually(lambda: "done" in terminal_text(page), what="the last state of the line")
    assert "10%" not in terminal_text(page)
    red = page.locator("#terminal .xterm-rows span", has_text="done").evaluate("span => getComputedStyle(span).color")
    usual = page.locator("#terminal .xterm-rows").evaluate("rows => getComputedStyle(rows).color")
    assert red != usual


def test_outputs_are_looked_through_folder_by_folder(demo: Person) -> None:
    page = demo.submit_job(
        command_line="sh -c 'mkdir -p $ERA_OUTPUT_DIR/plots/loss; echo 1 > $ERA_OUTPUT_DIR/plots/loss/a.csv'"
    )
    expect_state(page, "succeeded")
    for name in ("plots", "loss"):
        page.locator("#job-outputs").get_by_role("link", name=name, exact=True).click()
    with page.expect_download() as download:
        page.locator("#job-outputs").get_by_role("link", name="Download a.csv").click()
    assert Path(download.value.path()).read_text() == "1\n"
