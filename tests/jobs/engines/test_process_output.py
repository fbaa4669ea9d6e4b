"""What a job on the engine `process` prints and how it ends are kept, to the byte."""

from pathlib import Path

import psutil
import pytest

from jobs.engines.base import EndReason, Phase
from tests.jobs.engines.bench import Bench, eventually

pytestmark = pytest.mark.engine


def test_the_log_is_what_was_printed_byte_for_byte(bench: Bench) -> None:
    every_byte = r"import sys; sys.stdout.buffer.write(bytes(range(256)) * 300 + b'\r50%\r\x1b[32mgreen\x1b[0m\n')"
    spec = bench.begin("/usr/bin/env", "python3", "-c", every_byte)
    assert bench.end(spec).exit_code == 0
    assert bench.log(spec) == bytes(range(256)) * 300 + b"\r50%\r\x1b[32mgreen\x1b[0m\n"


def test_a_progress_bar_shows_before_its_line_ends(bench: Bench) -> None:
    spec = bench.shell(r"printf '\r10%%'; read forever < /dev/null; exec sleep 30")
    bench.says(spec, "\r10%")
    assert bench.inspect(spec).phase is Phase.RUNNING


def test_errors_and_output_share_the_log_in_order(bench: Bench) -> None:
    _, log = bench.run("echo one; echo two >&2; echo three")
    assert log == "one\ntwo\nthree\n"


def test_a_large_log_is_whole(bench: Bench) -> None:
    spec = bench.shell("seq 1 2000000")
    bench.end(spec)
    assert bench.log(spec) == b"".join(b"%d\n" % number for number in range(1, 2_000_001))


def test_what_a_dying_job_printed_last_is_kept(bench: Bench) -> None:
    spec = bench.shell("until [ -e go ]; do sleep 0.05; done; head -c 900000 /dev/zero; kill -9 $$")
    runner = psutil.Process(bench.runner(spec))
    (first,) = runner.children()
    runner.suspend()  # so that all of it still is in the pipe when the job is gone
    (spec.code / "go").touch()
    eventually(lambda: first.status() == psutil.STATUS_ZOMBIE)
    runner.resume()
    assert bench.end(spec).exit_code == 137
    assert bench.log(spec) == bytes(900_000)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill $$", 143)])
def test_the_exit_code_is_kept(bench: Bench, script: str, code: int) -> None:
    ended, _ = bench.run(script)
    assert (ended.exit_code, ended.reason) == (code, EndReason.EXITED)


def test_start_and_end_are_told(bench: Bench) -> None:
    ended, _ = bench.run("sleep 0.3")
    assert ended.started_at
    assert ended.ended_at
    assert 0.3 <= (ended.ended_at - ended.started_at).total_seconds() < 5


def test_a_command_that_is_not_there_says_so(bench: Bench) -> None:
    spec = bench.begin("no-such-program", "--fast")
    assert bench.end(spec).exit_code == 127
    assert bench.log(spec) == b"era-runner: no-such-program: command not found\n"


def test_a_file_that_is_no_program_says_so(bench: Bench) -> None:
    spec = bench.begin("/etc/passwd")
    assert bench.end(spec).exit_code == 126
    assert b"/etc/passwd: Permission denied" in bench.log(spec)


def test_the_job_gets_its_environment_and_its_folders(bench: Bench) -> None:
    spec = bench.spec(
        "sh", "-c", 'cat train.txt "$ERA_INPUT_DIR/data"; echo "$GREETING"; echo kept > "$ERA_OUTPUT_DIR/out"'
    )
    spec.env["GREETING"] = "two\nlines"
    for file, text in ((spec.code / "train.txt", "code "), (spec.inputs / "data", "data ")):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    bench.engine.stage(spec)
    bench.engine.start(spec)
    assert bench.end(spec).exit_code == 0
    assert bench.log(spec) == b"code data two\nlines\n"
    assert (spec.outputs / "out").read_text() == "kept\n"


def test_a_full_storage_loses_nothing(bench: Bench, small_disk: Path) -> None:
    (filler := small_disk / "filler").write_bytes(b"x" * 2_500_000)
    spec = bench.shell("seq 1 300000; echo end", attempt=small_disk / "attempt")
    eventually(lambda: len(bench.log(spec)) > 50_000)
    filler.unlink()
    assert bench.end(spec).exit_code == 0
    assert bench.log(spec) == b"".join(b"%d\n" % number for number in range(1, 300_001)) + b"end\n"
