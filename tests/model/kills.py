"""Rule 3, in a world of its own: many orders that are due, two workers, a pace, and kills.

The slots are the package's own. A tick is the distance of two slots.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from wechat_subsidies.models.fields import EPOCH
from wechat_subsidies.sender.clients import CONCURRENCY
from wechat_subsidies.sender.pacing import Pace

from .invariants import Invariant
from .rules import ALL, Rule
from .search import Step

RATE: Final = 8  # calls a second
ORDERS: Final = 12  # that are due; more than can be started in one second
TICK: Final = timedelta(seconds=1) / RATE


class Orders(NamedTuple):
    """How many orders wait, how many each worker has claimed, and the ticks until the next slot."""

    waiting: int = ORDERS
    claimed: tuple[int, int] = (0, 0)
    next_slot: int = 0

    def with_worker(self, old: int, new: int, **changes: int) -> "Orders":
        """The orders with one worker holding another number of them."""
        other = sum(self.claimed) - old
        return self._replace(claimed=(min(other, new), max(other, new)), **changes)


def steps(orders: Orders, *, rules: frozenset[Rule] = ALL) -> Iterator[Step]:
    """Whatever may happen next. A worker claims again once all its calls are over."""
    for held in dict.fromkeys(orders.claimed):
        if held:
            yield Step("a call ends, and is recorded", orders.with_worker(held, held - 1))
            is_bad = held > RATE
            broken = Invariant.ONE_SECOND_IN_DOUBT if is_bad else None
            yield Step(f"a worker is killed with {held}", orders.with_worker(held, 0), broken)
        elif taken := claimable(orders, rules):
            slots = max(0, orders.next_slot) + taken
            left = orders.waiting - taken
            claimed = orders.with_worker(0, taken, waiting=left, next_slot=slots)
            yield Step(f"a worker claims {taken}", claimed)
    yield Step("time passes", orders._replace(next_slot=max(0, orders.next_slot - 1)))


def claimable(orders: Orders, rules: frozenset[Rule]) -> int:
    """How many of the due rows a claim takes."""
    if Rule.ONE_SECOND not in rules:
        return orders.waiting
    next_slot = EPOCH + orders.next_slot * TICK
    pace = Pace(
        using="default",
        mchid="1900000001",
        now=EPOCH,
        next_slot=next_slot,
        rate=RATE,
        is_paused=False,
    )
    return min(orders.waiting, len(pace.slots(limit=CONCURRENCY)))
