"""Addresses of the pages about pools."""

from django.urls import path

from pricing import views

urlpatterns = [
    path("o/<slug:org>/pools/", views.pools, name="pools"),
    path("o/<slug:org>/pools/<slug:slug>/", views.pool, name="pool"),
    path("o/<slug:org>/pools/<slug:slug>/prices/", views.pool_prices, name="pool-prices"),
    path("o/<slug:org>/pools/<slug:slug>/quote/", views.pool_quote, name="pool-quote"),
]
