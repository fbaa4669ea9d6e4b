"""Uploaded code: what is harmless is kept and unpacked as it was; whatever could do harm is refused by name."""

import gzip
import hashlib
import io
import random
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django_scopes import scope
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from era_platform.common import archives, storage
from era_platform.common.errors import InvalidInput, TooLarge
from jobs import code
from jobs.models import CodeArchive
from tests.factories import Tenant

Members = list[tuple[str, bytes]]
Pack = Callable[[Members], bytes]


def zipped(members: Members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zip_info(name), content)
    return buffer.getvalue()


def zip_info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name  # ZipInfo's own way would clean the name up
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFDIR | 0o755 if name.endswith("/") else mode) << 16
    return info


def tarred(members: Members) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name.removesuffix("/"))
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(b"\0" * info.size))
    return buffer.getvalue()


def tar_info(name: str, kind: bytes, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        code.check(io.BytesIO(content))
    assert refused.value.field == "code"
    return refused.value.detail


pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")
both = pytest.mark.parametrize("pack", [zipped, tarred])
PROGRAM: Members = [("train.py", b"print(1)\n"), ("lib/", b""), ("lib/net.py", b"x = 1\n"), ("a/b/c.txt", b"")]


@both
def test_a_program_is_measured_by_its_real_bytes(pack: Pack) -> None:
    content = pack(PROGRAM)
    checked = code.check(io.BytesIO(content))
    assert (checked.files, checked.unpacked, checked.size) == (3, 15, len(content))
    assert checked.digest == hashlib.sha256(content).hexdigest()


def test_the_format_is_told_by_content() -> None:
    assert code.check(io.BytesIO(zipped(PROGRAM))).format == CodeArchive.Format.ZIP
    assert code.check(io.BytesIO(tarred(PROGRAM))).format == CodeArchive.Format.TAR_GZ


@pytest.mark.parametrize(
    "content", [b"", b"P", b"#!/bin/sh\n", b"PK\x07\x08xx", b"BZh9", b"\x1f\x8bnot gzip", b"MZ" * 99]
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    refusal(content)


@both
@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "..",
        "a/..",
        "/etc/passwd",
        "//etc/passwd",
        "C:/evil",
        "c:evil",
        "a\\b",
        "..\\evil",
        "bell\a",
        "line\nbreak",
        "x" * 256,
        "/".join(["y" * 200] * 6),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_named(pack: Pack, name: str) -> None:
    assert archives.shown(name) in refusal(pack([("ok", b""), (name, b"x")]))


def test_a_name_with_a_zero_byte_is_refused() -> None:
    content = zipped([("evilx.py", b"x")])
    assert "control characters" in refusal(content.replace(b"evilx.py", b"evil\0.py"))


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    info = tar_info("x", tarfile.REGTYPE)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT, encoding="latin-1") as archive:
        info.name = "caf\xe9"
        archive.addfile(info)
    assert "UTF-8" in refusal(gzip.compress(raw.getvalue()))


@both
@pytest.mark.parametrize(
    ("members", "named"),
    [
        ([("a", b""), ("a", b"")], "'a'"),
        ([("a", b""), ("./a", b"")], "'./a'"),
        ([("README", b""), ("readme", b"")], "'readme'"),
        ([("straße", b""), ("STRASSE", b"")], "'STRASSE'"),
        ([("caf\u00e9", b""), ("cafe\u0301", b"")], "cafe"),
        ([("a", b""), ("a/b", b"")], "'a/b'"),
        ([("a/b", b""), ("a", b"")], "'a'"),
        ([("a", b""), ("A/b/c", b"")], "'A/b/c'"),
        ([("a/b", b""), ("a//b", b"")], "'a//b'"),
    ],
)
def test_two_entries_in_one_place_are_refused(pack: Pack, members: Members, named: str) -> None:
    assert named in refusal(pack(members))


@both
def test_a_folder_named_after_its_content_is_no_second_thing(pack: Pack) -> None:
    assert code.check(io.BytesIO(pack([("a/b", b"x"), ("a/", b"")]))).files == 1


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind: bytes) -> None:
    content = tar_of(tar_info("ok", tarfile.REGTYPE), tar_info("odd", kind, linkname="ok"))
    assert "'odd' is neither a plain file nor a folder" in refusal(content)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR])
def test_links_and_devices_in_a_zip_are_refused(kind: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zip_info("odd", kind | 0o777), "/etc/passwd")
    assert "'odd' is neither a plain file nor a folder" in refusal(buffer.getvalue())


def test_an_encrypted_zip_is_refused() -> None:
    content = bytearray(zipped([("secret.py", b"x" * 100)]))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "'secret.py' is encrypted" in refusal(bytes(content))


