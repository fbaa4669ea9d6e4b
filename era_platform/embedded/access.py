"""Lets one user pass through folders that are closed to others, such as a home folder of mode 0700.

A POSIX access list names exactly that user and gives search, not listing; opening the folder to
everybody, as `chmod o+x` would, says more than is meant.
"""

import errno
import os
import stat
import struct
from pathlib import Path

ATTRIBUTE = "system.posix_acl_access"
HEADER = struct.Struct("<I")
ENTRY = struct.Struct("<HHI")
VERSION = 2
OWNER, USER, OWNING_GROUP, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY_IN_PARTICULAR = 0xFFFFFFFF
SEARCH = 0o1

AccessList = dict[tuple[int, int], int]
"""From (kind of entry, user or group id) to its three permission bits."""


def let_enter(path: Path, uid: int) -> None:
    """Give `uid` search permission on every folder above `path` that lacks it. OSError where that is impossible."""
    for folder in path.resolve().parents:
        if not _may_search(folder, uid):
            _grant_search(folder, uid)


def _may_search(folder: Path, uid: int) -> bool:
    status = folder.stat()
    bit = stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH
    return bool(status.st_mode & bit)


def _grant_search(folder: Path, uid: int) -> None:
    entries = _read(folder)
    entries[USER, uid] = entries.get((USER, uid), 0) | SEARCH
    mask = entries.get((MASK, NOBODY_IN_PARTICULAR), entries[OWNING_GROUP, NOBODY_IN_PARTICULAR])
    entries[MASK, NOBODY_IN_PARTICULAR] = mask | SEARCH
    os.setxattr(folder, ATTRIBUTE, _pack(entries))


def _read(folder: Path) -> AccessList:
    try:
        packed = os.getxattr(folder, ATTRIBUTE)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return _of_mode(folder.stat().st_mode)
    return {(kind, who): bits for kind, bits, who in ENTRY.iter_unpack(packed[HEADER.size :])}


def _of_mode(mode: int) -> AccessList:
    shifts = {OWNER: 6, OWNING_GROUP: 3, OTHER: 0}
    return {(kind, NOBODY_IN_PARTICULAR): mode >> shift & 0o7 for kind, shift in shifts.items()}


def _pack(entries: AccessList) -> bytes:
    # The kernel wants the entries sorted by kind, and within a kind by id.
    packed = [ENTRY.pack(kind, bits, who) for (kind, who), bits in sorted(entries.items())]
    return HEADER.pack(VERSION) + b"".join(packed)
