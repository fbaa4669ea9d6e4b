"""The jobs' WebSockets."""

from django.urls import path

from jobs.consumers import EventConsumer, LogConsumer

urlpatterns = [
    path("ws/v1/jobs/<uuid:job_id>/logs", LogConsumer.as_asgi()),
    path("ws/v1/o/<slug:org>/events", EventConsumer.as_asgi()),
]
