"""The ASGI application: pages and API by Django, WebSockets by Channels."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django import setup
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.embedded")
setup(set_prefix=False)

# These need the apps that are loaded now.
from datasets.api.bodies import StoreBodies  # noqa: E402
from era_platform.body_limit import FORM_BYTES, BodyLimit  # noqa: E402
from era_platform.common.origins import OriginUnlessToken  # noqa: E402
from era_platform.pages import Pages  # noqa: E402
from era_platform.routing import websockets  # noqa: E402

pages = Pages()
http = StoreBodies(pages, BodyLimit(pages, settings.ERA_CODE_ARCHIVE_MAX_BYTES + FORM_BYTES))
application = ProtocolTypeRouter({"http": http, "websocket": OriginUnlessToken(AuthMiddlewareStack(websockets))})
