"""Files into datasets by a person: dropped, paused, gone on with after a reload, published, looked at."""

import hashlib
import json
import random
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.people import Person
from tests.browser.test_pages import PHONE, TOO_WIDE, violations
from tests.datasets import samples
from tests.platform import Platform, eventually

pytestmark = pytest.mark.browser

MIB = 1024 * 1024
LARGE = 12 * MIB
STALLS_AFTER = 5 * MIB


class Wire:
    """Between the page and the server: counts what is brought, and holds back that it was taken while `stalled`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stalled = False
        self.brought: dict[str, int] = {}
        self._held: list[Callable[[], None]] = []
        page.route_web_socket(re.compile("/ws/v1/transfer"), self._connect)

    def has_brought(self, least: int) -> bool:
        """What goes through the wire is seen while the page is asked something."""
        self.page.wait_for_timeout(50)
        return sum(self.brought.values()) > least

    def release(self) -> None:
        self.stalled = False
        for tell in self._held:
            tell()
        self._held.clear()

    def _connect(self, client: WebSocketRoute) -> None:
        server, paths = client.connect_to_server(), dict[int, str]()

        def bring(message: str | bytes) -> None:
            self._note(message, paths)
            server.send(message)

        client.on_message(bring)
        server.on_message(lambda message: self._pass(client, message))

    def _pass(self, client: WebSocketRoute, message: str | bytes) -> None:
        if self.stalled and sum(self.brought.values()) > STALLS_AFTER and '"got"' in str(message):
            self._held.append(lambda: client.send(message))
        else:
            client.send(message)

    def _note(self, message: str | bytes, paths: dict[int, str]) -> None:
        """`paths` are those of this connection, by the numbers that it gave them."""
        if isinstance(message, str):
            header, length = json.loads(message), 0
        else:
            (end,) = struct.unpack(">I", message[:4])
            header, length = json.loads(message[4 : 4 + end]), len(message) - 4 - end
        if "path" in header:
            paths[header["id"]] = header["path"]
        if length:
            path = paths[header["id"]]
            self.brought[path] = self.brought.get(path, 0) + length


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a large file, more than a hundred small ones, and one within another."""
    top = tmp_path / "shapes"
    (top / "labels").mkdir(parents=True)
    (top / "large.bin").write_bytes(random.Random(7).randbytes(LARGE))
    (top / "labels" / "train.csv").write_bytes(samples.a_csv())
    for number in range(120):
        (top / f"{number:03d}.txt").write_text(f"file {number}")
    return top


def a_draft(person: Person, platform: Platform, **fields: Any) -> str:
    """The address of a new dataset's draft, on its page; the dataset's name is the last but two of its parts."""
    name = f"set-{uuid4().hex[:8]}"
    with platform.client() as client:
        client.post("datasets", json={"name": name, **fields}).raise_for_status()
        draft = client.post(f"datasets/demo/{name}/versions", json={}).json()["id"]
    person.go(f"datasets/demo/{name}/versions/{draft}/")
    return f"datasets/demo/{name}/"


def drop(page: Page, *paths: Path) -> None:
    """As if dragged in from the desktop."""
    box = page.locator("[data-part=drop]").bounding_box()
    assert box
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **where})


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]")


def expect_all_stored(page: Page) -> None:
    expect(page.locator("#upload")).to_have_attribute("data-state", "done", timeout=90_000)


def test_a_folder_is_dropped_paused_gone_on_with_after_a_reload_and_published(
    demo: Person, platform: Platform, folder: Path
) -> None:
    page = demo.page
    wire = Wire(page)
    address = a_draft(demo, platform)
    wire.stalled = True
    drop(page, folder)
    eventually(lambda: wire.has_brought(STALLS_AFTER), what="some of it under way", within=60)
    part(page, "pause").click()
    wire.release()
    expect(part(page, "state")).to_have_text("paused")
    line = page.locator(".upload-line", has_text="large.bin")
    expect(line).to_have_attribute("data-state", "paused", timeout=60_000)
    before = dict(wire.brought)

    page.reload()
    expect(part(page, "unfinished")).to_contain_text("shapes/large.bin")
    wire.brought.clear()
    drop(page, folder)
    expect_all_stored(page)
    assert before["shapes/large.bin"] + wire.brought["shapes/large.bin"] == LARGE
    assert [path for path in wire.brought if path in before] == ["shapes/large.bin"]

    page.fill("#note", "The first of them")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.locator("#versions")).to_contain_text("The first of them")
    is_there(platform, address, folder)


