"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from accounts.api import TransferList, WalletView

urlpatterns = [
    path("wallet", WalletView.as_view(), name="api-wallet"),
    path("wallet/transfers", TransferList.as_view(), name="api-wallet-transfers"),
]
