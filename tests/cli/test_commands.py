"""`era` without a platform: how errors look and end, and what is plain where there is no terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import era_client
from era_client import profiles
from era_client.commands import exits
from era_client.commands.output import Output, clean
from era_client.commands.tables import Column, lines
from era_client.profiles import Profile
from era_platform.embedded.ports import free_port
from tests.cli.conftest import Run
from tests.platform import PROJECT

README = (PROJECT / "cli" / "README.md").read_text()


def test_who_is_not_signed_in_is_told_how_and_ends_with_3(run: Run) -> None:
    told = run("pools")
    assert (told.code, told.out) == (3, "")
    assert "You are not signed in.\n     Sign in: era login" in told.err


def test_with_json_an_error_is_a_document_too(run: Run) -> None:
    told = run("pools", "--json")
    assert (told.code, told.err) == (3, "")
    assert told.json["error"] == {
        "code": "not_signed_in",
        "detail": "You are not signed in.",
        "hint": "Sign in: era login",
    }


@pytest.mark.usefixtures("at_once")
def test_where_nobody_answers_it_ends_with_6_and_names_the_address_but_not_the_token(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERA_URL", url := f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ERA_TOKEN", "very-secret")
    told = run("pools")
    assert told.code == 6
    assert url in told.err
    assert "very-secret" not in told.err


def test_what_is_wrong_with_a_job_file_is_told_line_by_line_and_ends_with_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("job.yaml").write_text("pool: local\nunits: x\nduratoin: 1h\n")
    told = run("submit")
    assert told.code == 2
    assert "job.yaml:2:8: units: 'x' is not a whole number from 1 to 1,000,000" in told.err
    assert "job.yaml:3:1: there is no 'duratoin': did you mean 'duration'?" in told.err
    faults = run("submit", "--json").json["error"]["faults"]
    assert {"line": 2, "column": 8, "field": "units"}.items() <= faults[-2].items()


@pytest.mark.parametrize(
    "words",
    [
        ("submitt",),
        ("jobs", "list", "--limit", "0"),
        ("logs",),
        ("jobs", "--json", "list"),
        ("datasets", "push", "here"),
        ("datasets", "ls", "--mine", "--public"),
        ("submit", "--env", "NAME", "--", "true"),
    ],
)
def test_what_is_typed_wrongly_ends_with_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).code == 2


@pytest.mark.parametrize("words", [(), ("jobs",), ("outputs",), ("datasets",), ("submit",), ("datasets", "push")])
def test_everything_can_be_asked_what_it_does(run: Run, words: tuple[str, ...]) -> None:
    told = run(*words, "--help")
    assert told.code == 0
    assert "Usage: era" in told.out


def test_it_says_which_version_it_is(run: Run) -> None:
    assert run("--version").out == f"era {era_client.__version__}\n"


def test_every_exit_code_is_in_the_readme() -> None:
    for code in exits.MEANINGS:
        assert f"\n| {code} |" in README


def test_a_table_is_plain_and_whole_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table([Column("NAME", shrinks=True), Column("N", right=True)], [("x" * 100, 1), ("ü", None)])
    lines = [f"{'NAME':<100}  N", f"{'x' * 100}  1", f"{'ü':<100}  –"]
    assert capsys.readouterr().out.splitlines() == lines


def test_in_a_narrow_terminal_names_give_way_and_then_columns_become_lines() -> None:
    columns = [Column("JOB"), Column("NAME", shrinks=True), Column("UNITS", right=True)]
    row = [["1234", "a name that is long", "8"]]
    assert [str(line) for line in lines(columns, row, 40)] == [
        "JOB   NAME                 UNITS",
        f"1234  {row[0][1]}      8",
    ]
    assert [str(line) for line in lines(columns, row, 25)] == ["JOB   NAME          UNITS", "1234  a name that…      8"]
    assert [str(line) for line in lines(columns, row, 20)] == ["job    1234", "name   a name that is long", "units  8"]


def test_whoever_stops_reading_early_is_no_failure(home: Path) -> None:
    for number in range(3):
        profiles.keep(f"profile-{number}", Profile("http://localhost:8000", "token"))
    command = [sys.executable, "-m", "era_client", "profiles"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "cli")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)


def test_an_empty_table_is_a_sentence_aside(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table([Column("NAME")], [], empty="There are no jobs.")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "There are no jobs.\n")


def test_quiet_leaves_results_only(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(quiet=True)
    out.note("by the way")
    out.line("result")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("result\n", "")


def test_control_characters_are_not_printed() -> None:
    assert clean("a\x1b[31mb\nc\x9b") == "a�[31mb�c�"


def test_json_keeps_what_is_written_in_other_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).json({"name": "数据"})
    printed = capsys.readouterr().out
    assert "数据" in printed
    assert json.loads(printed) == {"name": "数据"}