def is_there(platform: Platform, address: str, folder: Path) -> None:
    """Each file, and the large one byte for byte."""
    with platform.client() as client:
        manifest = client.get(f"{address}versions/1/manifest").text
        large = client.get(f"{address}versions/1/files/shapes/large.bin").content
    assert manifest.count("\n") == 122
    assert hashlib.sha256(large).digest() == hashlib.sha256((folder / "large.bin").read_bytes()).digest()


def test_what_cant_be_taken_says_why_and_is_tried_again(demo: Person, platform: Platform, tmp_path: Path) -> None:
    page = demo.page
    a_draft(demo, platform)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a").write_text("a file")
    (tmp_path / "two" / "a").mkdir(parents=True)
    (tmp_path / "two" / "a" / "b").write_text("in a folder of the same name")
    part(page, "choose-files").set_input_files(tmp_path / "one" / "a")
    expect_all_stored(page)
    part(page, "choose-folder").set_input_files(tmp_path / "two" / "a")
    failed = page.locator(".upload-line[data-state=failed]")
    expect(failed).to_contain_text("'a' is a file", timeout=30_000)
    page.get_by_role("button", name="Take a out").click()
    page.get_by_role("button", name="Take it out").click()
    expect(page.locator("#files")).to_contain_text("No files yet")
    part(page, "choose-folder").set_input_files(tmp_path / "two" / "a")
    expect_all_stored(page)
    expect(page.locator("#files")).to_contain_text("1 file", timeout=30_000)


def test_previews_are_seen(demo: Person, platform: Platform, tmp_path: Path) -> None:
    page, address = demo.page, a_gallery(platform)
    demo.go(f"{address}versions/1/?folder=pictures")
    shown = page.locator(".gallery img")
    expect(shown).to_have_count(3)
    for number in range(3):
        eventually(lambda number=number: shown.nth(number).evaluate("img => img.naturalWidth") == 320, what="a picture")  # type: ignore[misc]
    page.get_by_role("link", name="0.png").first.click()
    eventually(lambda: page.locator(".picture img").evaluate("img => img.naturalWidth") == 640, what="the picture")
    demo.go(f"{address}versions/1/file/tone.wav")
    eventually(lambda: page.locator("audio").evaluate("audio => audio.duration") > 0, what="a sound to play")
    demo.go(f"{address}versions/1/file/train.csv")
    expect(page.locator(".data-table svg.bars")).to_have_count(2)
    bars = page.locator(".data-table svg.bars").first.bounding_box()
    assert bars
    assert bars["width"] > 80


FILES = ("pictures/0.png", "train.csv", "tone.wav", "tree.json", "array.npy", "words.txt")
PAGES = (
    "",
    "settings/",
    "versions/1/?folder=pictures",
    "versions/2/changes/",
    *(f"versions/1/file/{f}" for f in FILES),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_datasets_meet_wcag_2_2_aa(demo: Person, platform: Platform, theme: Literal["light", "dark"]) -> None:
    page, address = demo.page, a_gallery(platform)
    page.emulate_media(color_scheme=theme)
    for path in PAGES:
        demo.go(f"{address}{path}")
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], path
    a_draft(demo, platform)
    assert violations(page) == []


def test_no_page_of_a_dataset_is_wider_than_a_phone(demo: Person, platform: Platform) -> None:
    page, address = demo.page, a_gallery(platform)
    page.set_viewport_size(PHONE)
    for path in PAGES:
        demo.go(f"{address}{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate(TOO_WIDE) <= 0, path
    a_draft(demo, platform)
    assert page.evaluate(TOO_WIDE) <= 0


def a_gallery(platform: Platform) -> str:
    """A dataset with a file of each kind that is shown, and a second version with one file more."""
    files = {f"pictures/{number}.png": samples.a_picture(640, 480) for number in range(3)}
    files |= {"train.csv": samples.a_csv(), "tone.wav": samples.a_sound(), "tree.json": samples.a_tree()}
    name = f"gallery-{uuid4().hex[:8]}"
    with platform.client() as client:
        about = {"name": name, "description": "# Pictures\n\nSee [the labels](train.csv).", "tags": ["images"]}
        client.post("datasets", json=about).raise_for_status()
        bring(client, name, None, files | {"words.txt": b"words\n", "array.npy": samples.an_array(only=np.eye(3))})
        bring(client, name, "1", {"a-name-without-any-space-" * 4 + ".txt": b""})
    return f"datasets/demo/{name}/"


def bring(client: Any, name: str, base: str | None, files: dict[str, bytes]) -> None:
    """Into a new version, which begins from `base`."""
    versions = f"datasets/demo/{name}/versions"
    draft = client.post(versions, json={"base": base} if base else {}).json()["id"]
    for path, content in files.items():
        client.put(f"{versions}/{draft}/files/{path}", content=content).raise_for_status()
    client.post(f"{versions}/{draft}/publish", json={}).raise_for_status()
