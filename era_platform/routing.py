"""Which WebSocket goes where."""

from channels.routing import URLRouter

from datasets import routing as datasets
from jobs import routing as jobs

websockets = URLRouter([*jobs.urlpatterns, *datasets.urlpatterns])
