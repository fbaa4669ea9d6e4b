"""One HTTP call to an address that a stranger chose: to public addresses only, no redirects, bounded in time."""

import http.client
import ipaddress
import socket
import ssl
import threading
from urllib.parse import urlsplit

from django.conf import settings

from era_platform.common.errors import InvalidInput

CONNECT_SECONDS, ALL_SECONDS = 5.0, 10.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class CallFailed(Exception):
    """Says what went wrong, for whoever looks at the webhook."""


class _Wire(http.client.HTTPConnection):
    """Connects to the very address that was looked at: a name can't point elsewhere a moment later."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._context = context
        self.was_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((_address(self.host, self.port), self.port), CONNECT_SECONDS)
        if self._context:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


def check_url(url: str) -> None:
    """Raises InvalidInput (field `url`) for what no call could be made to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"“{url[:80]}” is not an address: {error}.", field="url") from error
    schemes = ("https", "http") if settings.ERA_WEBHOOK_PRIVATE else ("https",)
    printable = url.isascii() and url.isprintable() and " " not in url and len(url) <= 500
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or port == 0 or not printable:
        raise InvalidInput(
            f"“{url[:80]}” can't be called; give an address like https://example.com/hook,"
            " in ASCII, of at most 500 characters, without a user.",
            field="url",
        )


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Raises CallFailed unless a status from 200 to 299 comes back in time."""
    try:
        check_url(url)
    except InvalidInput as error:
        raise CallFailed(error.detail) from error
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    context = ssl.create_default_context() if secure else None
    wire = _Wire(str(parts.hostname), parts.port or (443 if secure else 80), context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    cut = threading.Timer(ALL_SECONDS, _cut, [wire])
    cut.daemon = True
    cut.start()
    try:
        wire.request("POST", path, body, headers)
        status = wire.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CallFailed(str(error) or type(error).__name__) from error
    finally:
        cut.cancel()
        wire.close()
    if wire.was_cut:  # what came until then may look like an answer
        raise CallFailed(f"no answer within {ALL_SECONDS:g} seconds")
    if not 200 <= status < 300:
        raise CallFailed(f"it answered {status}")


def _cut(wire: _Wire) -> None:
    wire.was_cut = True
    # However slowly bytes drip in, each in time by itself.
    if wire.sock:
        try:
            wire.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _address(host: str, port: int) -> str:
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    allowed = [address for address in found if settings.ERA_WEBHOOK_PRIVATE or is_public(address)]
    if not allowed:
        raise CallFailed(f"{host} is at {found[0]}, which is not a public address")
    return allowed[0]


def is_public(address: str) -> bool:
    """Whether it may be called: not private, loopback, link-local, multicast, nor one of these within IPv6."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
