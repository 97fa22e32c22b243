"""How the shop's orders plug in: do the models, paths and adapters exist?"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models

from ..conf import app_settings
from ..orders import OrderAdapter
from ..orders.keys import concrete
from .imports import CannotImport, imported
from .mappings import mapping_errors
from .messages import error, warning
from .near_misses import hint_of
from .querysets import is_table, queryset_problem
from .replicas import replica_warnings


def check_orders(**kwargs: object) -> list[CheckMessage]:
    """Check WECHAT_SUBSIDIES['ORDERS'] against the shop's models."""
    if not isinstance(app_settings.raw, Mapping):
        return []  # named by check_values
    orders = app_settings.orders
    if isinstance(orders, str):
        return list(adapter_errors("['ORDERS']", orders))
    if not isinstance(orders, Mapping):
        hint = (
            "Give a dictionary by model label, such as {'shop.Order': {…}}, or an adapter's path."
        )
        return [error("['ORDERS']", f"is {orders!r}.", hint=hint, number=201)]
    return [
        *same_table_errors(orders),
        *(
            problem
            for label, how in orders.items()
            for problem in entry_errors(f"['ORDERS']['{label}']", label, how)
        ),
    ]


def model_named(label: Any) -> type[models.Model] | None:
    """The model of that label; None if there is none."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError, AttributeError, TypeError):
        return None


def same_table_errors(orders: Mapping[Any, Any]) -> Iterator[Error]:
    """Two entries for rows of one table, such as a model and its proxy: which of them would hold?"""
    first: dict[type[models.Model], Any] = {}
    for label in orders:
        model = model_named(label)
        if model is not None and first.setdefault(concrete(model), label) != label:
            found = f"is for the same rows as '{first[concrete(model)]}'."
            hint = (
                "Keep one of them; a proxy's orders are recorded as the model that it stands for."
            )
            yield error(f"['ORDERS']['{label}']", found, hint=hint, number=210)


def entry_errors(path: str, label: str, how: Any) -> Iterator[CheckMessage]:
    """What is wrong with the entry of one model."""
    model = model_named(label)
    if model is None:
        labels = [each._meta.label for each in apps.get_models()]
        near = get_close_matches(str(label), labels, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Write it as 'app_label.Model'."
        yield error(path, "names a model that does not exist.", hint=hint, number=201)
        return
    yield from replica_warnings(path, model)
    if isinstance(how, str):
        yield from adapter_errors(path, how, model=model)
    elif isinstance(how, Mapping):
        yield from mapping_errors(path, model, how)
    else:
        hint = "Give a dictionary of paths, or the dotted path of an OrderAdapter."
        yield error(path, f"is {how!r}.", hint=hint, number=202)


def adapter_errors(
    path: str, dotted: str, *, model: type[models.Model] | None = None
) -> Iterator[CheckMessage]:
    """What is wrong with the dotted path of an adapter, which is to be for `model` if that is given."""
    try:
        found = imported(dotted)
    except CannotImport as problem:
        kind = "Put the dotted path of a subclass of wechat_subsidies.orders.OrderAdapter."
        hint = hint_of(dotted, fits=is_adapter, otherwise=kind)
        yield error(path, f"cannot be imported: {problem}.", hint=hint, number=202)
        return
    if not (isinstance(found, type) and issubclass(found, OrderAdapter)):
        hint = "Derive it from wechat_subsidies.orders.OrderAdapter."
        yield error(path, f"is {dotted}, which is no OrderAdapter.", hint=hint, number=202)
    elif not is_table(getattr(found, "model", None)):
        hint = "Set `model` in the adapter's class, to the model of your orders."
        yield error(path, "has no model.", hint=hint, number=202)
    elif model is not None and concrete(found.model) is not concrete(model):
        hint = "Put the adapter of the model that the key names, or name the adapter's model."
        words = f"is {dotted}, which is for {found.model._meta.label}."
        yield error(path, words, hint=hint, number=202)
    else:
        if model is None:
            yield from replica_warnings(path, found.model)
        yield from method_errors(path, found)


def is_adapter(found: Any) -> bool:
    """Whether it is an adapter's class of the shop's own."""
    is_one = isinstance(found, type) and issubclass(found, OrderAdapter)
    return is_one and found is not OrderAdapter


def method_errors(path: str, adapter: type[OrderAdapter]) -> Iterator[CheckMessage]:
    """What an adapter does not have, and what its queryset would load."""
    if adapter.targets is OrderAdapter.targets:
        hint = "Write targets(order), which returns a Target for each of its transactions."
        yield error(path, "has no `targets`.", hint=hint, number=202)
    if adapter.find is OrderAdapter.find:
        hint = (
            "Write find(*, sub_mchid, transaction_id, request=None). Without it the REST API and "
            "services.cancel_subsidy() fail; asking with an order works."
        )
        yield warning(path, "has no `find`.", hint=hint, number=211)
    try:
        queryset = adapter().get_queryset(None)
    except Exception as problem:  # noqa: BLE001  (whatever the shop's code may raise)
        hint = (
            "The adapter is made without arguments, and get_queryset(None) has to work at any time."
        )
        yield error(path, f"failed: {problem!r}.", hint=hint, number=206)
        return
    words = queryset_problem(queryset, model=adapter.model)
    if words:
        hint = f"get_queryset() has to return a QuerySet of {adapter.model._meta.label}."
        yield error(path, words, hint=hint, number=206)
