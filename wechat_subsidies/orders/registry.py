"""The adapters that the `ORDERS` setting names, by model."""

from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models
from django.http import HttpRequest
from django.utils.module_loading import import_string

from ..conf import SETTING, app_settings
from .adapter import OrderAdapter
from .mapped import MappedOrderAdapter


@lru_cache(maxsize=1)
def adapters() -> dict[type[models.Model], OrderAdapter]:
    """All adapters by the model that they are for; empty where `ORDERS` is not set."""
    orders = app_settings.orders
    if isinstance(orders, str):
        adapter = import_string(orders)()
        return {adapter.model: adapter}
    found = {}
    for label, how in orders.items():
        model = apps.get_model(label)
        found[model] = (
            import_string(how)() if isinstance(how, str) else MappedOrderAdapter(model, how)
        )
    return found


def adapter_for(model: type[models.Model]) -> OrderAdapter:
    """The adapter for orders of this model, or of a model that it is derived from.

    Raises ImproperlyConfigured, naming the setting, if there is none.
    """
    known = adapters()
    for candidate in (model, model._meta.concrete_model, *model._meta.get_parent_list()):
        if candidate in known:
            return known[candidate]
    message = f"{SETTING}['ORDERS'] has no entry for {model._meta.label}; it has: " + (
        ", ".join(sorted(each._meta.label for each in known)) or "none"
    )
    raise ImproperlyConfigured(message)


def find_order(
    *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
) -> tuple[OrderAdapter, Any] | None:
    """The order with this transaction and its adapter, whichever model it is of; None if there is none."""
    for adapter in adapters().values():
        order = adapter.find(sub_mchid=sub_mchid, transaction_id=transaction_id, request=request)
        if order is not None:
            return adapter, order
    return None


def forget_adapters(*, setting: str, **kwargs: object) -> None:
    """Build the adapters anew after a test has changed the setting."""
    if setting == SETTING:
        adapters.cache_clear()


setting_changed.connect(forget_adapters)
