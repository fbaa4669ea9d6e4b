"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from billing.api import ProjectsView, SpendingView, StatementsView, StatementTransferList, StatementView

urlpatterns = [
    path("projects", ProjectsView.as_view(), name="api-projects"),
    path("spending", SpendingView.as_view(), name="api-spending"),
    path("statements", StatementsView.as_view(), name="api-statements"),
    path("statements/<str:month>", StatementView.as_view(), name="api-statement"),
    path("statements/<str:month>/transfers", StatementTransferList.as_view(), name="api-statement-transfers"),
]
