"""Users, organizations, tokens, wallets and the ledger; and the operators' site in place of Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from accounts.platform_accounts import open_platform_accounts


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and wallets")
    default = True

    def ready(self) -> None:
        post_migrate.connect(open_platform_accounts, sender=self, dispatch_uid="platform accounts")


class OperatorAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "accounts.admin_base.OperatorSite"
