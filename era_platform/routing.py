"""Which WebSocket goes where."""

from channels.routing import URLRouter

from jobs.routing import urlpatterns

websockets = URLRouter(urlpatterns)
