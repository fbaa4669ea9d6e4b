"""One log line for each answer, and the request id: taken from the caller or made, kept, and given back."""

from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars, clear_contextvars

from era_platform.common import tracing

# What is asked every few seconds, or for each page many times: its lines would hide the others.
QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
SECRET_PARTS = frozenset({"key", "token", "secret"})


class RequestLog(RequestMiddleware):
    """Binds `request_id`, `user_id` and `ip` to all that is logged while the request is answered."""

    async_capable = False

    def prepare(self, request: HttpRequest) -> None:
        request.META["HTTP_X_REQUEST_ID"] = tracing.accept(request.META.get("HTTP_X_REQUEST_ID"))
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response[tracing.HEADER] = request.META["HTTP_X_REQUEST_ID"]
        if request.path.startswith(QUIET) and not hasattr(request, "_raised_exception"):
            clear_contextvars()
        else:
            super().handle_response(request, response)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """The address that the server saw; it believes only its own proxies about others."""
        bind_contextvars(ip=request.META.get("REMOTE_ADDR"))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Method and path, without the query and without what opens a door to whoever reads the log."""
        path, parts = request.path, request.resolver_match.kwargs if request.resolver_match else {}
        for name in SECRET_PARTS & parts.keys():
            path = path.replace(str(parts[name]), "…")
        return f"{request.method} {path}"
