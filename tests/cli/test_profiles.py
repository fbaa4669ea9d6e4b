"""Tokens are kept where only their owner can read them, and go only to the address they were made for."""

import stat
from pathlib import Path

import pytest

from era_client import profiles
from era_client.errors import LocalError, NotConfigured
from era_client.profiles import Profile

HERE = Profile("https://era.example.org", "secret", "demo", "demo@example.com")


def test_a_profile_is_kept_and_counts(home: Path) -> None:
    profiles.keep("default", HERE)
    assert profiles.resolve() == HERE


def test_the_file_is_its_owners_alone(home: Path) -> None:
    path = profiles.keep("default", HERE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    profiles.keep("default", HERE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_half_written_stays(home: Path) -> None:
    path = profiles.keep("default", HERE)
    assert [one.name for one in path.parent.iterdir()] == ["profiles.json"]


def test_the_environment_counts_more_than_a_profile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.keep("default", HERE)
    monkeypatch.setenv("ERA_URL", "https://other.example.org")
    monkeypatch.setenv("ERA_TOKEN", "another")
    assert profiles.resolve("default") == Profile("https://other.example.org", "another")


def test_a_token_alone_in_the_environment_goes_to_the_profiles_address(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.keep("default", HERE)
    monkeypatch.setenv("ERA_TOKEN", "another")
    assert profiles.resolve() == Profile(HERE.url, "another", "demo", "demo@example.com")


def test_a_profiles_token_is_never_sent_to_another_address(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.keep("default", HERE)
    monkeypatch.setenv("ERA_URL", "https://elsewhere.example.org")
    with pytest.raises(NotConfigured, match="its token is not sent elsewhere"):
        profiles.resolve()
    monkeypatch.setenv("ERA_URL", HERE.url + "/")
    assert profiles.resolve().token == "secret"


def test_several_profiles_are_told_apart_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.keep("work", HERE)
    profiles.keep("home", Profile("http://localhost:8000", "mine"))
    assert profiles.resolve().token == "mine"
    assert profiles.resolve("work") == HERE
    monkeypatch.setenv("ERA_PROFILE", "work")
    assert profiles.resolve() == HERE


def test_who_is_not_signed_in_is_told_how(home: Path) -> None:
    with pytest.raises(NotConfigured, match="not signed in") as caught:
        profiles.resolve()
    assert caught.value.hint == "Sign in: era login"
    with pytest.raises(NotConfigured, match="no profile 'work'"):
        profiles.resolve("work")


def test_a_forgotten_profile_is_gone_and_another_counts(home: Path) -> None:
    profiles.keep("work", HERE)
    profiles.keep("home", Profile("http://localhost:8000", "mine"))
    assert profiles.forget("home")
    assert profiles.resolve() == HERE
    assert not profiles.forget("home")
    assert "mine" not in profiles.config_file().read_text()


def test_a_damaged_file_is_an_error_that_says_what_to_do(home: Path) -> None:
    profiles.keep("default", HERE).write_text("{")
    with pytest.raises(LocalError, match="damaged") as caught:
        profiles.resolve()
    assert "era login" in caught.value.hint
