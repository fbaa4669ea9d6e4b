"""Where the WebSockets of datasets are."""

from typing import Any

from django.urls import path

from datasets.transfer.application import transfer

application: Any = transfer  # an ASGI application where Django expects a view
urlpatterns = [path("ws/v1/transfer", application)]
