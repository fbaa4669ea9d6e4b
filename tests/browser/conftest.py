"""One platform and one Chromium for all browser tests; every page is watched for what should never happen."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.people import Person, sign_in
from tests.browser.watching import Watch
from tests.platform import PROJECT, Platform, running_platform

# Playwright runs a loop of its own in this thread; Django would refuse to touch the database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform with a pool of slots of 5 s, `quick`, and one of 2 units only, `small`."""
    with running_platform(tmp_path_factory.mktemp("browser")) as started:
        make_pool(started, "quick", 8)
        make_pool(started, "small", 2)
        yield started


def make_pool(platform: Platform, slug: str, units: int) -> None:
    """A pool with slots of 5 s."""
    platform.manage("create_pool", slug, f"--units={units}", "--slot-seconds=5", "--horizon-slots=2000",
                    "--unit-cpus=0.25", "--unit-memory-mib=1024", "--grace-seconds=2")  # fmt: skip


@pytest.fixture
def own_pool(platform: Platform) -> str:
    """A pool of 8 units in which nobody else has anything."""
    slug = f"own-{uuid4().hex[:8]}"
    make_pool(platform, slug, 8)
    return slug


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, platform: Platform) -> Iterator[BrowserContext]:
    """A browser that was never here before, in Berlin; at the end it must not have seen any trouble."""
    opened = chromium.new_context(
        base_url=platform.url, timezone_id="Europe/Berlin", locale="en-GB", viewport={"width": 1280, "height": 900}
    )
    opened.set_default_timeout(30_000)
    watch = Watch(opened, platform.url)
    yield opened
    opened.close()
    assert watch.trouble == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def demo(page: Page) -> Person:
    """The one who tries the platform out, signed in."""
    return sign_in(page, "demo@example.com", "demo", organization="demo")


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """The digits example as a zip, as somebody would upload it."""
    return Path(shutil.make_archive(str(tmp_path / "digits"), "zip", PROJECT / "examples" / "digits"))
