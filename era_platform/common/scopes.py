"""Code that looks at several tenants' rows on purpose, and says itself which: with django-scopes off."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django_scopes import scopes_disabled

Work = TypeVar("Work", bound=Callable[..., Any])


def unscoped(work: Work) -> Work:
    """A decorator: no scope holds while `work` runs, whatever is open around it."""
    return cast(Work, scopes_disabled()(work))
