"""What goes wrong in the gateway's traffic: three calls in ten, by every fault that it knows."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from wechat_subsidies.sandbox.faults import FAULTS

from .haste import BUSY

SHARE: Final = 0.3  # of all calls
WEIGHTS: Final = {"delay": 4.0}  # of the faults among each other; 1 for the others
LEFT_OUT: Final = {"hang"}  # at work without end, which no grace outlasts; `delay` outlasts callers
SECONDS: Final = {"delay": BUSY, "drip": 0.01}  # `drip`: a byte; an answer has less than 200
LIES: Final = ("system_error", "bad_gateway")  # met both ways: nothing was done, and it was


def faults(dice: Random) -> Iterator[dict[str, Any]]:
    """The faults to plan, as the control API takes them.

    Of several faults that a call may meet the first that strikes is taken, so that each is given
    its share of what those before it leave over.
    """
    kinds: list[dict[str, Any]] = [{"name": name} for name in FAULTS if name not in LEFT_OUT]
    kinds += [{"name": name, "done": True} for name in LIES]
    total, left = sum(weight(kind) for kind in kinds), 1.0
    for kind in kinds:
        share = SHARE * weight(kind) / total
        extra = {"seconds": SECONDS[kind["name"]]} if kind["name"] in SECONDS else {}
        yield {**kind, **extra, "share": share / left, "seed": dice.randrange(2**32)}
        left -= share


def weight(kind: dict[str, Any]) -> float:
    """How often a fault is met, compared with the others."""
    return WEIGHTS.get(kind["name"], 1.0)
