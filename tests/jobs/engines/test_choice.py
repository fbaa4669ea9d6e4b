"""ERA_ENGINE chooses the engine."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from jobs.engines import engine
from jobs.engines.process import ProcessEngine


def test_the_setting_names_the_engine(settings: Settings) -> None:
    settings.ERA_ENGINE = "process"
    assert isinstance(engine(), ProcessEngine)
    assert engine("swarm").name == "swarm"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"'slurm'.*process or swarm"):
        engine("slurm")
