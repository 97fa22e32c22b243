"""One run of sending: claim, call, record, until nothing is left or somebody says stop.

All database work is done on the thread that runs it, all calls on threads of their own.
"""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Final

from ..retrying import retried
from .calling import Call
from .claiming import give_back
from .lanes import AGAIN, Lane
from .pausing import draw_conclusions
from .recording import record

GATHERING: Final = 0.2  # seconds for which answers are gathered, to be recorded together
PATIENCE: Final = 2.0  # seconds for which one who waits in a request waits for the merchant's pace


@dataclass(slots=True, kw_only=True)
class ProcessReport:
    """What was done: the number of calls made, and by outcome."""

    calls: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, calls: Sequence[Call]) -> None:
        """Count these calls, of each cancellation the decisive one."""
        decisive = [made for made in calls if made.is_decisive]
        self.calls += len(decisive)
        for made in decisive:
            outcome = str(made.reply.meaning.outcome)
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


@dataclass(slots=True, kw_only=True)
class Sending:
    """A run over some platform merchants, each in a lane of its own.

    `until` (seconds of `time.monotonic()`): no call is begun that may take longer than that, apart
    from each lane's first group, for which the pace is waited for two seconds at least. `limit`
    bounds the calls, `stop` ends the run once what is under way has been recorded, `on_progress`
    is told of every group that was. `last_call` is the last one that was recorded.
    """

    using: str
    lanes: Sequence[Lane]
    report: ProcessReport
    keys: Collection[int] | None = None
    limit: int | None = None
    until: float | None = None
    stop: Event = field(default_factory=Event)
    on_progress: Callable[[ProcessReport], None] = lambda report: None
    begun_at: float = field(default_factory=time.monotonic)
    last_call: Call | None = None

    def run(self) -> None:
        """Send until nothing is left to send. What is under way is recorded whatever happens."""
        try:
            while self.step():
                pass
        except BaseException:
            self.finish()
            raise
        finally:
            for lane in self.lanes:
                lane.close()

    def step(self) -> bool:
        """Claim what may be claimed, record what has come back; returns whether anything is left."""
        for lane in self.lanes:
            if self.keys is None:
                lane.look_again()
            if self.may_claim(lane) and lane.is_claim_wanted():
                lane.claim(limit=self.room())
        self.wait()
        self.take_up_ended()
        return any(lane.under_way or self.may_claim(lane) for lane in self.lanes)

    def may_claim(self, lane: Lane) -> bool:
        """Whether the lane may begin more calls, now or when its pace allows it."""
        if lane.is_drained or self.stop.is_set() or self.room() <= 0:
            return False
        if self.until is None:
            return True
        begins = max(time.monotonic(), lane.next_claim)
        if not lane.has_begun:
            begins += lane.furthest.total_seconds()
            return begins <= max(self.until, self.begun_at + PATIENCE)
        return begins + lane.longest <= self.until

    def room(self) -> int:
        """How many calls may still be begun."""
        if self.limit is None:
            return 1_000_000
        under_way = sum(len(lane.under_way) for lane in self.lanes)
        return self.limit - self.report.calls - under_way

    def wait(self) -> None:
        """Wait for answers, and for a moment more for those that come right after the first."""
        under_way = [future for lane in self.lanes for future in lane.under_way]
        seconds = self.seconds_until_next_claim()
        if not under_way:
            self.stop.wait(seconds or 0)
            return
        timeout = AGAIN if seconds is None else seconds
        done, _ = wait(under_way, timeout=timeout, return_when=FIRST_COMPLETED)
        if done:
            wait(under_way, timeout=GATHERING if seconds is None else min(GATHERING, seconds))

    def seconds_until_next_claim(self) -> float | None:
        """For how long nothing is to be claimed, as far as is known; None if not before a call ends."""
        times = [lane.next_claim for lane in self.lanes if self.may_claim(lane) and lane.has_room]
        return max(0.0, min(AGAIN, min(times) - time.monotonic())) if times else None

    def take_up_ended(self) -> None:
        """Record what has ended, and draw the conclusions."""
        for lane in self.lanes:
            calls, missed = lane.take_ended()
            if calls:  # before anything else that may fail: nobody has these answers but we
                record(calls, using=self.using)
                self.last_call = calls[-1]
            if missed:
                retried(partial(give_back, missed, using=self.using))
            if calls:
                retried(partial(draw_conclusions, calls, using=self.using))
                self.report.add(calls)
                self.on_progress(self.report)

    def finish(self) -> None:
        """Record what is under way, without claiming more: one lane's trouble is not another's."""
        while futures := [future for lane in self.lanes for future in lane.under_way]:
            wait(futures)
            with suppress(Exception):  # the one that has ended the run says more
                self.take_up_ended()
