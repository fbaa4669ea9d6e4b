"""Many processes at the ledger, some of them killed: a small storm of the large one in benchmarks/ledger_storm.py."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.load


def test_money_neither_appears_nor_vanishes_whoever_is_killed() -> None:
    command = [sys.executable, "-m", "benchmarks.ledger_storm", "--operations", "1500", "--processes", "6"]
    command += ["--seconds-between-kills", "0.7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert done.stdout.endswith("0 faults\n")
    assert " 0 kills" not in done.stdout
