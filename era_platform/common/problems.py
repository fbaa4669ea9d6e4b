"""Turns what went wrong into an answer: RFC 9457 problem+json under /api/, a page elsewhere, in the same words."""

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail

from era_platform.common.errors import Forbidden, InvalidInput, NotFound, Problem

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
TITLES: dict[int, Promise] = {
    400: gettext_lazy("The request is not well formed"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("You may not do this"),
    405: gettext_lazy("This method is not for this address"),
    406: gettext_lazy("This cannot be given in the form asked for"),
    415: gettext_lazy("The request's content type is not understood"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong on our side"),
    503: gettext_lazy("Not available at the moment"),
}


def problem_of(status: int, detail: object, code: str) -> Problem:
    """A problem that is not one of `errors.py`'s: it comes from Django or from REST framework."""
    problem = Problem(str(detail), code=code)
    problem.status = status
    problem.title = TITLES.get(status, Problem.title)
    return problem


def problem_body(problem: Problem) -> dict[str, Any]:
    """The members of the JSON object; also what templates/problem.html gets as `problem`."""
    body: dict[str, Any] = {
        "type": f"urn:era-platform:problem:{problem.code}",
        "title": str(problem.title),
        "status": problem.status,
        "detail": str(problem.detail),
        "code": problem.code,
    }
    if problem.field:
        body["field"] = problem.field
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        body["request_id"] = request_id
    return body | problem.extra


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem in the form that fits the address that was asked."""
    if request.path.startswith(API_PREFIX):
        return JsonResponse(problem_body(problem), status=problem.status, content_type=CONTENT_TYPE)
    return render(request, "problem.html", {"problem": problem_body(problem)}, status=problem.status)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's EXCEPTION_HANDLER. A plain response, so that it is JSON whatever a view's renderers are."""
    problem = _as_problem(error)
    if problem is None:
        return None
    response = answer(context["request"], problem)
    if auth_header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(wait)
    if problem.status == 503:
        response["Retry-After"] = "2"
    return response


def add_to_form(form: BaseForm, problem: Problem) -> None:
    """Show a problem where a person can mend it: at its field, or on top of the form."""
    form.add_error(problem.field if problem.field in form.fields else None, problem.detail)


def _as_problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case Http404() | exceptions.NotFound():
            return NotFound(_("There is nothing at this address, or it is not yours."))
        case PermissionDenied() | exceptions.PermissionDenied():
            return Forbidden(_("This token may not do this."))
        case exceptions.ValidationError():
            return _of_fields(list(_flatten(error.detail)))
        case OperationalError() | InterfaceError():
            log.error("database_unreachable", error=str(error))
            return problem_of(503, _("The database cannot be reached at the moment. Try again soon."), "unavailable")
        case exceptions.APIException():
            return problem_of(error.status_code, error.detail, error.default_code)
        case _:
            return None


def problems_of(invalid: exceptions.ValidationError, place: str) -> list[dict[str, str]]:
    """What is wrong with a part of a body that is called `place`, as members of `errors`."""
    return [
        {"field": ".".join(filter(None, (place, name))), "detail": str(text), "code": str(text.code)}
        for name, text in _flatten(invalid.detail)
    ]


def _of_fields(errors: list[tuple[str, ErrorDetail]]) -> Problem:
    """One problem for all fields: the first in `field` and `detail`, each of them in `errors`."""
    field, detail = errors[0]
    each = [{"field": name, "detail": str(text), "code": text.code} for name, text in errors]
    return InvalidInput(str(detail), field=field, errors=each)


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, ErrorDetail]]:
    """REST framework's nested messages as (`datasets.0.path`, message)."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flatten(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flatten(inner, path)
    else:
        yield path, detail
