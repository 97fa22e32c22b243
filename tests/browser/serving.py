"""What stands before the shop while a browser looks at it: a strict policy, and a count of requests."""

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The Content-Security-Policy of a careful host: nothing inline, nothing from elsewhere.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

View = Callable[[HttpRequest], HttpResponse]

under_way: set[HttpRequest] = set()
changed = threading.Condition()


def strict_and_counted(get_response: View) -> View:
    """Middleware that puts the policy on every answer, and knows which requests are under way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with changed:
            under_way.add(request)
        try:
            response = get_response(request)
        finally:
            with changed:
                under_way.remove(request)
                changed.notify_all()
        response["Content-Security-Policy"] = POLICY
        return response

    return middleware


def wait_until_idle() -> None:
    """Wait for requests whose window is closed: the next test is to have the database for itself."""
    with changed:
        assert changed.wait_for(lambda: not under_way, timeout=60), under_way
