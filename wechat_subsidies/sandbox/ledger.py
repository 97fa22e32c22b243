"""What arrived and what became of it, in the order of arrival, for tests to ask."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wechat_subsidies.sandbox.messages import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One request. Times are unix seconds.

    `mchid` is the caller's once the signature held. `status` and `code` are what was answered;
    `answered_at` is None unless the answer was complete; `ended_at` is when the request was let
    go either way, no later than the caller could know (20 ms later for one who hung up).
    `sub_mchid` and `transaction_id` are what the request named. `carried_out` says that this very
    request cancelled the subsidy: the repeat of a success does not. `fault` is the name of the
    fault that it met.
    """

    number: int
    method: str
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    received_at: float
    sub_mchid: str | None = None
    transaction_id: str | None = None
    mchid: str | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    carried_out: bool = False
    fault: str | None = None


@dataclass(slots=True)
class Totals:
    """What was counted since the beginning or the last reset, also of entries long forgotten.

    `by_status` counts answers by HTTP status, `by_fault` the faults that were met.
    """

    requests: int = 0
    carried_out: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)

    def count(self, before: LedgerEntry, after: LedgerEntry) -> None:
        """Count what an entry says now and did not say before."""
        self.carried_out += after.carried_out - before.carried_out
        if after.status and not before.status:
            self.by_status[after.status] += 1
        if after.fault and not before.fault:
            self.by_fault[after.fault] += 1


class Line:
    """A place in the ledger that is still being written; `entry` is how it reads by now."""

    __slots__ = ("entry", "totals")

    def __init__(self, entry: LedgerEntry, totals: Totals) -> None:
        self.entry = entry
        self.totals = totals


class Ledger:
    """The lines, guarded by one lock; the last `size` of them (None: all)."""

    def __init__(self, *, size: int | None = None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"The ledger's size is {size} and must be 1 or more, or None.")
        self._lines: deque[Line] = deque(maxlen=size)
        self._totals = Totals()
        self._changed = threading.Condition()

    def begin(self, request: Request) -> Line:
        """Write down that a request has arrived."""
        sub_mchid = request.named("sub_mchid") or request.query.get("sub_mchid")
        transaction_id = request.named("transaction_id")
        with self._changed:
            self._totals.requests += 1
            entry = LedgerEntry(
                number=self._totals.requests,
                method=request.method,
                path=request.path,
                body=request.body,
                headers=dict(request.headers),
                received_at=request.received_at,
                sub_mchid=sub_mchid,
                transaction_id=transaction_id,
            )
            line = Line(entry, self._totals)
            self._lines.append(line)
            self._changed.notify_all()
        return line

    def note(self, line: Line, **facts: Any) -> None:
        """Write down more of a request; `facts` are fields of LedgerEntry."""
        with self._changed:
            before, line.entry = line.entry, replace(line.entry, **facts)
            line.totals.count(before, line.entry)
            self._changed.notify_all()

    def totals(self) -> Totals:
        """Return a copy of what was counted."""
        with self._changed:
            return replace(
                self._totals,
                by_status=self._totals.by_status.copy(),
                by_fault=self._totals.by_fault.copy(),
            )

    def clear(self) -> None:
        """Forget everything. Requests still under way write into lines that nobody reads."""
        with self._changed:
            self._lines = deque(maxlen=self._lines.maxlen)
            self._totals = Totals()

    def entries(
        self, *, transaction_id: str | None = None, path: str | None = None
    ) -> list[LedgerEntry]:
        """Return the entries so far, of one order or one path where these are given."""
        with self._changed:
            return self._select(transaction_id=transaction_id, path=path)

    def wait_for(
        self,
        count: int,
        *,
        transaction_id: str | None = None,
        path: str | None = None,
        ended: bool = False,
        timeout: float = 10.0,
    ) -> list[LedgerEntry]:
        """Return the entries as soon as `count` have been worked on (with `ended`: are over).

        Worked on means that what was to be done is done, and what is to hang hangs. Raises
        TimeoutError after `timeout` seconds.
        """

        def enough() -> list[LedgerEntry]:
            found = self._select(transaction_id=transaction_id, path=path)
            counted = [entry for entry in found if (entry.ended_at if ended else entry.request_id)]
            return found if len(counted) >= count else []

        with self._changed:
            if count and not self._changed.wait_for(enough, timeout):
                seen = len(self._select(transaction_id=transaction_id, path=path))
                raise TimeoutError(
                    f"{count} requests were waited for and {seen} came within {timeout:g} s "
                    f"(order {transaction_id or 'any'}, path {path or 'any'})."
                )
            return self._select(transaction_id=transaction_id, path=path)

    def _select(self, *, transaction_id: str | None, path: str | None) -> list[LedgerEntry]:
        return [
            line.entry
            for line in self._lines
            if transaction_id in (None, line.entry.transaction_id)
            and path in (None, line.entry.path)
        ]


def most_in_flight(entries: Iterable[LedgerEntry]) -> int:
    """Return the largest number of the requests that were under way at the same time."""
    moments = [(entry.received_at, 1) for entry in entries]
    # An end at the very moment of a start comes first: the two did not overlap.
    moments += [(entry.ended_at, -1) for entry in entries if entry.ended_at is not None]
    most = now = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most
