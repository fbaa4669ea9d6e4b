"""Job files: what they become, and how everything that is wrong is told with its place."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from era_client.errors import JobFileError, LocalError
from era_client.jobfile import JobFile, from_options, load
from era_client.jobfile.fields import readers
from tests.platform import PROJECT

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DOCUMENT = (PROJECT / "cli" / "docs" / "job-yaml.md").read_text()
GOOD = """\
pool: local
command: python train.py
units: 4
duration: 2h30m
deadline: +12h
value: 12.50
"""

Read = Callable[..., JobFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a job file with this text, in a folder `digits`."""

    def reader(text: str, **changes: Any) -> JobFile:
        (tmp_path / "digits").mkdir(exist_ok=True)
        path = tmp_path / "digits" / "job.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path, changes, now=NOW)

    return reader


def faults(read: Read, text: str, **changes: Any) -> list[str]:
    with pytest.raises(JobFileError) as caught:
        read(text, **changes)
    return [str(fault) for fault in caught.value.faults]


def test_a_job_file_becomes_a_request(read: Read) -> None:
    assert read(GOOD).spec.body() == {
        "pool": "local",
        "units": 4,
        "duration": 9000,
        "deadline": "2030-01-01T12:00:00Z",
        "value": "12.50",
        "name": "digits",
        "image": "host",
        "command": ["python", "train.py"],
    }


def test_its_folder_is_the_code_unless_it_says_otherwise(read: Read, tmp_path: Path) -> None:
    assert read(GOOD).code == tmp_path / "digits"
    assert read(GOOD + "code: src\n").code == tmp_path / "digits" / "src"
    assert read(GOOD + "code: none\n").code is None


def test_values_of_variables_stay_as_they_are_written(read: Read) -> None:
    spec = read(GOOD + "env: {SEED: 010, FLAG: yes, RATE: 1e-3, EMPTY: ''}\n").spec
    assert spec.env == {"SEED": "010", "FLAG": "yes", "RATE": "1e-3", "EMPTY": ""}


def test_other_ways_become_lists_with_the_jobs_own_value_where_they_have_none(read: Read) -> None:
    body = read(GOOD + "also:\n  - {units: 2, duration: 4h}\n  - {units: 1, duration: 8h, value: 10}\n").spec.body()
    assert body["units"] == [4, 2, 1]
    assert body["duration"] == [9000, 14_400, 28_800]
    assert body["value"] == ["12.50", "12.50", "10"]


def test_one_value_for_all_ways_stays_one(read: Read) -> None:
    assert read(GOOD + "also: [{units: 2, duration: 4h}]\n").spec.body()["value"] == "12.50"


def test_a_sweep_keeps_its_values_as_texts(read: Read) -> None:
    asked = read(GOOD + "sweep: {lr: [0.10, 0.01], seed: [1, 2]}\nmode: best_effort\n")
    assert asked.sweep is not None
    assert asked.sweep.parameters == {"lr": ["0.10", "0.01"], "seed": ["1", "2"]}
    assert asked.sweep.mode == "best_effort"


def test_options_count_more_than_the_file_and_add_to_its_variables(read: Read) -> None:
    spec = read(GOOD + "env: {A: 1, B: 2}\n", units="8", env={"B": "3", "C": "4"}, network=True).spec
    assert (spec.units, spec.network) == (8, True)
    assert spec.env == {"A": "1", "B": "3", "C": "4"}


