"""Paths with names in them: which function answers which."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from wechat_subsidies.sandbox.messages import Answer, RefusalError, error

C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[C]):
    """A method, a path with `{names}`, and the function that answers; it may raise RefusalError."""

    method: str
    template: str
    respond: Callable[[C], Answer]

    def match(self, path: str) -> dict[str, str] | None:
        """Return what the path names, None if it is another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern, path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


def find(routes: Sequence[Route[C]], *, method: str, path: str) -> tuple[Route[C], dict[str, str]]:
    """Return the route and what the path names. Raises RefusalError with 404 or 405."""
    matches = [(route, named) for route in routes if (named := route.match(path)) is not None]
    if not matches:
        raise RefusalError(error(404, "RESOURCE_NOT_EXISTS", f"There is no API at {path}."))
    for route, named in matches:
        if route.method == method:
            return route, named
    allowed = ", ".join(route.method for route, _ in matches)
    answer = error(405, "METHOD_NOT_ALLOWED", f"{path} takes {allowed}, not {method}.")
    raise RefusalError(answer.with_headers(("Allow", allowed)))