def test_zip_methods_that_need_much_memory_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.py", "x" * 1000)
    assert "'a.py' is compressed in a way" in refusal(buffer.getvalue())


@both
def test_an_archive_without_a_file_is_refused(pack: Pack) -> None:
    assert "no files" in refusal(pack([("a/", b"")]))


@both
def test_a_damaged_archive_is_refused(pack: Pack) -> None:
    content = pack([("train.py", random.Random(1).randbytes(50_000))])
    for length in (len(content) // 2, len(content) - 9):
        refusal(content[:length])


# --- bombs --------------------------------------------------------------------------------------


@both
def test_what_unpacks_to_too_much_is_refused(pack: Pack, settings: Settings) -> None:
    settings.ERA_CODE_UNPACKED_MAX_BYTES = 2 * 1024 * 1024
    half = b"\0" * 1024 * 1024
    assert code.check(io.BytesIO(pack([("a", half), ("b", half)]))).unpacked == 2 * 1024 * 1024
    assert "larger than 2 MiB, at 'c'" in refusal(pack([("a", half), ("b", half), ("c", b"x")]))


def test_a_zip_whose_index_names_bytes_before_its_beginning_is_refused(tmp_path: Path) -> None:
    """In a file, as uploads come: there it is the system that refuses to go there, not Python."""
    packed = bytearray(zipped([("a", b"a")]))
    end = packed.rfind(b"PK\5\6")
    start = int.from_bytes(packed[end + 16 : end + 20], "little")
    packed[end + 16 : end + 20] = (start + 100).to_bytes(4, "little")
    (tmp_path / "code.zip").write_bytes(packed)
    with (tmp_path / "code.zip").open("rb") as file, pytest.raises(InvalidInput, match="bytes before its beginning"):
        code.check(file)


def test_a_zip_that_lies_about_its_size_is_refused(settings: Settings) -> None:
    settings.ERA_CODE_UNPACKED_MAX_BYTES = 1024 * 1024
    content = zipped([("bomb", b"\0" * 5_000_000)])
    lie = content.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 10))
    assert lie != content
    refusal(lie)


def test_a_bomb_inside_a_tar_s_header_is_refused() -> None:
    info = tar_info("x", tarfile.XHDTYPE, size=40 * 1024 * 1024)
    assert "header of" in refusal(tar_of(info, tar_info("y", tarfile.REGTYPE)))


def test_endless_headers_are_refused() -> None:
    header = tar_info("x", tarfile.XHDTYPE, size=0).tobuf()
    refusal(gzip.compress(header * 3_000 + tar_info("y", tarfile.REGTYPE).tobuf() + b"\0" * 1024))


def test_a_tar_entry_of_negative_size_is_refused() -> None:
    header = bytearray(tar_info("x", tarfile.REGTYPE).tobuf())
    header[124:136] = b"\xff" * 8 + (-512).to_bytes(4, "big", signed=True)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    refusal(gzip.compress(bytes(header) * 4 + b"\0" * 1024))


def test_something_after_the_end_of_a_tar_is_refused(settings: Settings) -> None:
    settings.ERA_CODE_UNPACKED_MAX_BYTES = 1024 * 1024
    whole = tarred([("a", b"x")])
    assert code.check(io.BytesIO(whole + gzip.compress(b"\0" * 4096))).files == 1
    assert "follows its end" in refusal(whole + gzip.compress(b"hidden"))
    assert "MiB" in refusal(whole + gzip.compress(b"\0" * 500_000_000)), "padding without end is a bomb too"


@both
def test_too_many_entries_are_refused(pack: Pack, settings: Settings) -> None:
    settings.ERA_CODE_MAX_FILES = 10
    names = [(f"file{number}", b"") for number in range(11)]
    assert code.check(io.BytesIO(pack(names[:10]))).files == 10
    assert "more than 10 entries" in refusal(pack(names))


def test_an_archive_that_is_too_large_itself_is_told_so(settings: Settings) -> None:
    settings.ERA_CODE_ARCHIVE_MAX_BYTES = 1024 * 1024
    with pytest.raises(TooLarge, match="larger than 1 MiB") as refused:
        code.check(io.BytesIO(b"\0" * (1024 * 1024 + 1)))
    assert refused.value.field == "code"


# --- keeping and unpacking ----------------------------------------------------------------------


