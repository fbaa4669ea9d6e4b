"""Where the portal is to be found, and whether it is ready there."""

import http.client
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
TIMEOUT = 5.0


@dataclass(frozen=True)
class Portal:
    address: str
    port: int

    @classmethod
    def at(cls, listener: socket.socket) -> "Portal":
        address, port = listener.getsockname()[:2]
        return cls(ANY_ADDRESS.get(address, address), port)

    @property
    def url(self) -> str:
        """What a person types into the browser."""
        return os.environ.get("ERA_PUBLIC_URL") or f"http://localhost:{self.port}"

    def what_is_missing(self) -> str:
        """What `readyz` says is not there; empty when the portal is ready."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/readyz", headers={"Host": urlsplit(self.url).netloc})
            answer = connection.getresponse()
            return "" if answer.status == http.HTTPStatus.OK else answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return "it does not answer"
        finally:
            connection.close()
