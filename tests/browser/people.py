"""What people do on the portal, in words: signing in, filling in a job, waiting for its state."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.platform import Platform

SHORT = "0.25"  # minutes: three slots of 5 s
TOP_UP = """
from accounts.models import Organization
from accounts.services.wallets import top_up
top_up(actor=None, organization=Organization.objects.get(slug="{slug}"), amount=50_000_000, memo="Welcome")
"""
PASSWORD = "a long enough passphrase"


@dataclass
class Person:
    page: Page
    organization: str

    def go(self, path: str = "") -> Page:
        self.page.goto(f"/o/{self.organization}/{path}")
        return self.page

    def fill_in_job(self, **fields: Any) -> Page:
        """The form of a new job, filled in but not sent, with the market's answer shown."""
        page = self.go(f"jobs/new/?pool={fields.pop('pool', 'quick')}")
        given = {
            "name": f"job {uuid4().hex[:8]}",
            "command_line": "echo hello",
            "duration_amount": SHORT,
            "value": "10",
        } | fields
        for name, text in given.items():
            page.fill(f"[name={name}]", str(text))
        return page

    def submit_job(self, **fields: Any) -> Page:
        """The page of a job that was just accepted."""
        page = self.fill_in_job(**fields)
        page.click("#submit")
        page.wait_for_url("**/jobs/*-*/")
        return page


def sign_in(page: Page, email: str, password: str, *, organization: str) -> Person:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/o/*/")
    return Person(page, organization)


def sign_up(page: Page) -> Person:
    """Somebody new, in their own organization."""
    page.goto("/accounts/signup/")
    page.fill("[name=email]", f"{uuid4().hex[:10]}@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/o/*/")
    return Person(page, page.url.rstrip("/").rsplit("/", 1)[-1])


def top_up(platform: Platform, organization: str) -> None:
    """Give an organization 50 credits, as an operator would."""
    platform.manage("shell", "-v0", "-c", TOP_UP.format(slug=organization))


def expect_state(page: Page, state: str, *, within: float = 60) -> None:
    """The page comes to show this state by itself."""
    expect(page.locator(f"#job-head .state-{state}")).to_be_visible(timeout=within * 1000)


def terminal_text(page: Page) -> str:
    """What the terminal shows, line by line."""
    return "\n".join(page.locator("#terminal .xterm-rows > div").all_text_contents())
