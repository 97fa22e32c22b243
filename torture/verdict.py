"""The verdict: what must not be, each as a function that returns the orders of which it is.

`DOUBLED`, `LOST` and `WRONG` are the columns of the table in which they count.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from .facts import Call, Facts

Check = Callable[[Facts], list[str]]

INTERVAL: Final = 1.0  # seconds; WeChat Pay takes one call a second for an order
FINAL: Final = {"succeeded", "failed", "needs_review"}
BELIEVED: Final = {None, "delay", "drip"}  # faults that leave the answer as it should be
REVIEWED: Final = {"tries_used_up", "refused_in_doubt", "gave_up"}  # reasons that may be


# Doubled


def in_flight_twice(facts: Facts) -> list[str]:
    """Called while the gateway was at work on a call before."""
    return apart(facts, lambda before, after: after.received_at < before.at_work_until)


def begun_twice_within_a_second(facts: Facts) -> list[str]:
    """Called less than a second after the call before began."""
    return apart(facts, lambda before, after: after.received_at - before.received_at < INTERVAL)


def refused_as_too_frequent(facts: Facts) -> list[str]:
    """The gateway itself found that it was called too often for the order."""
    return [
        order
        for order, calls in facts.calls.items()
        if any(call.code == "FREQUENCY_LIMITED" and not call.fault for call in calls)
    ]


# Lost


def not_recorded(facts: Facts) -> list[str]:
    """Asked for, and without a row."""
    return [order for order in facts.asked if order not in facts.rows]


def unfinished(facts: Facts) -> list[str]:
    """Neither final nor for a person to look at."""
    return [order for order, row in facts.rows.items() if row.status not in FINAL]


def call_without_a_trace(facts: Facts) -> list[str]:
    """The gateway had more calls than the database knows to have been made or lost."""
    return [order for order in facts.calls if len(untraced(facts, order)) > nameless(facts, order)]


def not_announced(facts: Facts) -> list[str]:
    """Final, and the shop was not told."""
    return [order for order, row in facts.rows.items() if row.status in FINAL and not row.is_told]


# Wrong


def succeeded_but_not_cancelled(facts: Facts) -> list[str]:
    """A success that the gateway knows nothing of."""
    return [order for order in having(facts, "succeeded") if order not in facts.cancelled]


def succeeded_without_proof(facts: Facts) -> list[str]:
    """A success without an answer of the gateway's that says so, and says it as it ought to."""
    return [order for order in having(facts, "succeeded") if not proofs(facts, order)]


def success_not_taken(facts: Facts) -> list[str]:
    """The proof of a success is recorded, and the row says something else."""
    return [
        order
        for order, row in facts.rows.items()
        if row.had("succeeded") and row.status != "succeeded"
    ]


def failed_but_cancelled(facts: Facts) -> list[str]:
    """Called a failure, and the gateway had cancelled."""
    return [order for order in having(facts, "failed") if order in facts.cancelled]


def failed_in_doubt(facts: Facts) -> list[str]:
    """Called a failure after a call that may have been carried out."""
    return [order for order in having(facts, "failed") if facts.rows[order].had("unknown", "lost")]


def failed_without_a_refusal(facts: Facts) -> list[str]:
    """Called a failure without a refusal of the gateway's."""
    return [
        order
        for order in having(facts, "failed")
        if not any(
            attempt.outcome == "refused" and attempt.request_id in facts.ids_at_gateway
            for attempt in facts.rows[order].attempts
        )
    ]


def review_without_reason(facts: Facts) -> list[str]:
    """Left to a person who is not told why, or with nothing to be in doubt of."""
    return [
        order
        for order in having(facts, "needs_review")
        if facts.rows[order].reason not in REVIEWED or not facts.rows[order].had("unknown", "lost")
    ]


def other_bytes(facts: Facts) -> list[str]:
    """Sent in other bytes than those that were recorded, or without having been recorded."""
    return [
        order
        for order, calls in facts.calls.items()
        if order not in facts.rows or any(call.body != facts.rows[order].body for call in calls)
    ]


DOUBLED: Final[Sequence[Check]] = (
    in_flight_twice,
    begun_twice_within_a_second,
    refused_as_too_frequent,
)
LOST: Final[Sequence[Check]] = (not_recorded, unfinished, call_without_a_trace, not_announced)
WRONG: Final[Sequence[Check]] = (
    succeeded_but_not_cancelled,
    succeeded_without_proof,
    success_not_taken,
    failed_but_cancelled,
    failed_in_doubt,
    failed_without_a_refusal,
    review_without_reason,
    other_bytes,
)


def findings(facts: Facts, checks: Sequence[Check]) -> dict[str, list[str]]:
    """What these checks find: the orders, by the check's name."""
    found = {check.__name__: check(facts) for check in checks}
    return {name: orders for name, orders in found.items() if orders}


def having(facts: Facts, status: str) -> list[str]:
    """The orders whose row has this status."""
    return [order for order, row in facts.rows.items() if row.status == status]


def apart(facts: Facts, is_too_close: Callable[[Call, Call], bool]) -> list[str]:
    """The orders of which two calls that follow each other are too close."""
    return [
        order
        for order, calls in facts.calls.items()
        if any(is_too_close(before, after) for before, after in pairwise(calls))
    ]


def untraced(facts: Facts, order: str) -> list[Call]:
    """The calls whose answer was not recorded."""
    row = facts.rows.get(order)
    known = {attempt.request_id for attempt in row.attempts} if row else set()
    return [call for call in facts.calls_of(order) if call.request_id not in known]


def nameless(facts: Facts, order: str) -> int:
    """How many calls the database knows of that had no answer."""
    row = facts.rows.get(order)
    attempts = row.attempts if row else ()
    silent = [each for each in attempts if each.outcome in {"unknown", "lost"}]
    return sum(not attempt.request_id for attempt in silent)


def proofs(facts: Facts, order: str) -> list[Call]:
    """The calls whose answer is recorded as a success, and is one that may be believed."""
    attempts = facts.rows[order].attempts
    recorded = {each.request_id for each in attempts if each.outcome == "succeeded"}
    return [
        call
        for call in facts.calls_of(order)
        if call.request_id in recorded and call.status == 200 and call.fault in BELIEVED
    ]
