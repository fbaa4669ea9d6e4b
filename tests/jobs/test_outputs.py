"""Outputs: what a job wrote can be fetched, and nothing else, whatever the job does to its folder."""

import os
import uuid
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from era_platform.common.errors import NotFound
from jobs import outputs

JOB = uuid.uuid4()


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.ERA_STORAGE_ROOT = tmp_path
    (tmp_path / "secret").write_text("another tenant's")
    folder = outputs.folder_of(JOB)
    (folder / "weights" / "best").mkdir(parents=True)
    (folder / "weights" / "best" / "model.npz").write_bytes(b"\0\1\2")
    (folder / "metrics.csv").write_text("epoch,loss\n")
    (folder.parent / "log").write_text("beside")
    return folder


def paths() -> list[str]:
    return [file.path for file in outputs.listing(JOB)]


def content(path: str) -> bytes:
    with outputs.open_output(JOB, path) as file:
        return file.read()


def test_all_files_are_listed_with_their_sizes(folder: Path) -> None:
    assert [(file.path, file.size) for file in outputs.listing(JOB)] == [
        ("metrics.csv", 11),
        ("weights/best/model.npz", 3),
    ]


def test_a_job_without_outputs_has_none(settings: Settings, tmp_path: Path) -> None:
    settings.ERA_STORAGE_ROOT = tmp_path
    assert outputs.listing(JOB) == []
    with pytest.raises(NotFound):
        outputs.open_output(JOB, "metrics.csv")


def test_a_file_is_given_byte_for_byte(folder: Path) -> None:
    assert content("weights/best/model.npz") == b"\0\1\2"


def test_a_link_within_the_outputs_is_followed_but_not_listed(folder: Path) -> None:
    (folder / "latest").symlink_to("weights/best")
    assert content("latest/model.npz") == b"\0\1\2"
    assert paths() == ["metrics.csv", "weights/best/model.npz"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "weights",
        "../log",
        "weights/../../log",
        "/etc/passwd",
        "missing",
        "metrics.csv/x",
        "a\0b",
        "out",
        "up/log",
    ],
)
def test_nothing_else_can_be_opened(folder: Path, path: str) -> None:
    (folder / "out").symlink_to(folder.parents[2] / "secret")
    (folder / "up").symlink_to("..")
    with pytest.raises(NotFound):
        outputs.open_output(JOB, path)


@pytest.mark.parametrize("kind", ["fifo", "loop"])
def test_what_would_hang_the_reader_is_not_opened(folder: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(folder / "trap")
    else:
        (folder / "trap").symlink_to("trap")
    with pytest.raises(NotFound):
        outputs.open_output(JOB, "trap")


def test_folders_nested_deeper_than_recursion_goes_are_listed(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("deep", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert any(path.endswith("/deep") for path in paths())


def test_more_files_than_can_be_shown_end_the_listing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST_LISTED", 5)
    for number in range(20):
        (folder / str(number)).touch()
    assert len(paths()) == 5


def test_a_name_that_is_not_utf_8_is_listed_as_well_as_it_can_be(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).touch()
    assert "caf\ufffd" in paths()


@pytest.mark.parametrize("parts", [("out",), ("up", "log"), ("weights", "loop", "metrics.csv")])
def test_a_link_put_in_place_after_the_path_was_looked_at_leads_nowhere(folder: Path, parts: tuple[str, ...]) -> None:
    (folder / "out").symlink_to(folder.parents[2] / "secret")
    (folder / "up").symlink_to("..")
    (folder / "weights" / "loop").symlink_to("..")
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        outputs.open_beneath(folder, parts)
