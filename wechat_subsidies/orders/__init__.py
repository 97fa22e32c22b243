"""How a shop's own orders plug in."""

from .adapter import OrderAdapter
from .reading import name_of, targets_of
from .reasons import Reason, ReasonCode
from .registry import adapter_for, adapters, find_order
from .targets import ImpossibleTarget, Target

__all__ = [
    "ImpossibleTarget",
    "OrderAdapter",
    "Reason",
    "ReasonCode",
    "Target",
    "adapter_for",
    "adapters",
    "find_order",
    "name_of",
    "targets_of",
]
