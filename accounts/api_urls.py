"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from accounts.api import MeView, TransferList, WalletView

urlpatterns = [
    path("me", MeView.as_view(), name="api-me"),
    path("wallet", WalletView.as_view(), name="api-wallet"),
    path("wallet/transfers", TransferList.as_view(), name="api-wallet-transfers"),
]
