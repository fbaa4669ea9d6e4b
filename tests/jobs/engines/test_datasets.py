"""Datasets inside a job on the engine `process`: read there, never changed, and nothing of what lies beside them."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from jobs.engines import process, sandbox
from jobs.engines.base import ReadOnly
from tests.jobs.engines.bench import OURS, THEIRS, Bench

pytestmark = pytest.mark.engine
isolated = pytest.mark.skipif(bool(sandbox.isolation_refused()), reason="this machine lets us make no namespaces")
TRIES = {
    "write": "echo x > $file",
    "append": "echo x >> $file",
    "change the mode": "chmod 777 $file",
    "delete": "rm $file",
    "rename": "mv $file $file.old",
    "create": "touch $folder/new",
    "make a folder": "mkdir $folder/new",
    "link": "ln $file $ERA_OUTPUT_DIR/link",
    "close the folder": "chmod 777 $folder",
    "put something beside it": "mkdir $ERA_INPUT_DIR/ours/other",
    "change the time": "touch $file",
}


@pytest.fixture
def tree(bench: Bench) -> Path:
    """A version as it lies in the storage: in a folder that no other user can enter."""
    return a_tree(bench.root, THEIRS, "v3", {"train.csv": "1,2\n", "deep/er/x": "deep\n"})


def a_tree(root: Path, organization: int, name: str, files: dict[str, str]) -> Path:
    tree = root / "datasets" / str(organization) / "trees" / name
    tree.mkdir(parents=True)
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
        (tree / path).chmod(0o444)
    (root / "datasets" / str(organization)).chmod(0o700)
    return tree


@isolated
def test_a_job_reads_the_files_of_its_datasets(bench: Bench, tree: Path) -> None:
    own = a_tree(bench.root, OURS, "v1", {"a": "mine\n"})
    given = (ReadOnly("theirs/numbers", tree), ReadOnly("ours/numbers", own))
    script = "cd $ERA_INPUT_DIR; find . -type f | sort; cat theirs/numbers/deep/er/x ours/numbers/a"
    ended, log = bench.run(script, datasets=given)
    assert ended.exit_code == 0, log
    assert log.split() == [
        "./ours/numbers/a", "./theirs/numbers/deep/er/x", "./theirs/numbers/train.csv", "deep", "mine"
    ]  # fmt: skip


@isolated
def test_a_job_can_change_nothing_in_them(bench: Bench, tree: Path) -> None:
    before = (tree / "train.csv").stat()
    names = "folder=$ERA_INPUT_DIR/theirs/numbers; file=$folder/train.csv"
    tries = "; ".join(f"({how}) 2>/dev/null && echo {what}" for what, how in TRIES.items())
    _, log = bench.run(f"{names}; {tries}; echo end", datasets=(ReadOnly("theirs/numbers", tree),))
    assert log == "end\n"
    after = (tree / "train.csv").stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_nlink) == (before.st_mode, before.st_mtime_ns, before.st_nlink)
    assert sorted(path.name for path in tree.iterdir()) == ["deep", "train.csv"]


@isolated
def test_nothing_that_lies_beside_them_in_the_storage_can_be_reached(bench: Bench, tree: Path) -> None:
    other = a_tree(bench.root, THEIRS, "v2", {"secret": "secret\n"})
    script = f"""
    cd $ERA_INPUT_DIR/theirs/numbers; ls -a ..; ls ../../..; cat ../v2/secret {other}/secret; ls {bench.root}
    find / -name secret 2>/dev/null; find / -name trees 2>/dev/null
    """
    _, log = bench.run(script, datasets=(ReadOnly("theirs/numbers", tree),))
    assert log.split("\n")[:7] == [".", "..", "numbers", "code", "input", "output", log.split("\n")[6]]
    assert log.count("No such file") == 3
    assert not [line for line in log.splitlines() if line.endswith(("secret", "trees"))]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user for each organization")
def test_who_has_no_mount_is_kept_out_by_the_file_system_itself() -> None:
    """Whoever of another organization saw the whole storage, which no job does, could still not enter."""
    with tempfile.TemporaryDirectory(prefix="era-storage-") as root:
        Path(root).chmod(0o755)
        tree = a_tree(Path(root), THEIRS, "v3", {"train.csv": "1,2\n"})
        cat: dict[str, Any] = {
            "user": settings.ERA_JOB_UID_BASE + OURS,
            "group": settings.ERA_JOB_UID_BASE + OURS,
            "extra_groups": [],
        }
        refused = subprocess.run(["cat", tree / "train.csv"], **cat, capture_output=True, check=False)
        assert b"ermission denied" in refused.stderr
        (Path(root) / "datasets" / str(THEIRS)).chmod(0o755)
        assert subprocess.run(["cat", tree / "train.csv"], **cat, capture_output=True, check=True).stdout == b"1,2\n"


@isolated
def test_as_many_as_a_job_may_name_can_be_mounted(bench: Bench) -> None:
    given = tuple(
        ReadOnly(f"ours/d{number}", a_tree(bench.root, OURS, f"v{number}", {"n": f"{number}\n"}))
        for number in range(32)
    )
    ended, log = bench.run("cat $ERA_INPUT_DIR/*/*/n | sort -n | tail -1", datasets=given)
    assert (ended.exit_code, log) == (0, "31\n")


@isolated
def test_each_node_and_each_attempt_finds_the_same(bench: Bench, tree: Path) -> None:
    given = (ReadOnly("theirs/numbers", tree),)
    script = "cat $ERA_INPUT_DIR/theirs/numbers/train.csv > $ERA_OUTPUT_DIR/$ERA_NODE_RANK"
    both = bench.shell(script, datasets=given, nodes=2, units=2)
    assert bench.end(both).exit_code == 0
    assert [(both.outputs / rank).read_text() for rank in ("0", "1")] == ["1,2\n", "1,2\n"]
    again = bench.shell(
        "cat $ERA_INPUT_DIR/theirs/numbers/train.csv", datasets=given, code=both.code, inputs=both.inputs
    )
    assert (bench.end(again).exit_code, bench.log(again)) == (0, b"1,2\n")


def test_where_nothing_can_be_mounted_a_link_leads_there(
    bench: Bench, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_is_plain", lambda: True)
    spec = bench.spec("true", datasets=(ReadOnly("theirs/numbers", tree),))
    for _ in range(2):
        bench.engine.stage(spec)
    assert (spec.inputs / "theirs" / "numbers" / "train.csv").read_text() == "1,2\n"
