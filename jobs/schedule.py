"""When beat hands out the tasks. Beat's database scheduler writes this into its tables at its start.

A task that waited for longer than its interval expires: the next one does the same work.
"""

from typing import Any

EVERY: dict[str, float] = {
    "billing.collect_debts": 60,
    "desk.compare": 3_600,
    "desk.roll_up": 300,
    "datasets.index_paths": 5,
    "datasets.sweep_abandoned": 600,
    "datasets.sweep_disk": 86_400,
    "datasets.sweep_loosened": 10,
    "jobs.launch_due": 1,
    "jobs.observe_all": 1,
    "jobs.settle_due": 3,
    "jobs.tell_budgets": 10,
    "jobs.tell_events": 2,
    "jobs.stage_due": 3,
    "jobs.watch_capacity": 5,
    "jobs.reconcile": 60,
    "jobs.reconcile_history": 86_400,
    "jobs.refit_forecasts": 3600,
    "notifications.fan_out": 2,
    "notifications.send_mails": 3,
    "notifications.send_webhooks": 2,
    "pricing.snapshot_books": 15,
}
"""Task → seconds."""

BEAT: dict[str, dict[str, Any]] = {
    task: {"task": task, "schedule": seconds, "options": {"expire_seconds": seconds}} for task, seconds in EVERY.items()
}
