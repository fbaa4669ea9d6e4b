"""Jobs on a deployed platform, as its clients have them."""

import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.platform import PROJECT, in_future


def submit_digits(client: httpx.Client, image: str, folder: Path) -> dict[str, Any]:
    """The main job of the README; its code comes as an archive."""
    archive = folder / "digits.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", str(PROJECT / "examples" / "digits"), "."], check=True)
    fields = {
        "pool": "quick", "name": "digits", "image": image, "command": "python train.py --epochs 12",
        "units": "10", "duration": "60", "deadline": in_future(minutes=15), "value": "10",
    }  # fmt: skip
    with archive.open("rb") as code:
        answer = client.post("jobs", data=fields, files={"code": ("digits.tar.gz", code)})
    return created(answer)


def submit(client: httpx.Client, image: str, command: list[str], **fields: Any) -> dict[str, Any]:
    """A job of one unit."""
    request = {
        "pool": "quick", "name": "small", "image": image, "command": command,
        "units": 1, "duration": 60, "deadline": in_future(minutes=15), "value": "10",
    } | fields  # fmt: skip
    return created(client.post("jobs", json=request))


def created(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert job["state"] == "reserved", job
    return job
