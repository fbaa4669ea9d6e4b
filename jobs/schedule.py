"""When beat hands out the tasks. Beat's database scheduler writes this into its tables at its start.

A task that waited for longer than its interval expires: the next one does the same work.
"""

from typing import Any

EVERY: dict[str, float] = {
    "jobs.launch_due": 1,
    "jobs.observe_all": 1,
    "jobs.settle_due": 3,
    "jobs.stage_due": 3,
    "jobs.watch_capacity": 5,
    "jobs.reconcile": 60,
    "jobs.refit_forecasts": 3600,
    "pricing.snapshot_books": 15,
}
"""Task → seconds."""

BEAT: dict[str, dict[str, Any]] = {
    task: {"task": task, "schedule": seconds, "options": {"expire_seconds": seconds}} for task, seconds in EVERY.items()
}
