"""What the pictures of datasets' pages show: a dataset with a file of each kind, others', and an upload half way."""

import io
import math
import random
import struct
import wave
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw
from playwright.sync_api import Page, WebSocketRoute

from tests.platform import Platform

README = """# Coloured discs

Discs of many sizes on plain ground, **drawn by a script**: enough to try out whether a training loop learns anything.

![Some of them](images/0003.png)

## Splits

| split | pictures | labels |
|---|---|---|
| train | 18 | [train.csv](labels/train.csv) |
| test | 6 | in `test.csv` |

Made on one afternoon; see [the paper](https://example.org) for what it is not good for.
"""
WHO = """
from accounts.models import Organization, User
from datasets.services import datasets
owner = User.objects.get(email="{user}")
org = Organization.objects.get(slug="{org}")
for name, visibility, words in (
    ("street-scenes", "public", "Four hours of streets in the rain, one picture a second."),
    ("speech-commands", "shared", "Short words by many speakers."),
):
    made = datasets.create(actor=owner, organization=org, name=name, description=words, licence="CC-BY-4.0")
    datasets.set_visibility(actor=owner, dataset=made, visibility=visibility)
    datasets.grant(actor=owner, dataset=made, slug="demo")
"""
NAMES = (
    "images/0003.png",
    "labels/train.csv",
    "metrics.parquet",
    "config.json",
    "weights.npz",
    "tone.wav",
    "train.py",
    "model.bin",
)


def furnish(platform: Platform) -> list[tuple[str, str]]:
    """Names of pictures, and the pages they are of."""
    platform.manage("shell", "-v0", "-c", WHO.format(user="rival@example.com", org="rivals"))
    with platform.client() as client:
        for name, words, tags in OTHERS:
            client.post("datasets", json={"name": name, "description": words, "tags": tags}).raise_for_status()
        about = {
            "name": "discs",
            "description": README,
            "licence": "CC0-1.0",
            "tags": ["images", "toy", "classification"],
        }
        client.post("datasets", json=about).raise_for_status()
        files = all_files()
        bring(client, "", files, "The first pictures")
        changed = {
            "labels/train.csv": a_table(4_000),
            "labels/test.csv": a_table(300),
            "images/0024.png": a_picture(24),
        }
        bring(client, "1", changed, "Labels checked by a second person; a test split", without=["images/0008.jpg"])
        draft = client.post("datasets/demo/discs/versions", json={"base": "2"}).json()["id"]
        client.patch("datasets/demo/discs", json={"visibility": "shared"}).raise_for_status()
        for slug in ("rivals", "university-lab"):
            client.put(f"datasets/demo/discs/grants/{slug}").raise_for_status()
    top = "/o/demo/datasets/demo/discs/"
    files_of = [(f"file-{name.rpartition('.')[2]}", f"{top}versions/2/file/{name}") for name in NAMES]
    return [
        ("datasets", "/o/demo/datasets/"),
        ("datasets-shared", "/o/demo/datasets/?owner=shared"),
        ("datasets-empty", "/o/rivals-friends/datasets/"),
        ("dataset-new", "/o/demo/datasets/new/"),
        ("dataset", top),
        ("dataset-version", f"{top}versions/2/"),
        ("dataset-gallery", f"{top}versions/2/?folder=images"),
        ("dataset-changes", f"{top}versions/2/changes/"),
        ("dataset-settings", f"{top}settings/"),
        ("dataset-draft", f"{top}versions/{draft}/"),
        ("dataset-uploading", f"{top}versions/{draft}/?upload"),
        *files_of,
    ]


OTHERS: tuple[tuple[str, str, list[str]], ...] = (
    (
        "imagenet-subset-of-a-hundred-classes-at-64-pixels",
        "A hundred classes, scaled down. For trying things out.",
        ["images"],
    ),
    ("tokens", "A billion tokens of books whose rights have ended, in shards.", ["text", "large"]),
    ("scratch", "", []),
)


def all_files() -> dict[str, bytes]:
    files = {f"images/{number:04d}.{'png' if number % 2 else 'jpg'}": a_picture(number) for number in range(24)}
    return files | {
        "labels/train.csv": a_table(3_000),
        "metrics.parquet": some_metrics(),
        "config.json": b'{"name": "discs", "classes": ["red", "green"], "split": {"train": 0.8, "test": 0.2},'
        b' "seed": null, "augment": [{"kind": "flip", "p": 0.5}, {"kind": "crop", "size": [224, 224]}]}',
        "weights.npz": some_weights(),
        "tone.wav": a_tone(),
        "train.py": b'"""Trains a small network on discs."""\n\nimport os\n\nfrom net import Net\n\n'
        b'net = Net(width=64)\nfor epoch in range(30):\n    print(epoch, net.fit(os.environ["ERA_INPUT_DIR"]))\n',
        "model.bin": random.Random(1).randbytes(4_096),
    }


