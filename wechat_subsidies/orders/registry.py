"""The adapters that the `ORDERS` setting names, by model."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models
from django.http import HttpRequest
from django.utils.module_loading import import_string

from ..conf import SETTING, app_settings
from .adapter import Identity, OrderAdapter
from .keys import concrete, shares_key
from .mapped import MappedOrderAdapter


@lru_cache(maxsize=1)
def adapters() -> dict[type[models.Model], OrderAdapter]:
    """All adapters by the model with the table that they are for; empty where `ORDERS` is not set.

    Raises ImproperlyConfigured for an adapter at the label of a model that it is not for.
    """
    orders = app_settings.orders
    if isinstance(orders, str):
        adapter = import_string(orders)()
        return {concrete(adapter.model): adapter}
    return {
        concrete(model): adapter_of(model, how)
        for model, how in ((apps.get_model(label), how) for label, how in orders.items())
    }


def adapter_of(model: type[models.Model], how: Any) -> OrderAdapter:
    """The adapter that one entry stands for: a mapping, or a dotted path."""
    if not isinstance(how, str):
        return MappedOrderAdapter(model, how)
    adapter: OrderAdapter = import_string(how)()
    if concrete(adapter.model) is not concrete(model):
        message = (
            f"{SETTING}['ORDERS']['{model._meta.label}'] is {how}, which is for "
            f"{adapter.model._meta.label}."
        )
        raise ImproperlyConfigured(message)
    return adapter


def adapter_for(model: type[models.Model]) -> OrderAdapter:
    """The adapter for orders of this model, or of a model whose key it shares.

    Raises ImproperlyConfigured, naming the setting, if there is none. A proxy is the model that it
    stands for. A derived model with a primary key of its own needs an entry of its own: its parent's
    adapter would load another order by that key.
    """
    known = adapters()
    for candidate in (concrete(model), *model._meta.get_parent_list()):
        if candidate in known and shares_key(model, candidate):
            return known[candidate]
    message = f"{SETTING}['ORDERS'] has no entry for {model._meta.label}; it has: " + (
        ", ".join(sorted(each._meta.label for each in known)) or "none"
    )
    raise ImproperlyConfigured(message)


def model_labelled(label: str) -> type[models.Model] | None:
    """The model of orders recorded under this label as the settings have it, which may be a proxy.

    None if it is no longer installed, or no longer in the settings.
    """
    try:
        return adapter_for(apps.get_model(label)).model
    except (LookupError, ValueError, ImproperlyConfigured):
        return None


def find_order(
    *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
) -> tuple[OrderAdapter, Any] | None:
    """The order with this transaction and its adapter, whichever model it is of; None if there is none."""
    for adapter in adapters().values():
        order = adapter.find(sub_mchid=sub_mchid, transaction_id=transaction_id, request=request)
        if order is not None:
            return adapter, order
    return None


def find_orders(
    wanted: Collection[Identity], *, request: HttpRequest | None = None
) -> dict[Identity, tuple[OrderAdapter, Any]]:
    """The orders with these transactions and their adapters, as `find_order` finds each."""
    found: dict[Identity, tuple[OrderAdapter, Any]] = {}
    for adapter in adapters().values():
        rest = [identity for identity in dict.fromkeys(wanted) if identity not in found]
        several = adapter.find_several(rest, request=request)
        found |= {identity: (adapter, order) for identity, order in several.items()}
    return found


def forget_adapters(*, setting: str, **kwargs: object) -> None:
    """Build the adapters anew after a test has changed the setting."""
    if setting == SETTING:
        adapters.cache_clear()


setting_changed.connect(forget_adapters)
