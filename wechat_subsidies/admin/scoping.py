"""Which cancellations exist for a request."""

from collections.abc import Collection

from django.db.models import Q
from django.http import HttpRequest

from ..conf import app_settings
from ..models.cancellation import CancellationQuerySet
from ..orders import adapters


def visible(rows: CancellationQuerySet, request: HttpRequest) -> CancellationQuerySet:
    """Those of these cancellations that are in the scopes of this request.

    Each adapter is asked about the orders of its model. As soon as one of them limits the request,
    what belongs to no order is left out.
    """
    scopes = {adapter.model._meta.label: adapter.scopes(request) for adapter in adapters().values()}
    if not scopes:
        general = app_settings.scopes(request) if app_settings.scopes else None
        return rows if general is None else rows.filter(scope__in=general)
    if all(allowed is None for allowed in scopes.values()):
        return rows
    condition = Q()
    for label, allowed in scopes.items():
        condition |= Q(order_model=label) & within(allowed)
    return rows.filter(condition)


def within(scopes: Collection[str] | None) -> Q:
    """The condition to be in one of these scopes; None stands for all."""
    return Q() if scopes is None else Q(scope__in=scopes)
