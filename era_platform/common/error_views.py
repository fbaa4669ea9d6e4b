"""What Django itself calls when something goes wrong: the root URLconf's handlers, the middleware, the CSRF check."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error as server_error_page

from era_platform.common.errors import NotFound, Problem
from era_platform.common.problems import API_PREFIX, answer, problem_of


class ProblemMiddleware:
    """Answers a Problem that a page raised."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer(request, error) if isinstance(error, Problem) else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, problem_of(400, _("The server could not make sense of this request."), "bad_request"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, problem_of(403, _("Your account does not allow this."), "forbidden"))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound(_("There is nothing at {path}.").format(path=request.path[:200])))


def server_error(request: HttpRequest) -> HttpResponse:
    """Uses neither database nor session: they may be what is broken."""
    if not request.path.startswith(API_PREFIX):
        return server_error_page(request)
    detail = _("It is recorded; if it happens again, tell the operator this request's id.")
    return answer(request, problem_of(500, detail, "server_error"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("The page was open for too long, or the form came from elsewhere. Load the page again and retry.")
    return answer(request, problem_of(403, detail, "csrf_failed"))
