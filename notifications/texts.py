"""Notices in people's words: a line for the list and the subject, more of them in a mail."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Kind, Notice

LABELS = {
    "name": gettext_lazy("Name"),
    "pool": gettext_lazy("Pool"),
    "state": gettext_lazy("State"),
    "cause": gettext_lazy("Reason"),
    "reason": gettext_lazy("Reason"),
    "jobs": gettext_lazy("Jobs"),
    "succeeded": gettext_lazy("Succeeded"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
    "exit_code": gettext_lazy("Exit code"),
    "start": gettext_lazy("Starts (UTC)"),
    "end": gettext_lazy("Ends (UTC)"),
    "price": gettext_lazy("Price, in credits"),
    "back": gettext_lazy("Back in the wallet, in credits"),
    "credit": gettext_lazy("Credited, in credits"),
    "percent": gettext_lazy("Used, in percent"),
    "month": gettext_lazy("Month"),
    "project": gettext_lazy("Project"),
    "member": gettext_lazy("Member"),
    "spent": gettext_lazy("Spent, in credits"),
    "limit": gettext_lazy("Limit, in credits"),
}


def headline(notice: Notice) -> str:
    detail: dict[str, Any] = notice.detail
    if detail.get("text"):
        return str(detail["text"])
    name = detail.get("name") or detail.get("project") or detail.get("member") or notice.organization.name
    return _headlines(notice.kind).format(name=name, percent=detail.get("percent", ""))


def _headlines(kind: str) -> str:
    return {
        Kind.RESERVED: _("“{name}” is reserved"),
        Kind.STARTS_SOON: _("“{name}” starts within 10 minutes"),
        Kind.STARTED: _("“{name}” has started"),
        Kind.FINISHED: _("“{name}” has ended"),
        Kind.FAILED: _("“{name}” failed"),
        Kind.REFUNDED: _("Credits came back: “{name}”"),
        Kind.BUDGET: _("“{name}” has used {percent} % of the month's limit"),
        Kind.MAINTENANCE: _("Maintenance: “{name}”"),
    }[Kind(kind)]


def lines(notice: Notice) -> list[tuple[str, str]]:
    """What is known of it, each with what it is called."""
    known = ((label, notice.detail.get(name)) for name, label in LABELS.items())
    return [(str(label), str(value)) for label, value in known if value not in (None, "")] + _changed(notice)


def _changed(notice: Notice) -> list[tuple[str, str]]:
    """A line for each job that was moved or ended for a reason of the platform's."""
    moved, ended = _("promised for {promised}, starts {start}"), _("{back} credits back, and {credit} more")
    told = []
    for name, text in (("moved", moved), ("ended", ended)):
        for job in notice.detail.get(name, ()):
            address = _full(reverse("job", args=[notice.organization.slug, job["job"]]))
            told.append((job["name"], f"{text.format(**job)}\n{address}"))
    return told


def link(notice: Notice) -> str:
    """The page that it is about."""
    slug = notice.organization.slug
    if notice.job:
        return reverse("job", args=[slug, notice.job])
    if batch := notice.detail.get("batch"):
        return reverse("batch", args=[slug, batch])
    return reverse({Kind.REFUNDED: "wallet", Kind.BUDGET: "projects"}.get(Kind(notice.kind), "notices"), args=[slug])


def full_link(notice: Notice) -> str:
    return _full(link(notice))


def _full(path: str) -> str:
    return str(settings.ERA_PUBLIC_URL).rstrip("/") + path
