"""Gives up whatever this process could do besides reading the file it was given: memory, time, files, network, root."""

import codecs
import ctypes
import os
import resource
import tempfile
from contextlib import suppress
from pathlib import Path

NOBODY = 65534
CPU_SECONDS = 10
MOST_WRITTEN = 8 * 1024 * 1024
MIB = 1024 * 1024

_ENCODINGS = ("ascii", "cp437", "idna", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
_CLONE_NEWNET, _CLONE_NEWIPC = 0x40000000, 0x08000000
_NO_NEW_PRIVILEGES, _DUMPABLE = 38, 4
_CAPABILITY_VERSION = 0x20080522
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_ALL_OF_FILES, _ALL_OF_TCP = (1 << 13) - 1, 3


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def shut_in(memory: int) -> None:
    """From here on: `memory` bytes, CPU_SECONDS, and no files but those that are open.

    As root also none of its powers, another user, an empty root folder and no network, as far as there is the power
    to leave these. Modules must be loaded by now.
    """
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)  # read from a file when it is first needed
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go where memory runs out
    _limit(resource.RLIMIT_AS, memory)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))  # told before it is killed
    _limit(resource.RLIMIT_FSIZE, MOST_WRITTEN)
    _limit(resource.RLIMIT_CORE, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        _leave_root(libc)
    _limit(resource.RLIMIT_NOFILE, 16)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    give_up_powers(libc)
    _leave_all_else(libc)


def give_up_powers(libc: ctypes.CDLL) -> None:
    """All capabilities: what is left of root is a number."""
    header, none = _CapabilityHeader(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    libc.capset(ctypes.byref(header), ctypes.byref(none))


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _leave_root(libc: ctypes.CDLL) -> None:
    """Each step where it may: in a container root has only some of its powers."""
    libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC)
    with suppress(OSError):
        folder = tempfile.mkdtemp(prefix="era-preview-")
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.rmdir(folder)  # noqa: PTH106  # nothing can be made in a folder that is gone
        os.fchdir(descriptor)
        os.close(descriptor)
        os.chroot(".")
    with suppress(OSError):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def _leave_all_else(libc: ctypes.CDLL) -> None:
    """Landlock, where the kernel has it: a set of rules that allows to open and to connect to nothing."""
    handled = (ctypes.c_uint64 * 2)(_ALL_OF_FILES, _ALL_OF_TCP)
    for size in (16, 8):  # before Linux 6.7 it knows files only
        rules = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(handled), ctypes.c_size_t(size), 0)
        if rules >= 0:
            libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
            os.close(rules)
            return
