"""Addresses of the pages about notices and webhooks."""

from django.urls import path

from notifications.views.notices import notice_settings, notices, notices_read, notices_unread
from notifications.views.webhooks import webhook_remove, webhook_rotate, webhook_send_again, webhooks

urlpatterns = [
    path("o/<slug:org>/notices/", notices, name="notices"),
    path("o/<slug:org>/notices/unread/", notices_unread, name="notices-unread"),
    path("o/<slug:org>/notices/read/", notices_read, name="notices-read"),
    path("o/<slug:org>/notices/settings/", notice_settings, name="notice-settings"),
    path("o/<slug:org>/webhooks/", webhooks, name="webhooks"),
    path("o/<slug:org>/webhooks/<int:webhook>/rotate/", webhook_rotate, name="webhook-rotate"),
    path("o/<slug:org>/webhooks/<int:webhook>/remove/", webhook_remove, name="webhook-remove"),
    path("o/<slug:org>/webhooks/deliveries/<int:delivery>/again/", webhook_send_again, name="webhook-send-again"),
]
