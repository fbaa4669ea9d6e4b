"""What has settled jobs needs what tests of jobs have."""

from tests.jobs.conftest import held_clock, own_storage, pool

__all__ = ["held_clock", "own_storage", "pool"]
