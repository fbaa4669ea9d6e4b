"""Paths of each system and names over there: one file, one name, and no way out of a folder."""

import unicodedata
from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from era_client.errors import LocalError
from era_client.paths import check_distinct, local_path, problem_with, remote_name
from era_platform.common import archives

TAKEN_APART = unicodedata.normalize("NFD", "é")

NAMES = [
    ("a.txt", "a.txt"),
    ("train/a.csv", "train/a.csv"),
    ("deep/er/and/deeper.bin", "deep/er/and/deeper.bin"),
    ("with space/ü.txt", "with space/ü.txt"),
    (f"{TAKEN_APART}.txt", "é.txt"),
    ("..hidden", "..hidden"),
    ("a..b/c", "a..b/c"),
    ("-rf", "-rf"),
    ("x" * 255, "x" * 255),
]


@pytest.mark.parametrize("kind", [PurePosixPath, PureWindowsPath])
@pytest.mark.parametrize(("path", "name"), NAMES)
def test_a_path_has_the_same_name_from_every_system(kind: type[PurePath], path: str, name: str) -> None:
    assert remote_name(kind(path)) == name


def test_backslashes_separate_on_windows_only() -> None:
    assert remote_name(PureWindowsPath(r"train\deep\a.csv")) == "train/deep/a.csv"
    with pytest.raises(LocalError, match="backslash"):
        remote_name(PurePosixPath(r"train\a.csv"))


@pytest.mark.parametrize(
    "path",
    [
        PurePosixPath("/etc/passwd"),
        PurePosixPath("../a"),
        PurePosixPath("a/../../b"),
        PurePosixPath("C:/a"),
        PurePosixPath("a\nb"),
        PurePosixPath("a\x7fb"),
        PurePosixPath("\udcff.txt"),
        PurePosixPath("x" * 256),
        PurePosixPath("/".join(["y" * 200] * 6)),
        PureWindowsPath(r"C:\a.txt"),
        PureWindowsPath("C:a.txt"),
        PureWindowsPath(r"\a.txt"),
        PureWindowsPath(r"\\server\share\a.txt"),
        PureWindowsPath(r"..\a.txt"),
        PureWindowsPath(r"\\?\C:\a.txt"),
    ],
    ids=repr,
)
def test_what_leads_elsewhere_or_cannot_be_named_is_not_sent(path: PurePath) -> None:
    with pytest.raises(LocalError):
        remote_name(path)


@pytest.mark.parametrize("root", [PurePosixPath("/data"), PureWindowsPath(r"D:\data")], ids=["posix", "windows"])
@pytest.mark.parametrize("name", ["a.txt", "train/a.csv", "with space/ü.txt", "..hidden", "com10/x", "console.txt"])
def test_a_name_lies_under_its_folder_on_every_system(root: PurePath, name: str) -> None:
    found = local_path(root, name)
    assert found.relative_to(root).parts == tuple(name.split("/"))
    assert remote_name(found.relative_to(root)) == name


@pytest.mark.parametrize("root", [PurePosixPath("/data"), PureWindowsPath(r"D:\data")], ids=["posix", "windows"])
@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a//b",
        "a/./b",
        ".",
        "..",
        "C:/a",
        "c:a",
        "a\\b",
        "..\\a",
        "a\0b",
        "a\n",
    ],
)
def test_a_name_that_leads_elsewhere_is_never_written(root: PurePath, name: str) -> None:
    with pytest.raises(LocalError):
        local_path(root, name)


@pytest.mark.parametrize(
    "name",
    [
        *("ab:c", "file.txt:stream", "a<b", "a>b", 'a"b', "a|b", "a?b", "a*b", "dot.", "space ", "folder./a"),
        *("CON", "con", "nul.txt", "Aux/a", "COM1", "lpt9.log", "prn.tar.gz", "COM¹", "conin$", "CON .txt"),
    ],
)
def test_what_windows_cannot_keep_is_refused_there_and_kept_elsewhere(name: str) -> None:
    assert local_path(PurePosixPath("/data"), name) == PurePosixPath("/data") / name
    with pytest.raises(LocalError, match="can't be kept on Windows") as caught:
        local_path(PureWindowsPath(r"D:\data"), name)
    assert caught.value.code == "name_not_possible_here"


@given(st.text(st.sampled_from("ab.C:/\\\\ \n\x7fé\ud800"), max_size=12) | st.text(max_size=300))
@example("x" * 256)
@example("/".join(["y" * 200] * 6))
def test_both_sides_refuse_the_same_names(name: str) -> None:
    try:
        taken_there = archives.clean_path(name) == name
    except archives.Refused:
        taken_there = False
    assert (problem_with(name) == "") == taken_there


@pytest.mark.parametrize("names", [["a.txt", "A.TXT"], ["ä/x", "Ä/x"], ["é", TAKEN_APART], ["ß", "SS"]])
def test_names_that_are_one_file_on_some_systems_are_refused_there_only(names: list[str]) -> None:
    check_distinct(names, folded=False)
    with pytest.raises(LocalError, match="differ only in case"):
        check_distinct(names, folded=True)
