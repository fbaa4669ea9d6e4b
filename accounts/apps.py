"""Users, organizations, tokens, wallets and the ledger; and the operators' site in place of Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and wallets")
    default = True


class OperatorAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "accounts.admin_base.OperatorSite"
