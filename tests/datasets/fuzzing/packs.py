"""Archives: valid ones, ones that attack, and what comes of both when their bytes are changed."""

import gzip
import io
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from random import Random

from tests.datasets.fuzzing.bytestrings import changed
from tests.datasets.fuzzing.names import a_name

BOMB = 40 * 1024 * 1024
_KINDS = (
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE,
    tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE, b"Z", b"\0", b"5",
)  # fmt: skip
_FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
_MODES = (stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600, stat.S_IFIFO | 0o600, stat.S_IFSOCK | 0o600, stat.S_IFDIR | 0o755)


def an_archive(random: Random) -> bytes:
    """Whatever somebody may send as an archive."""
    made = random.choice(_MAKERS)(random)
    return changed(random, made) if random.random() < 0.7 else made


def a_zip(random: Random) -> bytes:
    out = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(out, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive,
    ):
        warnings.simplefilter("ignore")  # that a name is there twice is meant
        for _ in range(random.randint(0, 6)):
            info = zipfile.ZipInfo(_zip_name(random))
            info.external_attr = (random.choice(_MODES) if random.random() < 0.15 else 0o100644) << 16
            archive.writestr(info, _content(random))
        archive.comment = random.randbytes(random.choice((0, 0, 0, 30)))
    return out.getvalue()


def a_tar(random: Random) -> bytes:
    return _compressed(random, _plain_tar(random))


def a_changed_tar(random: Random) -> bytes:
    """Changed inside, so that it is still a whole gzip."""
    return _compressed(random, changed(random, _plain_tar(random)))


def _plain_tar(random: Random) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=random.choice(_FORMATS), errors="surrogateescape") as archive:
        for _ in range(random.randint(0, 6)):
            info = tarfile.TarInfo(a_name(random) or "x")
            content = _content(random)
            if random.random() < 0.2:
                info.type, info.linkname, content = random.choice(_KINDS), a_name(random), b""
            info.size, info.mode = len(content), random.choice((0o644, 0o755, 0, 0o7777))
            try:
                archive.addfile(info, io.BytesIO(content))
            except (ValueError, UnicodeError):
                continue  # a name that this format can't write
    return out.getvalue()


def _compressed(random: Random, data: bytes) -> bytes:
    packed = gzip.compress(data, random.choice((0, 1, 9)), mtime=0)
    how = random.random()
    if how < 0.05:
        return packed + packed  # several members
    if how < 0.1:
        return packed + random.randbytes(20)
    return packed


def a_bomb(random: Random) -> bytes:
    """Little that becomes much: zeros, in a zip or a tar, perhaps several times, or in a bomb of bombs."""
    size = random.choice((1, 2, 4)) * BOMB // 4
    if random.random() < 0.5:
        head = tarfile.TarInfo("zeros")
        head.size = size
        return gzip.compress(head.tobuf() + bytes(size), 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros", bytes(size))
    return _lying(random, out.getvalue(), size)


def _lying(random: Random, data: bytes, size: int) -> bytes:
    """Where it says of itself that it is small."""
    return (
        data.replace(struct.pack("<L", size), struct.pack("<L", random.randrange(1000)))
        if random.random() < 0.5
        else data
    )


def many_entries(random: Random) -> bytes:
    """A few bytes for each of very many names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(random.choice((500, 3000))):
            archive.writestr(f"{number}", b"")
    return out.getvalue()


def overlapping(random: Random) -> bytes:
    """A zip whose index names the same bytes again and again."""
    name, packed = b"x", zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(100_000)
    body = packed.compress(content) + packed.flush()
    sizes = struct.pack("<3L", zlib.crc32(content), len(body), len(content))
    local = struct.pack("<4s5H", b"PK\3\4", 20, 0, 8, 0, 0) + sizes + struct.pack("<2H", len(name), 0) + name + body
    count = random.choice((2, 50, 400))
    index = b""
    for number in range(count):
        own = b"%d" % number if random.random() < 0.9 else name
        index += struct.pack("<4s6H", b"PK\1\2", 20, 20, 0, 8, 0, 0) + sizes
        index += struct.pack("<5H2L", len(own), 0, 0, 0, 0, 0o100644 << 16, 0) + own
    return local + index + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(index), len(local), 0)


def zip64(random: Random) -> bytes:
    """With the records of a zip beyond 4 GiB, saying this and that."""
    plain = a_zip(random)
    end = plain.rfind(b"PK\5\6")
    numbers = [random.choice((0, 1, len(plain), 2**32, 2**63)) for _ in range(4)]
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, random.choice((end, 0, 2**40)), 1)
    return plain[:end] + record + locator + plain[end:]


def long_headers(random: Random) -> bytes:
    """A tar whose entry has a name, or attributes, of very many bytes."""
    size = random.choice((2_000, 70_000, 2_000_000, 2**33))
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = random.choice((tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE)), size
    body = b"%d path=" % size + b"a/" * min(size // 2, 1_100_000)
    return gzip.compress(head.tobuf(tarfile.GNU_FORMAT) + body + bytes(1024) + _plain_tar(random), 1)


def nothing_known(random: Random) -> bytes:
    return random.choice(
        (b"", b"PK", b"\x1f\x8b", b"PK\3\4", b"PK\5\6" + bytes(18), random.randbytes(random.randrange(600)))
    )


def _content(random: Random) -> bytes:
    size = random.choice((0, 0, 1, 10, 511, 512, 513, 5000))
    return random.choice((bytes(size), random.randbytes(size), b"text\n" * (size // 5)))


def _zip_name(random: Random) -> str:
    name = a_name(random) or "x"
    return name.encode(errors="replace").decode()[:60_000]


_MAKERS: tuple[Callable[[Random], bytes], ...] = (
    *(a_zip,) * 6, *(a_tar,) * 5, *(a_changed_tar,) * 4, *(overlapping,) * 2, *(zip64,) * 2,
    long_headers, nothing_known,
)  # fmt: skip
RARE: tuple[Callable[[Random], bytes], ...] = (a_bomb, many_entries)
