"""A lane: the calls of one platform merchant that this process has under way."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.core.cache import caches
from django.db import connections

from ..conf import app_settings
from ..retrying import TRIES
from ..wechatpay import Deadline, WeChatPayError
from .calling import Call, calls_for
from .claiming import Claim, claim, is_anything_due
from .clients import client_for
from .pacing import AHEAD, NONE
from .pausing import process_stop
from .timing import Timing

EARLY: Final = AHEAD.total_seconds() / 2  # before the last slot can be had, the next are claimed
# Seconds before its slot from which a call is signed and gets its connection. A whole claim at once
# would keep those whose slots come first from the interpreter, and have them miss their slots.
PREPARING_CALL: Final = 0.15
SHORTEST_LEAD: Final = 0.02  # seconds from a claim until its first slot
LONGEST_LEAD: Final = 0.7
# How far ahead the first that is sent in a request gets a slot: as far as a sweep may have reserved, else
# who waits would find none as long as it goes on. No more than the first: two batches that are worked
# off would leave none to a sweep.
FURTHEST: Final = timedelta(seconds=LONGEST_LEAD) + AHEAD
IDLE: Final = 5.0  # seconds without a call after which a connection is made before the next claim
PREPARING: Final = 2.0  # seconds for that
AGAIN: Final = 1.0  # seconds after which a lane without anything left is looked at again
BUSY_TRIES: Final = 30  # of a claim while others claim, too; a quarter of a minute or so


class CallingThread(Executor):
    """Runs what is submitted at once, on the thread that submits it: for a single call."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        """The result, as a future that is done."""
        future: Future[object] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Lane:
    """Claims a merchant's due rows a few at a time and has them called side by side.

    With `keys` only these rows. `next_claim` (seconds of `time.monotonic()`) is when the pace
    allows another claim; `is_drained` says that nothing was left at the last one.
    """

    def __init__(
        self, mchid: str, *, using: str, concurrency: int, keys: Collection[int] | None = None
    ) -> None:
        self.mchid = mchid
        self.under_way: dict[Future[list[Call]], Claim] = {}
        self.next_claim = 0.0
        self.is_drained = False
        self.has_begun = False
        self._using, self._concurrency, self._keys = using, concurrency, keys
        self._last_call = float("-inf")
        self._looks_again_at = time.monotonic() + AGAIN
        self._lead = self._least_lead = SHORTEST_LEAD
        self._most = concurrency
        self._executor: Executor = CallingThread()
        self._work: Callable[[Claim, float], list[Call]] = calls_at_once
        if concurrency > 1:
            self._executor = ThreadPoolExecutor(concurrency, thread_name_prefix="wechat-subsidies")
            self._work = calls_in_thread

    @property
    def longest(self) -> float:
        """Seconds from a claim until its last call is over, by force if need be."""
        merchants = app_settings.merchants.values()
        return Timing.of(each for each in merchants if each.mchid == self.mchid).end_by

    @property
    def furthest(self) -> timedelta:
        """How far ahead a claim gets a slot at any rate."""
        return NONE if self._keys is None or self.has_begun else FURTHEST

    def is_claim_wanted(self) -> bool:
        """Whether it is time for another claim, and there is room for it."""
        return self.has_room and not self.is_drained and time.monotonic() >= self.next_claim

    @property
    def has_room(self) -> bool:
        """Whether a group of calls fits in beside those that are under way."""
        return self._concurrency - len(self.under_way) >= max(1, self._concurrency // 4)

    def look_again(self) -> None:
        """See now and then whether something has become due since nothing was left.

        Other lanes, or one call that hangs, may keep a run going for long.
        """
        if self.is_drained and time.monotonic() >= self._looks_again_at:
            self.is_drained = not is_anything_due(using=self._using, mchid=self.mchid)
            self._looks_again_at = time.monotonic() + AGAIN

    def claim(self, *, limit: int) -> None:
        """Claim up to so many rows, as far as pace and pauses allow, and have them called."""
        stop = process_stop.limit(self.mchid)
        size = min(limit, self._most, self._concurrency - len(self.under_way))
        size = size if stop is None else min(size, stop - len(self.under_way))
        if size <= 0:
            self.is_drained = True
            return
        if not self.under_way and time.monotonic() - self._last_call > IDLE:
            self._prepare()
        tries = BUSY_TRIES if self._keys is None else TRIES
        claimed = claim(
            using=self._using,
            mchid=self.mchid,
            limit=size,
            keys=self._keys,
            lead=timedelta(seconds=self._lead),
            furthest=self.furthest,
            tries=tries,
        )
        if claimed.claims:  # how long committing takes, and as much again for beginning a call
            took = time.monotonic() - claimed.claims[0].claimed_at_monotonic
            self._lead = min(LONGEST_LEAD, max(self._least_lead, 2 * took))
        self.has_begun = bool(claimed.claims) or claimed.is_last
        self.is_drained = claimed.is_last
        slots = [each.deadline.slot for each in claimed.claims if each.deadline.slot is not None]
        # A claim gets no slot before its lead is over: slots between would be nobody's.
        early = EARLY + self._lead
        self.next_claim = slots[-1] - early if slots else time.monotonic() + claimed.wait
        if self._most < self._concurrency:  # claims of a few rows are not to come at once, too
            self.next_claim = max(self.next_claim, time.monotonic() + EARLY)
        before = max(PREPARING_CALL, self._lead)
        for each in claimed.claims:
            self.under_way[self._executor.submit(self._work, each, before)] = each

    def _prepare(self) -> None:
        """Have keys, certificates and a connection before a slot is reserved.

        What goes wrong here goes wrong in the call again, and is recorded there.
        """
        merchant = next(m for m in app_settings.merchants.values() if m.mchid == self.mchid)
        with suppress(WeChatPayError, TypeError, ValueError):
            client_for(merchant).prepare(deadline=Deadline.after(start=PREPARING, end=PREPARING))

    def take_ended(self) -> tuple[list[Call], list[Claim]]:
        """The calls that have ended since, and the claims whose slot was missed."""
        ended = [future for future in self.under_way if future.done()]
        calls, missed = [], []
        for future in ended:
            claimed, made = self.under_way.pop(future), future.result()
            calls += made
            if not made:
                missed.append(claimed)
        if ended:
            self._last_call = time.monotonic()
        if missed or (ended and not self.under_way):
            self.is_drained = False  # there is, or may be by now, something left
        self._adapt(made=len(calls), missed=len(missed))
        return calls, missed

    def _adapt(self, *, made: int, missed: int) -> None:
        """Claim fewer rows, and give them more time, while slots are missed: the machine is busy.

        The time is taken back little by little, else every other call would miss its slot.
        """
        if missed:
            self.has_begun = False  # who waits in a request waits for these as well
        if missed > made:
            if self._keys is None:  # what is sent in a request is few, and to be begun in it
                self._most = max(1, self._most // 2)
            self._least_lead = self._lead = min(LONGEST_LEAD, 2 * self._lead)
        elif made:
            self._most = min(self._concurrency, 2 * self._most)
            self._least_lead = max(SHORTEST_LEAD, 0.9 * self._least_lead)

    def close(self) -> None:
        """Wait for the calls that are under way."""
        self._executor.shutdown()


def calls_at_once(claimed: Claim, before: float) -> list[Call]:
    """Make the claim's calls on the thread that asks for them."""
    return calls_for(claimed)


def calls_in_thread(claimed: Claim, before: float) -> list[Call]:
    """Make the claim's calls, beginning so many seconds before its slot.

    Leaves no connection open that only this thread would use. The calls use none; but certificates
    are shared through the cache, which may be a database.
    """
    if claimed.deadline.slot is not None:
        time.sleep(max(0.0, claimed.deadline.slot - before - time.monotonic()))
    try:
        return calls_for(claimed)
    finally:
        with suppress(Exception):  # an answer in hand is worth more than a connection
            caches.close_all()
            connections.close_all()
