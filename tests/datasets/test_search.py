"""Datasets are found by what is said of them and by their paths, and only those that may be seen."""

import pytest
from django.db import connection

from datasets.selectors.listing import datasets_for
from datasets.services import datasets, indexing
from tests.datasets.ways import a_dataset, a_draft, published
from tests.factories import Tenant


def found(tenant: Tenant, search: str, **narrowed: str) -> set[str]:
    return {dataset.name for dataset in datasets_for(tenant.organization, search=search, **narrowed)}


@pytest.mark.parametrize(
    "search",
    ["digits", "DIGITS", "hand-written", "written", "digit", "handwriting", "recognising", "grey images", "mnist-like",
     "CC0", "数字", "手写数", "dig its", "didgits", "digitz", "ig"],
)  # fmt: skip
def test_a_dataset_is_found_by_words_by_parts_and_with_slips(ours: Tenant, search: str) -> None:
    a_dataset(
        ours,
        "hand-written.digits",
        description="# Handwriting\n\nFor recognizing numbers; 手写数字 too. Like MNIST.",
        licence="CC0-1.0",
        tags=["grey images", "mnist-like"],
    )
    a_dataset(ours, "speech", description="Voices", tags=["audio"])
    expected = set() if search == "recognising" else {"hand-written.digits"}
    assert found(ours, search) == expected


def test_what_looks_like_syntax_is_only_text(ours: Tenant) -> None:
    a_dataset(ours, description="100% of _it_")
    for search in ("'", '"', "%", "a & | !", "\\", "<->", "(", "100% of", ":*", "x" * 200):
        assert found(ours, search) <= {"digits"}
    assert found(ours, "%zz%") == set()


def test_a_dataset_is_found_by_a_part_of_a_path_of_its_last_version(ours: Tenant) -> None:
    first = published(ours, contents={"train/Cats/0001.png": b"1", "old/gone.bin": b"2", "a": b"3"})
    indexing.index_due()
    assert found(ours, "cats/00") == found(ours, "gone.bin") == {"digits"}
    assert found(ours, "cats/01") == set()
    published(ours, first.dataset, {"train/dogs/0001.png": b"1"})
    indexing.index_due()
    assert found(ours, "dogs/") == {"digits"}
    assert found(ours, "gone.bin") == set()


def test_a_path_is_found_among_more_than_fit_into_one_range(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "AT_ONCE", 20)
    monkeypatch.setattr(indexing, "IN_A_RANGE", 10)
    published(ours, contents={f"part-{number:04}/x": b"" for number in range(57)})
    indexing.index_due()
    for number in (0, 9, 10, 19, 20, 39, 40, 56):
        assert found(ours, f"part-{number:04}/x") == {"digits"}
    assert found(ours, "part-0057") == set()


def test_the_last_version_deleted_leaves_the_one_before_to_be_found(ours: Tenant) -> None:
    first = published(ours, contents={"first-file": b"1"})
    second = published(ours, first.dataset, {"second-file": b"2"})
    indexing.index_due()
    datasets.delete_version(actor=ours.owner, version=second)
    assert found(ours, "second-file") == set()
    indexing.index_due()
    assert found(ours, "first-file") == {"digits"}


def test_drafts_are_found_by_nobody(ours: Tenant) -> None:
    a_draft(ours, contents={"secret-path": b"1"})
    indexing.index_due()
    assert found(ours, "secret-path") == set()


def test_what_is_not_visible_is_not_found_by_name_tag_text_or_path(ours: Tenant, theirs: Tenant) -> None:
    hidden = a_dataset(ours, "hidden-name", description="hidden description", tags=["hidden-tag"])
    published(ours, hidden, {"hidden-path": b"1"})
    indexing.index_due()
    for search in ("hidden-name", "hidden", "hidden description", "hiden", "hidden-path", "hidden-tag"):
        assert found(theirs, search) == set()
        assert found(ours, search) == {"hidden-name"}
    assert found(theirs, "", tag="hidden-tag") == set()
    datasets.set_visibility(actor=ours.owner, dataset=hidden, visibility="public")
    assert found(theirs, "hidden-path") == found(theirs, "hiden") == {"hidden-name"}


def test_threes_of_letters_are_the_same_whoever_asks(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT era_trigrams(%s), era_trigrams(%s), era_word_trigrams(%s)", ["AbcÄ", "ab", "a-b"])
        assert cursor.fetchone() == (["abc", "bcä"], [], ["   ", "  a", "  b", " a ", " b ", "a  "])
