"""Takes docs/screenshots/: every page, light and dark, wide and narrow. `python -m tests.browser.screenshots`."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser import dataset_pictures
from tests.browser.people import sign_in
from tests.platform import PROJECT, Platform, a_request, eventually, in_future, running_platform

FOLDER = PROJECT / "docs" / "screenshots"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
TRAINING = """
for epoch in $(seq 1 300); do
  printf '\\033[1mepoch %2d\\033[0m  ' $epoch
  for step in $(seq 1 20); do printf '\\033[32m━\\033[0m'; sleep 0.1; done
  printf '  loss \\033[33m0.%03d\\033[0m\\n' $((900 / epoch))
done
"""
RIVALS = """
from accounts.models import User
from accounts.services.organizations import create_team
from accounts.services.users import create_user
from accounts.services.wallets import top_up
user = create_user(email="rival@example.com", password=None)
team = create_team(actor=user, name="Rivals", slug="rivals")
top_up(actor=None, organization=team, amount=10**12)
"""


class Shot(NamedTuple):
    """A page under a name; `signed_in` says as whom it is seen."""

    name: str
    path: str
    signed_in: bool = True


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, running_platform(Path(scratch)) as platform, chromium() as browser:
        shots = furnish(platform, browser)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for theme in THEMES:
            for size in SIZES:
                take_all(browser, platform, shots, theme, size)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def furnish(platform: Platform, browser: Browser) -> list[Shot]:
    """A market with some life in it, and jobs of demo's in many states."""
    open_pools(platform)
    platform.manage("shell", "-v0", "-c", RIVALS)
    crowd(platform.client(user="rival@example.com", org="rivals"))
    with platform.client() as client:
        jobs = submit_all(client)
    page = browser.new_page(base_url=platform.url)
    sign_in(page, "demo@example.com", "demo", organization="demo")
    invite(page)
    page.close()
    datasets = [Shot(name, path) for name, path in dataset_pictures.furnish(platform)]
    prices = [Shot(f"job-price-{name}", f"/o/demo/jobs/{jobs[name]}/price/") for name in ("reserved", "refused")]
    return [*pages(), *(Shot(f"job-{name}", f"/o/demo/jobs/{job}/") for name, job in jobs.items()), *prices, *datasets]


def pages() -> list[Shot]:
    return [
        Shot("sign-in", "/accounts/login/", signed_in=False),
        Shot("sign-up", "/accounts/signup/", signed_in=False),
        Shot("password-reset", "/accounts/password/reset/", signed_in=False),
        Shot("overview", "/o/demo/"),
        Shot("overview-empty", "/o/rivals-friends/"),
        Shot("jobs", "/o/demo/jobs/"),
        Shot("job-new", "/o/demo/jobs/new/?pool=gpu"),
        Shot("job-new-menu", "/o/demo/jobs/new/?pool=gpu&menu"),
        Shot("job-new-flexible", "/o/demo/jobs/new/?pool=gpu&flexible"),
        Shot("job-new-refused", "/o/demo/jobs/new/?pool=gpu&refused"),
        Shot("pools", "/o/demo/pools/"),
        Shot("pool", "/o/demo/pools/gpu/"),
        Shot("wallet", "/o/demo/wallet/"),
        Shot("spending", "/o/demo/spending/?by=member"),
        Shot("statement", f"/o/demo/statements/{datetime.now(UTC):%Y-%m}/"),
        Shot("projects", "/o/demo/projects/"),
        Shot("project-new", "/o/demo/projects/new/"),
        Shot("members", "/o/demo/members/"),
        Shot("invite", "/o/demo/members/invite/"),
        Shot("tokens", "/o/demo/tokens/"),
        Shot("token-new", "/o/demo/tokens/new/"),
        Shot("organization-new", "/organizations/new/"),
        Shot("settings", "/o/demo/settings/"),
        Shot("account-email", "/accounts/email/"),
        Shot("account-mfa", "/accounts/2fa/"),
        Shot("problem-404", "/o/nobody-has-this/"),
    ]


def open_pools(platform: Platform) -> None:
    quick = ("quick", "--units=8", "--slot-seconds=5", "--horizon-slots=2000", "--unit-cpus=0.25")
    gpu = ("gpu", "--name=GPU workstations", "--units=64", "--slot-seconds=900", "--horizon-slots=480", "--unit-cpus=8")
    for pool in (quick, gpu):
        platform.manage("create_pool", *pool, "--unit-memory-mib=1024", "--grace-seconds=2")


def crowd(client: httpx.Client) -> None:
    """Others' reservations, denser by day than by night, so that prices have a shape. The same every time."""
    chance = Random(7)
    for _number in range(140):
        day, hour = chance.randrange(4), min(23.0, max(0.0, chance.gauss(14, 4)))
        begin = datetime.now(UTC).replace(hour=0, minute=0) + timedelta(days=day, hours=hour)
        earliest = max(begin, datetime.now(UTC))
        hours = chance.choice([1, 2, 4, 8])
        wanted = a_request(
            pool="gpu",
            name="another's",
            units=chance.choice([2, 4, 8, 12]),
            duration=hours * 3600,
            earliest=earliest.isoformat(),
            deadline=(earliest + timedelta(hours=hours + 2)).isoformat(),
            value="100000",
        )
        client.post("jobs", json=wanted).raise_for_status()


