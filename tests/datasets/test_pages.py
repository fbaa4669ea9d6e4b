"""Pages about datasets: what each person finds on them, and what nobody of another organization does."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import numpy as np
import pytest
from django.test import Client
from django_scopes import scopes_disabled

from datasets import uses
from datasets.services import datasets as service
from datasets.uses import Use, Uses
from era_platform.common import clock
from tests.datasets import samples
from tests.datasets.ways import a_dataset, a_draft, published
from tests.factories import Tenant

TOP = "datasets/ours/digits/"


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def streamed(answer: Any) -> bytes:
    return b"".join(answer)


def shared(ours: Tenant, theirs: Tenant) -> None:
    dataset = published(ours, a_dataset(ours, visibility="shared"), {"train.csv": samples.a_csv()}).dataset
    service.grant(actor=ours.owner, dataset=dataset, slug=theirs.slug)


def test_the_list_is_of_ours_of_what_is_shared_with_us_and_of_what_is_public(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours, "own-one")
    a_dataset(theirs, "hidden-one")
    service.grant(actor=theirs.owner, dataset=a_dataset(theirs, "lent-one", visibility="shared"), slug="ours")
    a_dataset(theirs, "open-one", visibility="public")
    shown = {owner: text(ours.client("viewer"), ours.page(f"datasets/?owner={owner}")) for owner in ("mine", "shared")}
    shown["public"] = text(ours.client("viewer"), ours.page("datasets/?owner=public"))
    found = {
        owner: {name for name in ("own-one", "hidden-one", "lent-one", "open-one") if name in page}
        for owner, page in shown.items()
    }
    assert found == {"mine": {"own-one"}, "shared": {"lent-one"}, "public": {"open-one"}}


def test_a_tag_narrows_the_list_and_is_offered(ours: Tenant) -> None:
    a_dataset(ours, "cats", tags=["images"])
    a_dataset(ours, "books", tags=["text"])
    page = text(ours.client(), ours.page("datasets/?tag=images"))
    assert "/ours/cats/" in page
    assert "/ours/books/" not in page
    assert "?tag=text" in page


def test_the_list_has_pages(ours: Tenant) -> None:
    for number in range(21):
        a_dataset(ours, f"set-{number:02d}")
    first = text(ours.client(), ours.page("datasets/"))
    assert ("set-20" in first, "set-00" in first, 'rel="next"' in first) == (True, False, True)


@pytest.mark.parametrize("address", ["", "?owner=shared", "?owner=public", "?search=nothing", "?tag=none"])
def test_an_empty_list_says_what_to_do(ours: Tenant, address: str) -> None:
    assert 'class="nothing"' in text(ours.client(), ours.page(f"datasets/{address}"))


def test_a_member_makes_a_private_dataset_and_an_owner_one_for_all(ours: Tenant) -> None:
    for role, name in (("member", "mine"), ("owner", "for-all")):
        answer = ours.client(role).post(
            ours.page("datasets/new/"),
            {"name": name, "description": "# What", "licence": "MIT", "tags": "A, b , a", "visibility": "public"},
        )
        assert answer.headers["Location"] == ours.page(f"datasets/ours/{name}/")
    assert "Private" in text(ours.client(), ours.page("datasets/ours/mine/"))
    page = text(ours.client(), ours.page("datasets/ours/for-all/"))
    assert "Public" in page
    assert page.count(">a</a>") == 1


def test_a_name_that_cant_be_is_told_at_its_field(ours: Tenant) -> None:
    answer = ours.client().post(ours.page("datasets/new/"), {"name": "No Good", "visibility": "private"})
    assert answer.status_code == 400
    assert b"id_name_error" in answer.content


def test_the_page_says_how_to_use_it_and_shows_files_and_versions(ours: Tenant) -> None:
    published(ours, a_dataset(ours, licence="CC-BY-4.0"), {"a/x.txt": b"x", "b.txt": b"bb"})
    page = text(ours.client("viewer"), ours.page(TOP))
    for words in ("ours/digits@1", "$ERA_INPUT_DIR/ours/digits", "CC-BY-4.0", "b.txt", "Version 1", "2 files"):
        assert words in page


def test_who_used_it_names_own_jobs_and_counts_others(
    ours: Tenant, monkeypatch: pytest.MonkeyPatch, theirs: Tenant
) -> None:
    published(ours)

    def ask(_dataset: UUID, organization: str) -> Uses:
        own = (Use(f"job of {organization}", "/o/ours/jobs/", "1", clock.now() - timedelta(hours=1)),)
        return Uses(own, 7, 3)

    monkeypatch.setattr(uses, "_asked", [ask])
    page = text(ours.client(), ours.page(TOP))
    assert "job of ours" in page
    assert "7 jobs of yours." in page
    assert "3 other organizations." in page


def test_markdown_shows_and_tags_in_it_do_not_work(ours: Tenant) -> None:
    description = (
        "# Head\n\n**bold** <script>alert(1)</script> [bad](javascript:alert(1)) [out](https://example.org) "
        "[file](a.txt) [gone](b.txt) ![tracker](https://example.org/x.png) ![own](p.png) ![gone](q.png)"
    )
    published(ours, a_dataset(ours, description=description), {"a.txt": b"", "p.png": samples.a_picture()})
    page = text(ours.client(), ours.page(TOP))
    assert "<h3>Head</h3>" in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page
    assert 'rel="noopener noreferrer nofollow ugc"' in page
    assert f'href="{ours.page(TOP)}versions/1/file/a.txt"' in page
    assert 'src="https://example.org' not in page
    assert f'src="{ours.page(TOP)}versions/1/pictures/picture/p.png"' in page
    assert page.count("<img") == 1


def test_folders_are_looked_through_sorted_and_searched(ours: Tenant) -> None:
    published(ours, contents={"a/b/x.csv": b"1,2\n", "a/y.txt": b"yy", "big.bin": b"0" * 5000, "z.txt": b"z"})
    client, version = ours.client("viewer"), ours.page(f"{TOP}versions/1/")
    top = text(client, version)
    assert top.index('title="a"') < top.index('title="big.bin"') < top.index('title="z.txt"')
    by_size = text(client, f"{version}?sort=size")
    assert by_size.index('title="z.txt"') < by_size.index('title="big.bin"')
    inner = text(client, f"{version}?folder=a")
    assert 'title="a/y.txt"' in inner
    assert "z.txt" not in inner
    found = text(client, f"{version}?find=X.CSV")
    assert 'title="a/b/x.csv"' in found
    assert "big.bin" not in found
    assert "No file fits" in text(client, f"{version}?find=nothing")
    assert 'title="z.txt"' in text(client, f"{version}?folder=not/there")


def test_a_folder_of_many_files_has_pages(ours: Tenant) -> None:
    published(ours, contents={f"{number:03d}.txt": b"" for number in range(250)})
    client, version = ours.client(), ours.page(f"{TOP}versions/1/")
    assert "199.txt" in text(client, version)
    second = text(client, f"{version}?from=200")
    assert ("200.txt" in second, "199.txt" in second) == (True, False)


def test_names_are_told_as_they_are(ours: Tenant) -> None:
    names = ["a b&c.txt", "<b>.txt", "50%.txt", "q?#.txt", "ü/ñ.txt"]
    published(ours, contents={name: name.encode() for name in names})
    client, top = ours.client(), ours.page(f"{TOP}versions/1/")
    page = text(client, top)
    assert "<b>.txt" not in page
    for name in names:
        answer = client.get(f"{top}download/{quote(name)}")
        assert streamed(answer) == name.encode()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", samples.a_csv(), ['class="data-table"', "label", "67 %"]),
        ("t.parquet", samples.a_parquet(), ['class="data-table"', "loss"]),
        ("p.png", samples.a_picture(900, 300), ["900 × 300", "pictures/picture/p.png"]),
        ("s.wav", samples.a_sound(), ["<audio", "sound/s.wav"]),
        ("j.json", samples.a_tree(), ["json-key", "classes"]),
        ("n.npy", samples.an_array(only=np.eye(3)), ["3 × 3", "float64"]),
        ("page.html", b"<script>alert(1)</script>", ["code-lines", "&lt;script&gt;"]),
        ("drawing.svg", b"<svg onload='alert(1)'/>", ["code-lines", "&lt;svg"]),
        ("model.bin", b"\0\1\2", ["No preview for this kind of file"]),
        ("deep.json", samples.deep_json(), ["nested too deeply"]),
        ("broken.png", b"\x89PNG broken", ["not a picture"]),
        ("empty.txt", b"", ["It is empty"]),
    ],
)
def test_each_kind_of_file_is_shown(ours: Tenant, name: str, content: bytes, words: list[str]) -> None:
    published(ours, contents={name: content})
    page = text(ours.client("viewer"), ours.page(f"{TOP}versions/1/file/{name}"))
    for each in words:
        assert each in page
    assert "SHA-256" in page


def test_pictures_are_drawn_anew_and_kept_by_the_browser(ours: Tenant) -> None:
    published(ours, contents={"p.png": samples.a_picture(), "t.txt": b"no picture"})
    client, top = ours.client("viewer"), ours.page(f"{TOP}versions/1/pictures/")
    answer = client.get(f"{top}thumbnail/p.png")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert client.get(f"{top}thumbnail/p.png", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.get(f"{top}thumbnail/t.txt")["Content-Type"] == "image/svg+xml"
    assert client.get(f"{top}huge/p.png").status_code == 404


def test_a_sound_is_sent_as_one_and_in_parts(ours: Tenant) -> None:
    published(ours, contents={"s.wav": samples.a_sound(), "page.wav": b"<script>"})
    client, top = ours.client("viewer"), ours.page(f"{TOP}versions/1/sound/")
    answer = client.get(f"{top}s.wav", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        206,
        "audio/wav",
        "nosniff",
    )
    assert client.get(f"{top}page.wav").status_code == 404


def test_a_file_is_downloaded_never_opened(ours: Tenant) -> None:
    published(ours, contents={"page.html": b"<script>alert(1)</script>"})
    answer = ours.client().get(ours.page(f"{TOP}versions/1/download/page.html"))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment")
    assert streamed(answer) == b"<script>alert(1)</script>"


def test_a_folder_comes_as_a_zip(ours: Tenant) -> None:
    published(ours, contents={"a/b/x.txt": b"x", "a/y.txt": b"y", "z.txt": b"z"})
    top = ours.page(f"{TOP}versions/1/archive/")
    answer = ours.client("viewer").get(f"{top}?folder=a")
    content = streamed(answer)
    assert len(content) == int(answer["Content-Length"])
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == ["b/x.txt", "y.txt"]
    whole = zipfile.ZipFile(io.BytesIO(streamed(ours.client().get(top))))
    assert sorted(whole.namelist()) == ["a/b/x.txt", "a/y.txt", "z.txt"]
    assert ours.client().get(f"{top}?folder=none").status_code == 404


def test_two_versions_are_compared(ours: Tenant) -> None:
    dataset = published(ours, contents={"same.txt": b"=", "less.txt": b"-", "more.txt": b"1"}).dataset
    published(ours, dataset, {"same.txt": b"=", "more.txt": b"1" * 2048, "new.txt": b"+"})
    page = text(ours.client("viewer"), ours.page(f"{TOP}versions/2/changes/"))
    for name in ("less.txt", "more.txt", "new.txt"):
        assert f'title="{name}"' in page
    assert "same.txt" not in page
    assert '1 byte →</span> <span class="text-nowrap">2.0 KiB<' in page
    assert "No differences" in text(ours.client(), ours.page(f"{TOP}versions/2/changes/?against=2"))


EACH = ["", "versions/1/", "versions/1/changes/", "versions/1/file/train.csv", "versions/1/download/train.csv"]


@pytest.mark.parametrize("path", [*EACH, "versions/1/archive/", "versions/1/pictures/thumbnail/train.csv"])
def test_what_is_not_shared_is_not_there_for_others(ours: Tenant, theirs: Tenant, path: str) -> None:
    published(ours, contents={"train.csv": samples.a_csv()})
    hidden = theirs.client("owner").get(theirs.page(f"{TOP}{path}"))
    absent = theirs.client("owner").get(theirs.page(f"{TOP}{path}").replace("digits", "absent"))
    assert (hidden.status_code, absent.status_code) == (404, 404)


@pytest.mark.parametrize("path", EACH)
def test_what_is_shared_can_be_read_but_not_changed(ours: Tenant, theirs: Tenant, path: str) -> None:
    shared(ours, theirs)
    answer = theirs.client("owner").get(theirs.page(f"{TOP}{path}"))
    assert answer.status_code == 200
    for inner in ("settings/visibility/", "settings/delete/", "drafts/", "settings/"):
        assert theirs.client("owner").post(theirs.page(f"{TOP}{inner}")).status_code == 403


def test_others_see_neither_people_nor_drafts_nor_whom_else_it_is_shared_with(ours: Tenant, theirs: Tenant) -> None:
    shared(ours, theirs)
    with scopes_disabled():
        dataset = ours.organization.datasets.get()
    service.grant(actor=ours.owner, dataset=dataset, slug="third-party")
    draft = a_draft(ours, dataset, {"secret.txt": b""})
    page = text(theirs.client("owner"), theirs.page(TOP))
    for words in ("third-party", str(draft.pk), "@ours.example.com", "secret.txt"):
        assert words not in page
    assert theirs.client("owner").get(theirs.page(f"{TOP}versions/{draft.pk}/")).status_code == 404
