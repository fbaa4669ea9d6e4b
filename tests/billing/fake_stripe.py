"""A server that answers `POST /v1/checkout/sessions` as Stripe's published API says: form encoding, idempotency keys,
and errors in its shape. https://docs.stripe.com/api/checkout/sessions/create, …/idempotent_requests, …/errors"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

SMALLEST = 50
KEY = "sk_test_only_for_tests"
REQUIRED = ("mode", "success_url", "line_items[0][quantity]", "line_items[0][price_data][currency]")

OTHER_PARAMETERS = (
    "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key"
    " other than that."
)


class FakeStripe:
    """`asked` is what came, in order; `failing` statuses are answered first, one for each request."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.failing: list[int] = []
        self.sessions: list[dict[str, Any]] = []
        self._answers: dict[str, tuple[dict[str, str], int, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self.url = ""

    def answer(self, path: str, key: str, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked.append(form)
            if self.failing:
                status = self.failing.pop(0)
                return status, error("api_error" if status >= 500 else "rate_limit_error", "Something is wrong.")
            if authorization != f"Bearer {KEY}":
                return 401, error("invalid_request_error", "Invalid API Key provided: sk_test_***")
            if path != "/v1/checkout/sessions":
                return 404, error("invalid_request_error", f"Unrecognized request URL (POST: {path}).")
            if key in self._answers:
                before, status, body = self._answers[key]
                if before != form:
                    return 400, error("idempotency_error", OTHER_PARAMETERS)
                return status, body
            status, body = self._create(form)
            if key:
                self._answers[key] = (form, status, body)
            return status, body

    def _create(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        for name in REQUIRED:
            if name not in form:
                return 400, error("invalid_request_error", f"Missing required param: {name}.", param=name)
        quantity, price = (form[f"line_items[0]{name}"] for name in ("[quantity]", "[price_data][unit_amount]"))
        if int(quantity) * int(price) < SMALLEST:
            text = "The Checkout Session's total amount must convert to at least 50 cents."
            return 400, error("invalid_request_error", text, code="amount_too_small")
        number = len(self.sessions) + 1
        session = {
            "id": f"cs_test_{number}",
            "object": "checkout.session",
            "amount_total": int(quantity) * int(price),
            "client_reference_id": form.get("client_reference_id"),
            "currency": form["line_items[0][price_data][currency]"],
            "livemode": False,
            "metadata": nested(form, "metadata"),
            "mode": form["mode"],
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": form["success_url"],
            "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
        }
        self.sessions.append(session)
        return 200, session


def nested(form: dict[str, str], name: str) -> dict[str, str]:
    """metadata[a]=b as {"a": "b"}."""
    found = ((re.fullmatch(rf"{name}\[(\w+)\]", key), value) for key, value in form.items())
    return {match[1]: value for match, value in found if match}


def error(kind: str, message: str, **more: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, **more}}


@contextmanager
def serving() -> Iterator[FakeStripe]:
    """On a port of its own, until the block ends."""
    fake = FakeStripe()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            form = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
            key = self.headers.get("Idempotency-Key", "")
            status, answer = fake.answer(self.path, key, self.headers.get("Authorization", ""), form)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Request-Id", f"req_{len(fake.asked)}")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_line: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