def bring(
    client: httpx.Client, base: str, files: dict[str, bytes], note: str, without: list[str] | None = None
) -> None:
    """Into a new version, which begins from `base`."""
    versions = "datasets/demo/discs/versions"
    draft = client.post(versions, json={"base": base, "note": note} if base else {"note": note}).json()["id"]
    for path, content in files.items():
        client.put(f"{versions}/{draft}/files/{path}", content=content).raise_for_status()
    for path in without or []:
        client.delete(f"{versions}/{draft}/files/{path}").raise_for_status()
    client.post(f"{versions}/{draft}/publish", json={}).raise_for_status()


def upload_half(page: Page) -> None:
    """An upload that stands still where some is stored, some under way, and one file was refused."""

    def connect(client: WebSocketRoute) -> None:
        server = client.connect_to_server()
        client.on_message(server.send)
        server.on_message(lambda said: None if '"got"' in str(said) and "5242" in str(said) else client.send(said))

    page.route_web_socket("**/ws/v1/transfer*", connect)
    page.reload()
    chance = random.Random(5)
    small = [
        {"name": f"shard-{number:05d}.tar", "mimeType": "", "buffer": chance.randbytes(90_000)} for number in range(5)
    ]
    refused: Any = {"name": "images", "mimeType": "", "buffer": b"a file where a folder is"}
    large: Any = {"name": "shard-00005.tar", "mimeType": "", "buffer": chance.randbytes(9 * 1024 * 1024)}
    later = [
        {"name": f"shard-{number:05d}.tar", "mimeType": "", "buffer": chance.randbytes(2_000)}
        for number in range(6, 12)
    ]
    page.locator("[data-part=choose-files]").set_input_files([refused, *small, large, *later])
    page.wait_for_timeout(3_000)


def a_picture(number: int) -> bytes:
    chance = random.Random(number)
    picture = Image.new("RGB", (480, 360), tuple(chance.randrange(40, 200) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _disc in range(6):
        x, y, radius = chance.randrange(480), chance.randrange(360), chance.randrange(15, 90)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), tuple(chance.randrange(256) for _ in range(3)))
    out = io.BytesIO()
    picture.save(out, "PNG" if number % 2 else "JPEG")
    return out.getvalue()


def a_table(rows: int) -> bytes:
    chance = random.Random(rows)
    lines = ["image,label,confidence,annotated_at,checked"]
    for row in range(rows):
        sure = "" if row % 13 == 0 else f"{chance.betavariate(6, 2):.4f}"
        label = chance.choice(["red", "green", "red", "blue"])
        day = f"2026-0{row % 9 + 1}-{row % 28 + 1:02d} 12:{row % 60:02d}:00"
        lines.append(f"images/{row % 24:04d}.png,{label},{sure},{day},{'true' if row % 3 else 'false'}")
    return "\n".join([*lines, ""]).encode()


def some_metrics() -> bytes:
    steps = np.arange(20_000)
    noise = np.random.default_rng(2).normal(0, 0.03, len(steps))
    table = {"step": steps, "loss": np.exp(-steps / 6_000) + noise, "phase": ["warm-up"] * 500 + ["train"] * 19_500}
    out = io.BytesIO()
    pq.write_table(pa.table(table), out)
    return out.getvalue()


def some_weights() -> bytes:
    chance, out = np.random.default_rng(4), io.BytesIO()
    layers = {"conv1.weight": chance.normal(0, 0.1, (32, 3, 3, 3)), "conv1.bias": chance.uniform(-0.1, 0.1, 32)}
    np.savez(
        out, allow_pickle=False, **{name: layer.astype("f4") for name, layer in layers.items()}, epoch=np.array(30)
    )
    return out.getvalue()


def a_tone() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        wavy = (int(9_000 * math.sin(at / 8_000 * 2 * math.pi * 440)) for at in range(24_000))
        sound.writeframes(b"".join(struct.pack("<h", value) for value in wavy))
    return out.getvalue()
