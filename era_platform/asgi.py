"""The ASGI application: pages and API by Django, WebSockets by Channels."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.embedded")
pages = get_asgi_application()

# These need the apps that get_asgi_application loads.
from era_platform.body_limit import FORM_BYTES, BodyLimit  # noqa: E402
from era_platform.common.origins import OriginUnlessToken  # noqa: E402
from era_platform.routing import websockets  # noqa: E402

http = BodyLimit(pages, settings.ERA_CODE_ARCHIVE_MAX_BYTES + FORM_BYTES)
application = ProtocolTypeRouter({"http": http, "websocket": OriginUnlessToken(AuthMiddlewareStack(websockets))})
