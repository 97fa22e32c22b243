"""Who calls. Hosts authenticate callers in their own ways, and not each is a user of the site.

What a caller that is no user asked for is recorded under its name. A batch of such a caller's
belongs to whoever has that name, so a host should not let two machines have the same; callers
without any name are all one.
"""

from hashlib import sha256
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from .. import scoping
from ..models import CancellationBatch, SubsidyCancellation
from ..permissions import may_see_all_batches
from ..services.requester import NAME_LENGTH
from ..texts import storable

DIGEST: Final = 16  # hexadecimal digits that tell names apart which are not recorded whole


def requester(request: Request) -> Any:
    """Who is recorded as having asked: a user of the site, or the name of a caller of another kind."""
    caller: Any = request.user
    return caller if is_user(caller) else recorded_name(caller)


def is_user(caller: Any) -> bool:
    """Whether it is a user of the site, with a row."""
    return isinstance(caller, get_user_model()) and caller.pk is not None


def name(caller: Any) -> str:
    """What a caller is called; empty for none. Never what they authenticated with: it may be a secret.

    Objects that stand for a token have the methods of a user and often no username: they are called
    what they call themselves, for else all would be one.
    """
    if caller is None or getattr(caller, "is_anonymous", False):
        return ""
    username = caller.get_username() if hasattr(caller, "get_username") else ""
    return str(username or caller)


def recorded_name(caller: Any) -> str:
    """A caller's name as it is recorded: whole, or shortened so that no other's comes to the same."""
    whole = name(caller)
    kept = storable(whole, limit=NAME_LENGTH)
    if kept == whole:
        return whole
    digest = sha256(whole.encode(errors="backslashreplace")).hexdigest()[:DIGEST]
    return f"{kept[: NAME_LENGTH - DIGEST - 1]}#{digest}"


def identity(request: Request) -> str:
    """One text for each caller, the same at each of its requests; names nobody."""
    caller: Any = request.user
    if is_user(caller):
        return f"user {caller.pk}"
    digest = sha256(name(caller).encode(errors="backslashreplace")).hexdigest()
    return f"name {digest}"


def own_batches(request: Request) -> Q:
    """The condition that a batch is the caller's own."""
    caller: Any = request.user
    if is_user(caller):
        return Q(requested_by=caller.pk)
    return Q(
        requested_by=None,
        requested_by_name=recorded_name(caller),
        source=SubsidyCancellation.Source.API,
    )


def visible_batches(request: Request) -> "QuerySet[CancellationBatch]":
    """The batches that exist for the caller: their own, or with the permission those of others too."""
    return scoping.visible_batches(
        request._request, own=own_batches(request), all_batches=sees_all_batches(request)
    )


def sees_all_batches(request: Request) -> bool:
    """Whether the caller may see and work on the batches of others."""
    caller: Any = request.user
    return hasattr(caller, "has_perm") and may_see_all_batches(caller)
