"""What exists for a caller. All else answers like what never existed."""

import logging
from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models, router
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from .conf import SETTING, app_settings
from .models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from .models.cancellation import CancellationQuerySet
from .orders import OrderAdapter, adapters
from .orders.keys import concrete

logger = logging.getLogger("wechat_subsidies")

Scopes = frozenset[str] | None


def visible(request: HttpRequest) -> CancellationQuerySet:
    """The cancellations that exist for this request.

    Read where they are written: a replica may be behind, and callers look at what they have just
    asked for. Models whose adapters answer differently are each filtered by their own answer, and
    what belongs to no order is then left out.
    """
    cancellations = SubsidyCancellation.objects.using(router.db_for_write(SubsidyCancellation))
    condition = within(request)
    return cancellations.all() if condition is None else cancellations.filter(condition)


def within(request: HttpRequest) -> Q | None:
    """The condition on `order_model` and `scope` that a row exists for this request; None for all."""
    answers = {
        concrete(adapter.model)._meta.label: scopes_of(adapter, request=request)
        for adapter in adapters().values()
    }
    different = set(answers.values()) or {general_scopes(request)}
    if len(different) > 1:
        return one_of_each(answers)
    (scopes,) = different
    return None if scopes is None else Q(scope__in=scopes)


def one_of_each(answers: dict[str, Scopes]) -> Q:
    """The condition that an order of each model is within the scopes for that model."""
    condition = Q()
    for label, scopes in answers.items():
        of_model = Q(order_model=label)
        condition |= of_model if scopes is None else of_model & Q(scope__in=scopes)
    return condition


def sees_everything(request: HttpRequest) -> bool:
    """Whether all cancellations exist for this request."""
    answers = [scopes_of(adapter, request=request) for adapter in adapters().values()]
    return all(answer is None for answer in answers or [general_scopes(request)])


def is_visible(cancellation: SubsidyCancellation, *, request: HttpRequest) -> bool:
    """Whether this cancellation exists for this request."""
    return visible(request).filter(pk=cancellation.pk).exists()


def is_order_visible(order: models.Model, *, adapter: OrderAdapter, request: HttpRequest) -> bool:
    """Whether this order is within the scopes of this request.

    Asked besides the adapter's queryset, which need not look at the request: a cancellation that is
    recorded must be one that its caller can see.
    """
    return bool(visible_orders([order], adapter=adapter, request=request))


def visible_orders(
    orders: Iterable[Any], *, adapter: OrderAdapter, request: HttpRequest
) -> list[Any]:
    """Those of these orders that are within the scopes of this request, asked for once.

    One in which the shop's code fails is not; the traceback is in the log.
    """
    scopes = scopes_of(adapter, request=request)
    return [each for each in orders if scopes is None or scope_of(each, adapter=adapter) in scopes]


def scope_of(order: Any, *, adapter: OrderAdapter) -> str | None:
    """The order's scope; None where the shop's code fails."""
    try:
        return adapter.scope(order)
    except Exception:
        logger.exception("The scope of %s %s could not be read.", adapter.label, order.pk)
        return None


def visible_batches(
    request: HttpRequest, *, own: Q, all_batches: bool
) -> "models.QuerySet[CancellationBatch]":
    """The batches that exist for this request: one's `own`, with `all_batches` those of others too.

    None of them has an item of an order outside of the request's scopes. In the batches of others
    that includes what was asked for and not found: it tells what others look for.
    """
    using = router.db_for_write(CancellationBatch)
    batches = CancellationBatch.objects.using(using)
    condition = within(request)
    if condition is None:
        return batches.all() if all_batches else batches.filter(own)
    items = CancellationBatchItem.objects.using(using).filter(batch=OuterRef("pk"))
    outside = items.exclude(condition)
    batches = batches.exclude(Exists(outside.exclude(order_model="")))
    return batches.filter(own | ~Exists(outside)) if all_batches else batches.filter(own)


def are_orderless_visible(request: HttpRequest) -> bool:
    """Whether what belongs to no order, and so to no scope, exists for this request."""
    scopes = general_scopes(request)
    return scopes is None or "" in scopes


def scopes_of(adapter: OrderAdapter, *, request: HttpRequest) -> Scopes:
    """The scopes of a model's orders that this request may see; None for all."""
    return as_stored(adapter.scopes(request))


def general_scopes(request: HttpRequest) -> Scopes:
    """What the `SCOPES` setting says of this request; None for all."""
    return as_stored(app_settings.scopes(request)) if app_settings.scopes else None


def as_stored(scopes: Collection[Any] | None) -> Scopes:
    """Scopes as they are stored, which is as text.

    Raises ImproperlyConfigured for a single text: its letters would be taken for scopes.
    """
    if isinstance(scopes, str):
        message = (
            f"{SETTING}['SCOPES'] (or the scopes() of an adapter) returned the text “{scopes}”. "
            "Return a collection of scopes, such as a list, or None for all."
        )
        raise ImproperlyConfigured(message)
    return None if scopes is None else frozenset(map(str, scopes))
