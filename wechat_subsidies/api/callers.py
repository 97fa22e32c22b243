"""Who calls. Hosts authenticate callers in their own ways, and not each is a user of the site."""

from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.request import Request


def requester(request: Request) -> Any:
    """Who is recorded as having asked: a user of the site, or the name of a caller of another kind."""
    caller: Any = request.user
    return caller if isinstance(caller, get_user_model()) else name(caller)


def name(caller: Any) -> str:
    """What a caller is called; empty for none. Never what they authenticated with: it may be a secret."""
    if caller is None:
        return ""
    return str(caller.get_username() if hasattr(caller, "get_username") else caller)
