"""Code on its way: the same files give the same archive, and the platform takes what is packed."""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from era_client.errors import LocalError
from era_client.ignore import rules, walk
from era_client.models import Limits
from era_client.packing import Packed, collect, pack
from era_platform.common import archives

FILES = {
    "train.py": "print(1)\n",
    "lib/net.py": "x = 1\n",
    "lib/__pycache__/net.pyc": "…",
    ".git/HEAD": "ref",
    "ä b.txt": "ü",
}

MakeFolder = Callable[..., Path]


@pytest.fixture
def a_folder(tmp_path: Path) -> MakeFolder:
    def make(name: str = "code", ignore: str = "", files: dict[str, str] = FILES) -> Path:
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text, encoding="utf-8")
        if ignore:
            (tmp_path / name / ".eraignore").write_text(ignore, encoding="utf-8")
        return tmp_path / name

    return make


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[Path], Packed]:
    return lambda folder: pack(folder, tmp_path / f"{folder.name}.tar.gz", Limits())


def names(folder: Path) -> list[str]:
    return [one.name for one in collect(folder, Limits())]


def test_the_same_files_give_the_same_bytes_wherever_and_whenever(
    a_folder: MakeFolder, packed: Callable[[Path], Packed]
) -> None:
    one = packed(a_folder("one"))
    other = a_folder("other", files=dict(reversed(FILES.items())))
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
    assert packed(other).sha256 == one.sha256
    assert (one.files, one.unpacked) == (3, len("print(1)\nx = 1\n") + 2)


def test_the_platform_unpacks_what_was_packed(a_folder: MakeFolder, packed: Callable[[Path], Packed]) -> None:
    folder = a_folder()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "empty" / "inner").mkdir(parents=True)
    long = "/".join(["a-rather-long-name"] * 12) + "/x.txt"
    (folder / long).parent.mkdir(parents=True)
    (folder / long).write_text("deep")
    with packed(folder).path.open("rb") as file:
        there = {
            entry.path: (entry.is_folder, entry.executable, entry.content.read() if entry.content else b"")
            for entry in archives.entries(file, archives.Limits(10**9, 1000))
        }
    assert there["train.py"] == (False, False, b"print(1)\n")
    assert there["run.sh"] == (False, True, b"#!/bin/sh\n")
    assert there["empty/inner"][0]
    assert there[long][2] == b"deep"
    assert there["ä b.txt"][2] == "ü".encode()


def test_nothing_about_the_one_who_packs_is_in_the_archive(
    a_folder: MakeFolder, packed: Callable[[Path], Packed]
) -> None:
    with tarfile.open(packed(a_folder()).path) as archive:
        assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in archive} == {(0, 0, "", "", 315_532_800)}


def test_caches_and_repositories_stay_here_unless_they_are_taken_back(a_folder: MakeFolder) -> None:
    assert names(a_folder("usual")) == ["lib/net.py", "train.py", "ä b.txt"]
    assert ".git/HEAD" in names(a_folder("all", ignore="!.git/\n"))


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("*.ckpt\n!best.ckpt\n", {"best.ckpt", "keep/a.txt", "data/x.bin"}),
        ("data/\n", {"best.ckpt", "last.ckpt", "keep/a.txt"}),
        ("/*\n!/keep/\n", {"keep/a.txt"}),
        ("# nothing\n\n", {"best.ckpt", "last.ckpt", "keep/a.txt", "data/x.bin"}),
        ("**/x.bin\nkeep\n", {"best.ckpt", "last.ckpt"}),
        ("data/\n!data/x.bin\n", {"best.ckpt", "last.ckpt", "keep/a.txt"}),  # as with git
    ],
)
def test_eraignore_says_as_gitignore_does_what_stays_here(a_folder: MakeFolder, ignore: str, left: set[str]) -> None:
    files = dict.fromkeys(["best.ckpt", "last.ckpt", "keep/a.txt", "data/x.bin"], "x")
    folder = a_folder(ignore=ignore, files=files)
    assert {one.name for one in walk(folder, rules(folder)) if not one.is_folder} == left


def test_a_folder_that_is_left_out_is_not_even_looked_into(a_folder: MakeFolder) -> None:
    folder = a_folder(ignore="data/\n")
    (folder / "data").mkdir()
    (folder / "data" / "loop").symlink_to(folder)
    assert "train.py" in names(folder)


def test_a_link_to_a_file_goes_as_the_file_and_one_to_a_folder_is_refused(a_folder: MakeFolder, tmp_path: Path) -> None:
    folder = a_folder()
    (tmp_path / "elsewhere.txt").write_text("here")
    (folder / "link.txt").symlink_to(tmp_path / "elsewhere.txt")
    assert "link.txt" in names(folder)
    (folder / "data").symlink_to(tmp_path)
    with pytest.raises(LocalError, match=r"data is a link to a folder: .*\.eraignore"):
        collect(folder, Limits())


def test_what_is_no_file_is_refused_and_named(a_folder: MakeFolder) -> None:
    folder = a_folder()
    os.mkfifo(folder / "pipe")
    with pytest.raises(LocalError, match="pipe is not a plain file"):
        collect(folder, Limits())


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(code_files=2), "files and more; at most 2"),
        (Limits(code_unpacked_bytes=10), "17 B; at most 10 B"),
        (Limits(code_bytes=20), "when packed; at most 20 B"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent_with_what_is_largest(
    a_folder: MakeFolder, tmp_path: Path, limits: Limits, told: str
) -> None:
    with pytest.raises(LocalError, match=told) as caught:
        pack(a_folder(), tmp_path / "code.tar.gz", limits)
    assert caught.value.code == "code_too_large"
    assert "train.py (9 B)" in caught.value.hint


def test_names_that_are_one_file_on_some_system_are_refused(a_folder: MakeFolder) -> None:
    with pytest.raises(LocalError, match=r"'A\.txt' and 'a\.txt'|'a\.txt' and 'A\.txt'"):
        collect(a_folder(files={"a.txt": "1", "A.txt": "2"}), Limits())


def test_an_empty_folder_is_no_code(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="has no files to send"):
        collect(tmp_path, Limits())
