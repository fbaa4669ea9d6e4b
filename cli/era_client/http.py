"""The connection to one platform: requests under /api/v1/, sent again where that does no harm, errors as exceptions."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from era_client.errors import ApiError, NetworkError, UsageError, api_error

API = "/api/v1/"
ATTEMPTS = 4
AGAIN = {429, 502, 503, 504}
SAFE = {"GET", "HEAD", "PUT", "DELETE"}
LONGEST_WAIT = 20.0

Send = Callable[[], httpx.Response]


def base_url(text: str) -> str:
    """The platform's address without what comes after its host. Raises UsageError for what is none."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{text!r} is not the address of a platform: it looks like https://era.example.org.")
    if parts.username or parts.password:
        raise UsageError(f"{parts.hostname}: give the address without a name or a password; the token stands for both.")
    path = parts.path.removesuffix("/").removesuffix(API.removesuffix("/")).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def segment(text: str) -> str:
    """One part of an address, whatever is in it."""
    return quote(text, safe="")


class Connection:
    """Keeps connections open between requests; close it, or use it in a `with`."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 30.0, attempts: int = ATTEMPTS, agent: str = "era-client"
    ) -> None:
        self.url, self.token = base_url(url), token
        self.attempts = attempts
        headers = {"Authorization": f"Bearer {token}", "User-Agent": agent, "Accept": "application/json"}
        limits = httpx.Timeout(timeout, connect=min(timeout, 10.0))
        self.session = httpx.Client(base_url=self.url + API, headers=headers, timeout=limits)

    @property
    def headers(self) -> dict[str, str]:
        """What also WebSockets must bring."""
        return {"Authorization": f"Bearer {self.token}"}

    def socket_url(self, path: str) -> str:
        return "ws" + self.url.removeprefix("http") + path

    def close(self) -> None:
        self.session.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self.call("GET", path, params=params)

    def call(self, method: str, path: str, *, again: bool | None = None, **options: Any) -> Any:
        """The JSON of the answer, None where there is none. `again`: whether it may be sent twice."""
        response = self.send(method, path, again=again, **options)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise NetworkError(f"{self.url} answered with something else than JSON: is it an ERA Platform?") from error

    def send(self, method: str, path: str, *, again: bool | None = None, **options: Any) -> httpx.Response:
        """The answer, if it is a good one; else its ApiError, or NetworkError."""
        may = method in SAFE if again is None else again
        params = _without_none(options.pop("params", None))
        return self.insist(lambda: self.session.request(method, path, params=params, **options), may=may)

    def insist(self, send: Send, *, may: bool) -> httpx.Response:
        """What `send` gives; tried again, with growing waits, after what passes by itself. Raises what stays."""
        for attempt in range(1, self.attempts + 1):
            last = not may or attempt == self.attempts
            try:
                return self.checked(send())
            except ApiError as error:
                if last or error.status not in AGAIN:
                    raise
                wait = _asked_wait(error)
            except httpx.TransportError as error:
                if last:
                    raise self.unreached(error) from error
                wait = 0.0
            time.sleep(max(wait, pause(attempt)))
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """A GET whose answer is read piece by piece; not sent again by itself."""
        try:
            with self.session.stream("GET", path, headers=dict(headers)) as response:
                if response.is_error:
                    response.read()
                yield self.checked(response)
        except httpx.TransportError as error:
            raise self.unreached(error) from error

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every row of a list, page after page."""
        query = _without_none(params) or {}
        while True:
            page = self.get(path, query)
            yield from page["results"]
            if not page.get("next"):
                return
            # Only what it says after the ?: behind a proxy its host may be one that can't be reached from here.
            query = _parameters(urlsplit(page["next"]).query)

    def checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_redirect:
            where = response.headers.get("Location", "")
            raise NetworkError(f"{self.url} sends us on to {where}: sign in at that address (era login).")
        if response.is_error:
            error = api_error(response.status_code, _problem(response))
            if "Retry-After" in response.headers:
                error.problem.setdefault("retry_after", response.headers["Retry-After"])
            raise error
        return response

    def unreached(self, error: Exception) -> NetworkError:
        what = str(error) or type(error).__name__
        return NetworkError(f"{self.url} was not reached: {what}.", hint="Is the address right, and the platform up?")


def pause(attempt: int) -> float:
    """Seconds before the attempt after this one: doubled each time, and not the same for everybody."""
    return min(LONGEST_WAIT, 0.2 * float(2**attempt)) * random.uniform(0.5, 1.0)


def _asked_wait(error: ApiError) -> float:
    asked = str(error.problem.get("retry_after", ""))
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else 0.0


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _without_none(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if params is None else {name: value for name, value in params.items() if value is not None}


def _parameters(query: str) -> dict[str, Any]:
    """As httpx takes them: a list where one is given repeatedly."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found
