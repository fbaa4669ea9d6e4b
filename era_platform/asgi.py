"""The ASGI application: pages and API by Django, WebSockets by Channels."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.embedded")
http = get_asgi_application()

from era_platform.routing import websockets  # noqa: E402  (needs the apps that get_asgi_application loads)

application = ProtocolTypeRouter(
    {"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(websockets))}
)
