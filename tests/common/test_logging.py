"""Log lines: one JSON object each, or one for people; with the request's id wherever the work is done."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.test import Client

from era_platform.common import tracing
from era_platform.logging import logging_configuration, wants_colours


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged in JSON while the test runs."""
    configuration, stream = logging_configuration("json", "INFO"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(configuration["formatters"]["json"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def _formatter(options: dict[str, Any]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(**{name: value for name, value in options.items() if name != "()"})


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_what_libraries_log_has_the_same_form_and_the_request_id(written: io.StringIO) -> None:
    with tracing.following("abc", job="7"):
        logging.getLogger("some.library").warning("went %s", "wrong")
        structlog.get_logger("ours").warning("went_wrong", count=1)
    theirs, ours = lines(written)
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("went wrong", "some.library", "warning")
    assert (ours["event"], ours["count"]) == ("went_wrong", 1)
    assert [(line["request_id"], line["job"]) for line in (theirs, ours)] == [("abc", "7")] * 2


def test_a_line_stays_one_line(written: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("some.library").exception("several\nlines")
    (line,) = lines(written)
    assert "ValueError: first\nsecond" in line["exception"]


def test_what_is_written_for_people_is_set_up_without_error() -> None:
    logging.config.dictConfig(logging_configuration("console", "INFO"))
    logging.config.dictConfig(django_settings.LOGGING)
    logging_configuration("json", "INFO")


@pytest.mark.parametrize(
    ("environment", "wanted"), [({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False), ({"FORCE_COLOR": "1"}, True)]
)
def test_colours_come_where_they_are_wanted(environment: dict[str, str], wanted: bool) -> None:
    assert wants_colours(environment) is wanted


@pytest.mark.parametrize("given", ["abc-1.2_3", "A" * 64])
def test_a_good_request_id_is_taken_and_given_back(client: Client, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "a b", "a\nb", "ü", '"}'])
def test_any_other_request_id_is_replaced(client: Client, given: str) -> None:
    assert len(client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]) == 32


def test_a_problem_says_its_request_id(client: Client) -> None:
    response = client.get("/api/v1/jobs", headers={"X-Request-ID": "mine"})
    assert response.json()["request_id"] == response["X-Request-ID"] == "mine"


@pytest.mark.django_db
def test_secrets_in_addresses_are_not_logged(client: Client, written: io.StringIO) -> None:
    client.get("/invitations/sesame/?token=open")
    assert "sesame" not in written.getvalue()
    assert "open" not in written.getvalue()
    assert "/invitations/…/" in written.getvalue()
