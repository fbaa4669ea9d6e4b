"""Keeps each request in one thread from the first middleware to the view."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

GetResponse = Callable[[HttpRequest], HttpResponse]


@sync_only_middleware
def one_thread(get_response: GetResponse) -> GetResponse:
    """The innermost middleware. Django runs each middleware in the way that the next one inside it runs:

    with one here that is not asynchronous, none is, and a request changes threads once, not twice a middleware.
    """
    return get_response
