"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from notifications.api.views import NoticeList, WebhookList, WebhookRotate, WebhookView

urlpatterns = [
    path("notices", NoticeList.as_view(), name="api-notices"),
    path("webhooks", WebhookList.as_view(), name="api-webhooks"),
    path("webhooks/<int:webhook>", WebhookView.as_view(), name="api-webhook"),
    path("webhooks/<int:webhook>/rotate", WebhookRotate.as_view(), name="api-webhook-rotate"),
]
