"""Pages of the documentation that must not drift from what they describe."""

import json
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DEPENDENCIES = (PROJECT / "docs" / "dependencies.md").read_text()


SETTINGS = (PROJECT / "docs" / "settings.md").read_text()
READS_A_VARIABLE = re.compile(r"""(?:env(?:\.\w+)?|environ\.get|_number)\(\s*"([A-Z_]+)\"""")


def required(path: Path) -> set[str]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("#", "-c", "-r"))]
    return {re.split(r"[\[~=<>; ]", line)[0] for line in lines if line}


@pytest.mark.parametrize("name", ["requirements.in", "tests/requirements.in", "examples/requirements.in"])
def test_every_python_package_has_a_line_in_dependencies(name: str) -> None:
    assert {package for package in required(PROJECT / name) if f"| {package} |" not in DEPENDENCIES} == set()


def test_every_package_of_the_command_line_has_a_line_in_dependencies() -> None:
    needed = tomllib.loads((PROJECT / "cli" / "pyproject.toml").read_text())["project"]["dependencies"]
    packages = {re.split(r"[\[~=<>; ]", line)[0] for line in needed}
    assert {package for package in packages if f"| {package} |" not in DEPENDENCIES} == set()


def test_every_front_end_package_has_a_line_in_dependencies() -> None:
    packages = json.loads((PROJECT / "package.json").read_text())["dependencies"]
    assert {package for package in packages if f"| {package} |" not in DEPENDENCIES} == set()


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "cli/requirements.txt",
        "tests/requirements.txt",
        "examples/requirements.txt",
        "package-lock.json",
    ],
)
def test_pinned_lists_name_no_registry(name: str) -> None:
    text = (PROJECT / name).read_text()
    assert "--index-url" not in text
    assert "--find-links" not in text
    assert '"resolved"' not in text


def test_every_variable_that_is_read_is_described() -> None:
    sources = [path.read_text() for path in (PROJECT / "era_platform").rglob("*.py")]
    read = {name for source in sources for name in READS_A_VARIABLE.findall(source)}
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", SETTINGS, re.MULTILINE))
    assert read == described
