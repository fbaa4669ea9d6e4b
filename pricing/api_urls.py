"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from pricing.api.views import PoolList, PoolView, PricesView, QuotesView

urlpatterns = [
    path("pools", PoolList.as_view(), name="api-pools"),
    path("pools/<str:slug>", PoolView.as_view(), name="api-pool"),
    path("pools/<str:slug>/prices", PricesView.as_view(), name="api-pool-prices"),
    path("quotes", QuotesView.as_view(), name="api-quotes"),
]
