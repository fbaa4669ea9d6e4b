"""Parts on the disk, and the memory that connections share: what the kernel and the event loop have to hold up."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.transfer.budget import Budget
from datasets.transfer.parts import Part, as_problem, write_small
from era_platform.common.errors import Conflict
from tests.datasets.ways import digest_of

HOLDER = """
import fcntl, sys, time
part = open(sys.argv[1], "r+b")
fcntl.flock(part, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


def test_a_part_is_busy_as_long_as_another_process_has_it_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"12")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict) as busy:
            Part(path, 10)
        assert busy.value.code == "busy"
    finally:
        holder.kill()
        holder.communicate()
    part = Part(path, 10)
    assert part.offset == 2
    part.close()


def test_one_that_was_refused_keeps_no_lock_and_no_file(tmp_path: Path) -> None:
    first = Part(tmp_path / "part", 10)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(Conflict):
            Part(tmp_path / "part", 10)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    first.close()
    Part(tmp_path / "part", 10).close()


def test_more_than_the_file_has_can_not_be_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"12345")
    part = Part(tmp_path / "part", 4)
    part.append(memoryview(b"1234"))
    assert (part.offset, part.digest()) == (4, digest_of(b"1234"))
    part.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_disk_that_fills_up_is_told_and_takes_nothing_half(tmp_path: Path) -> None:
    part = Part(tmp_path / "part", 100)
    part.append(memoryview(b"some"))
    full = os.open("/dev/full", os.O_WRONLY)
    whole, part._file = part._file, full
    with pytest.raises(OSError, match="No space") as error:
        part.append(memoryview(b"more"))
    part.close()
    part._file = whole
    assert as_problem(error.value).code == "storage_full"
    assert (part.offset, part.digest()) == (4, digest_of(b"some"))
    part.close()


def test_a_small_file_is_whole_or_not_there(tmp_path: Path) -> None:
    assert write_small(tmp_path / "small", memoryview(b"abc")) == digest_of(b"abc")
    with pytest.raises(FileExistsError):
        write_small(tmp_path / "small", memoryview(b"other"))
    assert (tmp_path / "small").read_bytes() == b"abc"


def test_shared_memory_is_handed_out_in_order_and_given_back_by_who_left() -> None:
    async def scene() -> list[str]:
        budget, order = Budget(10), list[str]()

        async def take(name: str, size: int) -> None:
            await budget.take(size)
            order.append(name)

        await take("first", 8)
        large = asyncio.create_task(take("large", 9))
        left = asyncio.create_task(take("left", 5))
        small = asyncio.create_task(take("small", 1))
        await asyncio.sleep(0)
        assert order == ["first"], "who asked later does not overtake"
        left.cancel()
        budget.give(8)
        await asyncio.wait([large, small, left])
        budget.give(10)
        await asyncio.wait_for(budget.take(10), 5)
        return order

    assert asyncio.run(scene()) == ["first", "large", "small"]