def test_all_that_is_wrong_is_told_at_once_with_line_and_column(read: Read) -> None:
    text = """\
pol: local
command: "python 'train.py"
units: four
duration: 2h30
deadline: 2030-02-01
value: 1.1234567
env:
  A: [1]
  ERA_X: 1
  3B: x
datasets: [demo/digits@3, digits]
also:
  - {units: 2}
nodes: 99
network: maybe
name: ""
units: 5
"""
    assert faults(read, text) == [
        "1:1: there is no 'pol': did you mean 'pool'?",
        "1:1: pool is missing",
        '2:10: command: "python \'train.py": no closing quotation',
        "3:8: units: 'four' is not a whole number from 1 to 1,000,000",
        "4:11: duration: '2h30' is not a duration: write 90m, 2h30m, 1d or a number of seconds",
        "5:11: deadline: '2030-02-01' has no time zone: write 2030-02-01T00:00Z for UTC, or 2030-02-01T00:00+01:00",
        "6:8: value: '1.1234567' has more than 6 decimals",
        "8:6: env.A: must be a single value, not a list",
        "9:10: env: ERA_X: names that begin with ERA_ are the platform's own",
        "10:7: env: '3B' is not a name for a variable",
        "11:27: datasets: 'digits' is not a dataset: write organization/name or organization/name@3",
        "13:5: also[0]: duration is missing",
        "14:8: nodes: '99' is not a whole number from 1 to 64",
        "15:10: network: 'maybe' is neither true nor false",
        "16:7: name: must not be empty",
        "17:1: 'units' is there twice",
    ]


def test_the_error_names_the_file_for_editors_that_jump_to_it(read: Read, tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match=r"digits/job\.yaml:3:8: units"):
        read(GOOD.replace("units: 4", "units: -1"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: the file is empty"),
        ("- a\n", "1:1: a job file is a group of keys such as `pool: local`, not a list"),
        ("pool: [a\nb: }", "2:2: this is not YAML: expected ',' or ']', but got ':'"),
        ("pool: *there\n", "1:7: this is not YAML: found undefined alias 'there'"),
        ("a: 1\n---\nb: 2\n", "2:1: this is not YAML: but found another document"),
        ("pool: \x01\n", "1:1: this is not YAML"),
    ],
)
def test_what_is_no_job_file_is_refused_with_its_place(read: Read, text: str, told: str) -> None:
    assert faults(read, text)[0].startswith(told)


def test_nothing_of_a_file_is_ever_built_into_an_object(read: Read) -> None:
    text = GOOD.replace("local", "!!python/object/apply:os.system ['true']")
    assert faults(read, text) == ["1:7: pool: must be a single value, not a list"]


def test_a_wrong_option_is_told_by_its_name(read: Read) -> None:
    assert faults(read, GOOD, units="many") == ["--units: 'many' is not a whole number from 1 to 1,000,000"]


def test_without_a_file_what_is_missing_is_told_as_options() -> None:
    with pytest.raises(JobFileError) as caught:
        from_options({"pool": "local", "units": "1"})
    assert [str(fault) for fault in caught.value.faults] == [
        "The command is missing: write it at the end, after --",
        "--duration is missing",
        "--deadline is missing",
        "--value is missing",
    ]


def test_a_job_without_a_file_is_called_by_its_command_and_sends_no_code() -> None:
    given = {"pool": "local", "units": "1", "duration": "1m", "deadline": "+1h", "value": "1"}
    asked = from_options(given | {"command": ["/usr/bin/python3", "train.py", "--x"]})
    assert (asked.spec.name, asked.code) == ("python3 train.py", None)


def test_a_file_that_is_not_there_or_no_text_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="There is no job file"):
        load(tmp_path / "job.yaml")
    (tmp_path / "job.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(LocalError, match="not text in UTF-8"):
        load(tmp_path / "job.yaml")


@pytest.mark.parametrize("key", sorted(readers(NOW)))
def test_every_key_is_in_the_documentation(key: str) -> None:
    assert f"`{key}`" in DOCUMENT


def test_the_documentations_first_example_is_a_job_file(read: Read) -> None:
    example = DOCUMENT.split("```yaml\n")[1].split("```")[0]
    spec = read(example).spec
    assert spec.value == Decimal("12.50")
    assert set(yaml.safe_load(example)) <= set(readers(NOW))


def test_the_example_in_the_repository_is_a_job_file() -> None:
    assert load(PROJECT / "examples" / "digits" / "job.yaml").spec.name == "digits"
