"""What both sides say at the end of a round: the gateway's ledger and the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .gateway import Gateway
from .haste import BUSY


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call for a cancellation, as the gateway saw it. Moments are its unix seconds."""

    order: str
    received_at: float
    ended_at: float
    is_answered: bool = True
    status: int | None = 200
    code: str | None = None
    fault: str | None = None
    request_id: str = ""
    body: bytes = b""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Call":
        """An entry of the control API's ledger."""
        return cls(
            order=entry["transaction_id"],
            received_at=entry["received_at"],
            ended_at=entry.get("ended_at", float("inf")),
            is_answered="answered_at" in entry,
            status=entry.get("status"),
            code=entry.get("code"),
            fault=entry.get("fault"),
            request_id=entry.get("request_id", ""),
            body=entry["body"].encode(),
        )

    @property
    def at_work_until(self) -> float:
        """Until when the gateway may have been at work on it, whether the caller waited or not."""
        if self.fault == "delay" and not self.is_answered:
            return max(self.ended_at, self.received_at + BUSY)
        return self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call as the sender recorded it."""

    outcome: str
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cancellation as the database has it. `is_told`: its arrival was announced to the shop."""

    status: str
    reason: str = ""
    is_told: bool = True
    body: bytes = b""
    attempts: Sequence[Attempt] = ()

    def had(self, *outcomes: str) -> bool:
        """Whether one of its calls ended in one of these."""
        return any(attempt.outcome in outcomes for attempt in self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of it, by transaction: what was asked for, the rows, the calls, what is cancelled."""

    asked: Sequence[str]
    rows: Mapping[str, Row]
    calls: Mapping[str, Sequence[Call]] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    faults: int = 0

    def calls_of(self, order: str) -> Sequence[Call]:
        """The calls for one order, as they arrived."""
        return self.calls.get(order, ())

    @property
    def ids_at_gateway(self) -> set[str]:
        """The Request-IDs that the gateway gave."""
        return {call.request_id for calls in self.calls.values() for call in calls}


def gathered(asked: Sequence[str], *, gateway: Gateway) -> Facts:
    """The facts of a round that is over."""
    ledger = gateway.ledger()
    return Facts(
        asked=asked,
        rows=rows_in_database(),
        calls=by_order(Call.of(entry) for entry in ledger["entries"]),
        cancelled=frozenset(gateway.cancelled()),
        faults=sum(ledger["by_fault"].values()),
    )


def by_order(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """The calls of each order, in the order of their arrival."""
    found: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.received_at):
        found[call.order].append(call)
    return dict(found)


def rows_in_database() -> dict[str, Row]:
    """The cancellations and their attempts."""
    from wechat_subsidies.models import (  # (it wants Django set up)
        CancellationAttempt,
        SubsidyCancellation,
    )

    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for made in CancellationAttempt.objects.order_by("pk"):
        attempts[made.cancellation_id].append(
            Attempt(outcome=made.outcome, request_id=made.request_id)
        )
    return {
        row.transaction_id: Row(
            status=row.status,
            reason=row.reason,
            is_told=row.announce_after is None,
            body=bytes(row.request_body),
            attempts=attempts[row.pk],
        )
        for row in SubsidyCancellation.objects.all()
    }
