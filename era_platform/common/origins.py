"""Which WebSocket connections are let in by where they come from."""

from typing import Any

from channels.security.websocket import AllowedHostsOriginValidator


class OriginUnlessToken:
    """Pages must come from this site, for the browser sends its cookie along from anywhere.

    A program that brings a token is no page: a browser can't set the header, and the cookie isn't looked at then.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._guarded = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        has_token = any(name == b"authorization" for name, _ in scope["headers"])
        return await (self._application if has_token else self._guarded)(scope, receive, send)
