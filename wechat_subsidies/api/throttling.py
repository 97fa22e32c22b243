"""How often one caller may call."""

from hashlib import sha256

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from ..conf import app_settings
from . import callers


def rate() -> str | None:
    """`API["THROTTLE_RATE"]`, such as `100/min`; None leaves it to the host's own throttles."""
    return app_settings.api["THROTTLE_RATE"]  # type: ignore[no-any-return]  # settings are untyped


class CallerThrottle(SimpleRateThrottle):
    """The rate of the settings, for each caller over all of our views.

    A class of its own, for a `throttle_scope` on our views would have to be in the
    DEFAULT_THROTTLE_RATES of every host with DRF's ScopedRateThrottle.
    """

    scope = "wechat_subsidies"

    def get_rate(self) -> str | None:
        """The rate of the settings as they are by now."""
        return rate()

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """The caller: the user, else by their name, else by their address.

        As a digest, for not every cache takes every address in its keys.
        """
        is_known = callers.is_user(request.user) or callers.name(request.user)
        caller = callers.identity(request) if is_known else self.get_ident(request)
        digest = sha256(str(caller).encode(errors="backslashreplace")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": digest}
