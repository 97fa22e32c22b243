"""How a shop's own orders plug in."""

from .adapter import Identity, OrderAdapter
from .reading import name_of, targets_of
from .reasons import Reason, ReasonCode
from .registry import adapter_for, adapters, find_order, find_orders, model_labelled
from .replicas import as_written
from .targets import ImpossibleTarget, Target

__all__ = [
    "Identity",
    "ImpossibleTarget",
    "OrderAdapter",
    "Reason",
    "ReasonCode",
    "Target",
    "adapter_for",
    "adapters",
    "as_written",
    "find_order",
    "find_orders",
    "model_labelled",
    "name_of",
    "targets_of",
]