def submit_all(client: httpx.Client) -> dict[str, str]:
    """Jobs by the state they are in when the pictures are taken; the running one was submitted last."""
    ids = {
        "succeeded": digits(client),
        "failed": submit(client, name="evaluate-checkpoint", command="sh -c 'echo no such file: weights.npz; exit 3'"),
        "refused": submit(
            client, pool="gpu", name="ablation", units=8, duration=7200, value="0.05", deadline=in_future(hours=30)
        ),
    }
    for name, hours in (("resnet50 · fine-tune", 4), ("tokenizer sweep", 9)):
        ids["reserved"] = submit(
            client,
            pool="gpu",
            name=name,
            units=4,
            duration=5400,
            earliest=in_future(hours=hours),
            deadline=in_future(hours=20),
        )
    cancelled = submit(client, pool="gpu", name="second thoughts", duration=3600, deadline=in_future(hours=20))
    client.post(f"jobs/{cancelled}/cancel").raise_for_status()
    for name in ("succeeded", "failed"):
        eventually(lambda name=name: state(client, ids[name]) == name, within=120, what=name)  # type: ignore[misc]
    ids["running"] = submit(client, name="train · small transformer", command=["sh", "-c", TRAINING], duration=900)
    eventually(lambda: state(client, ids["running"]) == "running", within=60, what="running")
    time.sleep(8)  # so that the picture of the log has something to show
    return ids


def submit(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("jobs", json=a_request(**{"pool": "quick", "duration": 15, "value": "500", **fields}))
    answer.raise_for_status()
    return str(answer.json()["id"])


def digits(client: httpx.Client) -> str:
    archive = subprocess.run(
        ["tar", "-cz", "-C", str(PROJECT / "examples" / "digits"), "."], check=True, capture_output=True
    ).stdout
    fields = a_request(pool="quick", name="digits", command="python train.py --epochs 20", duration=60, units=4)
    form = {name: str(value) for name, value in fields.items()}
    answer = client.post("jobs", data=form, files={"code": ("digits.tar.gz", archive)})
    answer.raise_for_status()
    return str(answer.json()["id"])


def state(client: httpx.Client, job: str) -> str:
    return str(client.get(f"jobs/{job}").json()["state"])


def invite(page: Page) -> None:
    """Somebody invited, a token, and an organization with nothing in it."""
    page.goto("/o/demo/members/invite/")
    page.fill("[name=email]", "colleague@example.com")
    page.click("main button[type=submit]")
    page.goto("/o/demo/tokens/new/")
    page.fill("[name=name]", "continuous integration")
    page.click("main button[type=submit]")
    page.goto("/organizations/new/")
    page.fill("[name=name]", "Rivals' friends")
    page.fill("[name=slug]", "rivals-friends")
    page.click("main button[type=submit]")


def take_all(browser: Browser, platform: Platform, shots: list[Shot], theme: str, size: str) -> None:
    scheme: Any = theme
    context = browser.new_context(
        base_url=platform.url, color_scheme=scheme, viewport=SIZES[size], locale="en-GB", timezone_id="Europe/Berlin"
    )
    page = context.new_page()
    for shot in [shot for shot in shots if not shot.signed_in]:
        take(page, shot, f"{shot.name}-{size}-{theme}")
    sign_in(page, "demo@example.com", "demo", organization="demo")
    for shot in [shot for shot in shots if shot.signed_in]:
        take(page, shot, f"{shot.name}-{size}-{theme}")
    context.close()


def take(page: Page, shot: Shot, name: str) -> None:
    page.goto(shot.path)
    if "jobs/new" in shot.path:
        fill_in(page, value="0.4" if "refused" in shot.path else "40")
    if "menu" in shot.path:  # from a dear hour of the day on, so that waiting saves something
        page.fill("#id_earliest", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T19:00")
    if "flexible" in shot.path:
        for row, (units, hours) in enumerate((("4", "5.5"), ("2", "10"))):
            page.click("#also-add")
            page.locator("[name=also_units]").nth(row).fill(units)
            page.locator("[name=also_duration_amount]").nth(row).fill(hours)
            page.locator("[name=also_duration_unit]").nth(row).select_option("hours")
    if "?upload" in shot.path:
        dataset_pictures.upload_half(page)
    page.wait_for_timeout(1200)  # charts, sockets and fonts
    whole = page.evaluate("document.documentElement.scrollHeight")
    asked = page.viewport_size
    assert asked
    # The window grows to the page rather than the picture beyond the window: then what sticks, sticks where it would.
    page.set_viewport_size({"width": asked["width"], "height": min(max(whole, asked["height"]), 2600)})
    page.wait_for_timeout(300)
    save(page.screenshot(), FOLDER / f"{name}.png")
    page.set_viewport_size(asked)


def save(picture: bytes, path: Path) -> None:
    """In 256 colours, the rare ones kept: a third of the size, and flat surfaces stay flat."""
    whole = Image.open(BytesIO(picture)).convert("RGB")
    few = whole.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def fill_in(page: Page, *, value: str) -> None:
    for field, text in (
        ("name", "resnet50 · fine-tune"),
        ("command_line", "python train.py --epochs 30"),
        ("units", "8"),
    ):
        page.fill(f"[name={field}]", text)
    page.fill("[name=duration_amount]", "3")
    page.select_option("[name=duration_unit]", "hours")
    page.get_by_role("button", name="3 days").click()
    page.fill("[name=value]", value)


if __name__ == "__main__":
    main()
