"""What there is: the files of a version, and datasets by words."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django_scopes import scopes_disabled

from accounts.models import Membership
from datasets.models import Dataset, Entry
from datasets.selectors import access, listing
from datasets.transfer import frames
from datasets.transfer.frames import Header
from datasets.transfer.limits import LISTED, PATH

WORDS = 200


@scopes_disabled()
def files(membership: Membership, header: Header) -> dict[str, Any]:
    """Answer to `list`. Raises InvalidInput, NotFound."""
    reference = access.parse_reference(frames.string(header, "reference", most=PATH))
    prefix, after = (frames.string(header, name, most=PATH, default="") for name in ("prefix", "after"))
    limit = frames.number(header, "limit", least=1, most=LISTED, default=LISTED)
    version = access.find_version(membership.organization, reference.owner, reference.name, reference.version)
    entries = Entry.objects.filter(version=version, path__startswith=prefix, path__gt=after).order_by("path")
    rows = list(entries.values("path", size=F("blob__size"), sha256=F("blob__digest"))[: limit + 1])
    following = rows[limit - 1]["path"] if len(rows) > limit else None
    return {"version": str(version.pk), "number": version.number, "files": rows[:limit], "next": following}


@scopes_disabled()
def search(membership: Membership, header: Header) -> dict[str, Any]:
    """Answer to `search`. Raises InvalidInput."""
    words = frames.string(header, "search", most=WORDS, default="")
    owner = frames.string(header, "owner", most=10, default=listing.ALL)
    after = frames.string(header, "after", most=PATH, default="")
    limit = frames.number(header, "limit", least=1, most=LISTED, default=LISTED)
    if owner not in listing.OWNERS:
        raise frames.bad("owner", f"must be one of {', '.join(listing.OWNERS)}")
    found = _after(listing.datasets_for(membership.organization, owner=owner, search=words), after)
    rows = list(found.order_by("organization__slug", "name")[: limit + 1])
    following = _reference(rows[limit - 1]) if len(rows) > limit else None
    return {"datasets": [_described(dataset) for dataset in rows[:limit]], "next": following}


def _after(found: QuerySet[Dataset], after: str) -> QuerySet[Dataset]:
    if not after:
        return found
    reference = access.parse_reference(after)
    later = Q(organization__slug__gt=reference.owner) | Q(organization__slug=reference.owner, name__gt=reference.name)
    return found.filter(later)


def _described(dataset: Dataset) -> dict[str, Any]:
    return {
        "reference": _reference(dataset),
        "description": dataset.description,
        "visibility": dataset.visibility,
        "latest": dataset.latest,  # type: ignore[attr-defined]  # listing.with_latest
    }


def _reference(dataset: Dataset) -> str:
    return f"{dataset.organization.slug}/{dataset.name}"