@pytest.fixture
def stored(ours: Tenant, settings: Settings, tmp_path: Path) -> Callable[[bytes], CodeArchive]:
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"

    def store(content: bytes, tenant: Tenant = ours) -> CodeArchive:
        with scope(organization=tenant.organization):
            return code.store(code.check(io.BytesIO(content)), organization=tenant.organization, name="code.zip")

    return store


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@both
def test_what_was_stored_unpacks_to_what_it_was(
    stored: Callable[[bytes], CodeArchive], pack: Pack, tmp_path: Path
) -> None:
    archive = stored(pack(PROGRAM))
    code.unpack(archive, tmp_path / "code")
    assert tree(tmp_path / "code") == {name: content for name, content in PROGRAM if not name.endswith("/")}


def test_the_same_bytes_are_kept_once_for_each_organization(
    stored: Callable[..., CodeArchive], ours: Tenant, theirs: Tenant
) -> None:
    content = zipped(PROGRAM)
    first, second, other = stored(content), stored(content), stored(content, theirs)
    assert first.pk == second.pk != other.pk
    for tenant in (ours, theirs):
        assert storage.archive_path(tenant.organization.pk, first.digest).read_bytes() == content


def test_nothing_but_whole_archives_lies_in_storage(stored: Callable[[bytes], CodeArchive], tmp_path: Path) -> None:
    archive = stored(zipped(PROGRAM))
    files = [path.name for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert files == [archive.digest]


def test_unpacking_again_or_after_a_crash_gives_the_same(
    stored: Callable[[bytes], CodeArchive], tmp_path: Path
) -> None:
    archive, folder = stored(tarred(PROGRAM)), tmp_path / "job" / "code"
    left_behind = tmp_path / "job" / ".code-crashed"
    left_behind.mkdir(parents=True)
    (left_behind / "half").write_text("written")
    code.unpack(archive, folder)
    (folder / "train.py").write_text("changed")
    code.unpack(archive, folder)
    assert (folder / "train.py").read_text() == "changed"
    assert [path.name for path in folder.parent.iterdir()] == ["code"]


def test_permissions_are_plain_and_only_what_was_executable_is(
    stored: Callable[[bytes], CodeArchive], tmp_path: Path
) -> None:
    infos = [tar_info("run", tarfile.REGTYPE, mode=0o6777), tar_info("data", tarfile.REGTYPE, mode=0o000)]
    code.unpack(stored(tar_of(*infos, tar_info("dir", tarfile.DIRTYPE, mode=0))), tmp_path / "code")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "code", *(tmp_path / "code").iterdir()]
    }
    assert modes == {"code": 0o755, "run": 0o755, "data": 0o644, "dir": 0o755}


def test_a_stored_archive_that_was_spoilt_leaves_no_folder(
    stored: Callable[[bytes], CodeArchive], ours: Tenant, tmp_path: Path
) -> None:
    archive = stored(zipped(PROGRAM))
    storage.archive_path(ours.organization.pk, archive.digest).write_bytes(b"PK\x03\x04 spoilt")
    with pytest.raises(code.DamagedArchive):
        code.unpack(archive, tmp_path / "job")
    assert not (tmp_path / "job").exists()


# --- anything at all ----------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("aAbé.\u0301/\\ :\0"), min_size=1, max_size=8)
LIMITS = archives.Limits(unpacked=10_000, entries=20)


def unpacked(content: bytes) -> dict[str, bytes] | None:
    """What the reader gives, None where it refuses. Anything else that it raises is a fault."""
    try:
        return {
            entry.path: entry.content.read() if entry.content else b""
            for entry in archives.entries(io.BytesIO(content), LIMITS)
        }
    except archives.Refused:
        return None


@given(st.lists(st.tuples(NAMES, st.binary(max_size=50)), max_size=5), st.sampled_from([zipped, tarred]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_accepted_stays_inside_and_collides_nowhere(members: Members, pack: Pack) -> None:
    try:
        content = pack(members)
    except (ValueError, UnicodeError):
        return  # the packer itself refuses the name
    found = unpacked(content)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        root.mkdir()
        for path in found or {}:
            assert (root / path).resolve().is_relative_to(root.resolve())
            assert (root / path).resolve() == root / path, "nothing in it is . or .. or doubled"
        assert len({archives.fold(path) for path in found or {}}) == len(found or {})


@given(st.data(), st.sampled_from([zipped(PROGRAM), tarred(PROGRAM)]))
@settings(max_examples=500, deadline=None)
def test_damage_anywhere_is_refused_or_harmless_and_never_an_error_of_ours(data: st.DataObject, content: bytes) -> None:
    spoilt = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    unpacked(bytes(spoilt[: data.draw(st.integers(len(spoilt) // 2, len(spoilt)))]))


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_damage_inside_the_compression_is_refused_or_harmless(data: st.DataObject) -> None:
    spoilt = bytearray(gzip.decompress(tarred(PROGRAM)))
    for _ in range(data.draw(st.integers(1, 6))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    unpacked(gzip.compress(bytes(spoilt), 1))
