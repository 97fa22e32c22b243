"""Where things are."""

from typing import cast

from django.urls import ResolverMatch
from rest_framework.request import Request
from rest_framework.reverse import reverse

# What a URL of ours may capture that is not the host's.
OURS = frozenset({"pk", "format"})


def address(name: str, pk: int, *, request: Request) -> str:
    """The address of the URL of ours with that name, complete with scheme and host.

    It is beside the one that is being called, so that it is right however often, below whichever
    namespaces and with whichever captured values (a tenant, a version) the host includes our URLs.
    """
    here = cast("ResolverMatch", request.resolver_match)
    above = {name: value for name, value in here.kwargs.items() if name not in OURS}
    return reverse(f"{here.namespace}:{name}", kwargs={**above, "pk": pk}, request=request)


def cancellation_url(pk: int, *, request: Request) -> str:
    """The address of a cancellation."""
    return address("cancellation-detail", pk, request=request)


def batch_url(pk: int, *, request: Request) -> str:
    """The address of a batch."""
    return address("batch-detail", pk, request=request)


def items_url(pk: int, *, request: Request) -> str:
    """The address of the items of a batch."""
    return address("batch-items", pk, request=request)
