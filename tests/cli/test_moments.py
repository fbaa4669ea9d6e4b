"""Durations and moments as people write them."""

from datetime import UTC, datetime

import pytest

from era_client.moments import parse_duration, parse_moment, show_duration, write_moment

NOW = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("2h30m", 9000),
        ("1d 6h", 108_000),
        ("45s", 45),
        ("600", 600),
        ("1.5h", 5400),
        (" 2H ", 7200),
        ("1w", 604_800),
    ],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-5m", "5 minutes", "0", "0s", "400d", "1h2", "²m", "1e3"])
def test_what_is_no_duration_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ValueError, match=r"90m, 2h30m|between a second and a year"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("+6h", "2030-01-01T18:00:00Z"),
        ("2030-02-01T12:00Z", "2030-02-01T12:00:00Z"),
        ("2030-02-01 12:00+02:00", "2030-02-01T10:00:00Z"),
    ],
)
def test_a_moment_is_read(text: str, moment: str) -> None:
    assert write_moment(parse_moment(text, NOW)) == moment


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone: write 2030-02-01T12:00Z"):
        parse_moment("2030-02-01 12:00", NOW)


@pytest.mark.parametrize("text", ["tomorrow", "6h", "+", "2030-13-01T00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write"):
        parse_moment(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (59, "59s"), (5400, "1h 30m"), (90_061, "1d 1h"), (-5, "0s")]
)
def test_a_duration_is_shown_by_its_largest_parts(seconds: int, shown: str) -> None:
    assert show_duration(seconds) == shown
