"""How a shop's own orders plug in."""

from .adapter import OrderAdapter, Reason, ReasonCode, Target
from .registry import adapter_for, adapters, find_order

__all__ = [
    "OrderAdapter",
    "Reason",
    "ReasonCode",
    "Target",
    "adapter_for",
    "adapters",
    "find_order",
]
