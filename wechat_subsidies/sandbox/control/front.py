"""The first to see a request: it is WeChat Pay's to answer, or the sandbox's own."""

import logging
from collections.abc import Callable

from wechat_subsidies.sandbox.checks import check_size
from wechat_subsidies.sandbox.control import api, page
from wechat_subsidies.sandbox.control.access import check_access
from wechat_subsidies.sandbox.gateway import Gateway
from wechat_subsidies.sandbox.messages import Answer, RefusalError, Request, error
from wechat_subsidies.sandbox.routing import Route, find
from wechat_subsidies.sandbox.wire import Wire
from wechat_subsidies.sandbox.world import World

logger = logging.getLogger("wechat_subsidies.sandbox")

ROUTES = (
    Route(method="GET", template=page.PATH, respond=page.show),
    *api.ROUTES,
)


class Front:
    """Serves the status page and the control API, and leaves the rest to the gateway.

    Its own requests are not in the ledger and meet neither faults nor rate limits. `base_url`
    tells where the sandbox listens, `token` is the control token.
    """

    def __init__(
        self, world: World, *, gateway: Gateway, base_url: Callable[[], str], token: str | None
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._base_url = base_url
        self._token = token

    def serve(self, request: Request, *, wire: Wire) -> None:
        """Answer one request."""
        if request.path == page.PATH or request.path.startswith(api.PREFIX):
            answer = self._answer(request)
            logger.info("%s %s | %s", request.method, ascii(request.path)[1:-1], answer.status)
            wire.send(answer.with_headers(("Cache-Control", "no-store")))
        else:
            self._gateway.serve(request, wire=wire)

    def _answer(self, request: Request) -> Answer:
        try:
            check_access(request, base_url=self._base_url(), token=self._token)
            check_size(request)
            route, named = find(ROUTES, method=request.method, path=request.path)
            return route.respond(
                api.Call(request=request, named=named, world=self._world, base_url=self._base_url())
            )
        except RefusalError as refusal:
            return refusal.answer
        except ValueError as problem:
            return error(400, "PARAM_ERROR", str(problem))
        except KeyError as problem:
            return error(404, "RESOURCE_NOT_EXISTS", f"There is no {problem} here.")
