"""Files as people look through them, out of a list of all of them."""

import pytest

from datasets.browsing import MOST_LINES, Asked, Folder, folder_of


class Plain:
    """Addresses that say what they are of."""

    def folder(self, path: str) -> str:
        return f"folder:{path}"

    def file(self, path: str) -> str:
        return f"file:{path}"

    def download(self, path: str) -> str:
        return f"bytes:{path}"

    def archive(self, path: str) -> str:
        return f"zip:{path}"

    def picture(self, path: str, side: str) -> str:
        return f"{side}:{path}"


def looked(*paths: str, **asked: str) -> Folder:
    """Files of 10 bytes each, one more for each that comes later."""
    return folder_of([(path, 10 + at) for at, path in enumerate(paths)], Asked.of(asked), Plain())


def names(folder: Folder) -> list[str]:
    return [line.shown for line in folder.lines]


def test_the_top_shows_its_files_and_what_lies_below_in_sum() -> None:
    top = looked("a.txt", "plots/1.png", "plots/deep/2.png")
    plots, file = top.lines
    assert (plots.shown, plots.found.files, plots.found.size, plots.url) == ("plots", 2, 23, "folder:plots")
    assert (file.shown, file.url, file.download) == ("a.txt", "file:a.txt", "bytes:a.txt")
    assert (top.count, top.total) == (3, 33)


def test_an_inner_folder_knows_the_way_up() -> None:
    inner = looked("plots/deep/2.png", folder="plots/deep")
    assert inner.crumbs == [("plots", "folder:plots"), ("deep", "folder:plots/deep")]
    assert names(inner) == ["2.png"]


@pytest.mark.parametrize("folder", ["../../etc", "a", "plots/deep/2.png", "\0"])
def test_a_folder_that_is_not_there_shows_the_top(folder: str) -> None:
    assert looked("a.txt", "plots/deep/2.png", folder=folder).path == ""


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["z", "a.txt", "b.txt"]),
        ("-name", ["z", "b.txt", "a.txt"]),
        ("size", ["z", "b.txt", "a.txt"]),
        ("-size", ["z", "a.txt", "b.txt"]),
        ("rm -rf", ["z", "a.txt", "b.txt"]),
    ],
)
def test_folders_come_first_however_it_is_sorted(sort: str, expected: list[str]) -> None:
    assert names(looked("b.txt", "z/y", "a.txt", sort=sort)) == expected


def test_what_is_looked_for_is_found_in_all_folders_below() -> None:
    assert names(looked("a/Loss.png", "b.txt", "a/b/loss.csv", find="LOSS")) == ["a/Loss.png", "a/b/loss.csv"]
    assert names(looked("a/loss.png", "loss.txt", folder="a", find="loss")) == ["loss.png"]


def test_long_folders_come_in_pages() -> None:
    paths = [f"{number:04d}" for number in range(MOST_LINES + 5)]
    first = looked(*paths)
    assert (len(first.lines), first.more, first.next_start) == (MOST_LINES, True, MOST_LINES)
    second = looked(*paths, **{"from": str(first.next_start)})
    assert (names(second), second.more) == (paths[-5:], False)


def test_a_folder_of_pictures_is_a_gallery() -> None:
    assert looked("1.png", "2.jpg", "notes.txt", "deep/3.txt").is_gallery
    assert not looked("1.png", "notes.txt", "more.txt").is_gallery
