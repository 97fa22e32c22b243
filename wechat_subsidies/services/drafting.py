"""Drafting a batch: which of the selected orders would be sent, which are left out, and why."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest

from ..models import CancellationBatch, SubsidyCancellation
from ..orders import adapter_for, model_labelled
from ..wechatpay import InvalidParameter, check_description
from .draft_items import write_items
from .looking_through import CHUNK, Given, load_orders, look_through
from .requester import Requester
from .transactions import write_alias
from .wishes import refused


def draft_batch(
    orders: Iterable[models.Model],
    *,
    description: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    source: str = SubsidyCancellation.Source.SERVICE,
    http_request: HttpRequest | None = None,
) -> CancellationBatch:
    """Draft a batch of these orders (a queryset or any iterable); nothing is sent before it is confirmed.

    Only the orders' keys are taken: the orders themselves are loaded through their adapter, so that
    one that does not exist for `http_request` is left out like one that never was. `partial=True`
    is the explicit yes to partly refunded orders. The batch's `get_absolute_url()` is the page on
    which staff look it through. Raises InvalidRequest for a description that WeChat Pay would
    refuse.
    """
    using = write_alias()
    given = Given(partial=partial)
    with transaction.atomic(using=using):
        batch = empty_draft(
            description=description, requested_by=requested_by, source=source, using=using
        )
        position = 0
        seen: set[tuple[str, str]] = set()
        for model, keys in keys_by_model(orders):
            adapter = adapter_for(model)
            for chunk in chunks(keys):
                loaded = load_orders(adapter, chunk, request=http_request)
                candidates = [
                    candidate
                    for key in map(str, chunk)
                    for candidate in look_through(
                        adapter, loaded.get(key), key=key, batch=batch, given=given
                    )
                ]
                write_items(
                    batch, candidates, position=position, seen=seen, http_request=http_request
                )
                position += len(candidates)
    return batch


def renew_draft(
    batch: CancellationBatch, *, requested_by: Any = None, http_request: HttpRequest | None = None
) -> CancellationBatch:
    """Draft a batch of the same orders anew, as they are by now; the old one stays as it is.

    Only orders are taken over: not what was asked for without one, nor what was not found.
    """
    items = batch.items.using(write_alias()).order_by("position")
    keys = list(items.values_list("order_model", "order_pk"))
    known = {label: model_labelled(label) for label in {label for label, _key in keys}}
    orders = [(known[label], key) for label, key in keys]
    return draft_batch(
        (model(pk=model._meta.pk.to_python(key)) for model, key in orders if model),
        description=batch.description or None,
        requested_by=requested_by,
        source=batch.source,
        http_request=http_request,
    )


def empty_draft(
    *, description: str | None, requested_by: Any, source: str, using: str
) -> CancellationBatch:
    """A draft without items. Raises InvalidRequest for a description that WeChat Pay would refuse."""
    refuse_bad_description(description)
    requester = Requester.of(requested_by)
    return CancellationBatch.objects.using(using).create(
        source=source,
        description=description or "",
        requested_by=requester.user,
        requested_by_name=requester.name,
    )


def refuse_bad_description(description: str | None) -> None:
    """Raise InvalidRequest for a description that WeChat Pay would refuse; none at all is fine."""
    if not description:
        return
    try:
        check_description(description)
    except InvalidParameter as error:
        raise refused(error) from error


def keys_by_model(orders: Iterable[models.Model]) -> Iterator[tuple[type[models.Model], list[Any]]]:
    """The orders' models and keys, each key once, in the order given."""
    if isinstance(orders, models.QuerySet):
        yield orders.model, list(dict.fromkeys(orders.values_list("pk", flat=True)))
        return
    keys: dict[type[models.Model], dict[Any, None]] = {}
    for order in orders:
        keys.setdefault(type(order), {})[order.pk] = None
    for model, unique in keys.items():
        yield model, list(unique)


def chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The keys, `CHUNK` at a time."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]
