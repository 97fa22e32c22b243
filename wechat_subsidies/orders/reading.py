"""Reading an order through its adapter: the one place where a shop's own code is not believed."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .adapter import OrderAdapter
from .keys import concrete, shares_key
from .targets import ImpossibleTarget, Target

logger = logging.getLogger("wechat_subsidies")


def targets_of(adapter: OrderAdapter, order: Any) -> list[Target]:
    """The order's transactions, every value of its type and `reference` never empty.

    Raises ImpossibleTarget, in words, for what cannot be: an order of another model, an amount that
    is no whole number of fen, something that is no Target. What the shop's code raises is let
    through.
    """
    refuse_other_model(adapter, order)
    found: Any = adapter.targets(order)
    targets = found if isinstance(found, Iterable) else [found]  # what is no Target is named
    return [checked(target, adapter=adapter, order=order) for target in targets]


def refuse_other_model(adapter: OrderAdapter, order: Any) -> None:
    """Raise ImpossibleTarget for an order of a model that this adapter is not for.

    Under its key the adapter's model has another order, or none.
    """
    model = concrete(adapter.model)
    if isinstance(order, model) and shares_key(type(order), model):
        return
    message = (
        f"{type(adapter).__name__} is for {model._meta.label} and was given "
        f"{name_of(order)}, which is not known by that model's key. Look at its get_queryset()."
    )
    raise ImpossibleTarget(message)


def checked(target: Any, *, adapter: OrderAdapter, order: Any) -> Target:
    """The target, looked through. Raises ImpossibleTarget, naming the order."""
    if not isinstance(target, Target):
        found = f"targets() of {type(adapter).__name__} should return Targets, not "
        raise ImpossibleTarget(f"{found}{type(target).__name__} ({name_of(order)}).")
    try:
        whole = target.checked()
    except ImpossibleTarget as error:
        raise ImpossibleTarget(f"{name_of(order)}: {error}") from error
    return whole if whole.reference else replace(whole, reference=name_of(order))


def name_of(order: Any) -> str:
    """What the shop calls an order: `str(order)`; its model and key where that fails."""
    try:
        return str(order)
    except Exception:
        meta = getattr(type(order), "_meta", None)
        name = f"{meta.label if meta else type(order).__name__} {getattr(order, 'pk', '')}".strip()
        logger.exception("__str__ of %s failed.", name)
        return name
