"""The platform's own two ledger accounts, what was paid in and what was earned: there after every `migrate`."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps


def open_platform_accounts(using: str, apps: Apps = installed, **_: Any) -> None:
    """Listens to post_migrate, which also follows `flush`; does nothing where the table isn't there yet."""
    try:
        account = apps.get_model("accounts", "LedgerAccount")
    except LookupError:
        return
    for kind in ("revenue", "funding"):
        account._base_manager.using(using).get_or_create(organization=None, kind=kind)
