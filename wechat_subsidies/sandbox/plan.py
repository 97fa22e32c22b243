"""Which request meets which fault."""

import random
import threading
from dataclasses import dataclass, field, replace

from wechat_subsidies.sandbox.deliveries import Patience
from wechat_subsidies.sandbox.faults import FAULTS, NO_FAULT, Fault
from wechat_subsidies.sandbox.messages import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What one request meets: a fault, and how long that waits."""

    fault: Fault
    patience: Patience


UNDISTURBED = Meeting(fault=NO_FAULT, patience=Patience(seconds=None, released=threading.Event()))


@dataclass(slots=True, kw_only=True)
class PlannedFault:
    """A fault, whom it meets (None: everybody), and how many times more (None: always).

    `share` is the part of those requests that it meets, from 0 to 1; `chances` draws them.
    """

    number: int
    fault: Fault
    patience: Patience
    transaction_id: str | None = None
    path: str | None = None
    times: int | None = None
    share: float | None = None
    chances: random.Random = field(repr=False)

    def matches(self, request: Request) -> bool:
        """Say whether the request is to meet this fault."""
        return (
            self.times != 0
            and self.path in (None, request.path)
            and self.transaction_id in (None, request.named("transaction_id"))
        )

    def strikes(self) -> bool:
        """Draw whether a matching request is one of the share."""
        return self.share is None or self.chances.random() < self.share


class FaultPlan:
    """The faults that are planned; those for one order go before those for all.

    Only requests that pass the gateway's checks meet one: a request that is refused for its
    signature or its headers gets that refusal, and uses nothing up.
    """

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []
        self._added = 0
        self._lock = threading.Lock()
        self._released = threading.Event()

    def add(
        self,
        name: str,
        *,
        transaction_id: str | None = None,
        path: str | None = None,
        times: int | None = None,
        share: float | None = None,
        seed: int | None = None,
        seconds: float | None = None,
        done: bool | None = None,
    ) -> int:
        """Plan a fault for requests of one order and/or one path; return its number.

        It meets them `times` times (None: always), or a `share` of them: 0.3 is three in ten,
        drawn at random, the same ones again under the same `seed`. `seconds` is how long "delay"
        waits and "drip" waits per byte. `done` overrides whether the work is done. Raises
        ValueError for a name that is not in the table of faults and for numbers out of range.
        """
        _check(name, times=times, share=share, seconds=seconds)
        fault = FAULTS[name] if done is None else replace(FAULTS[name], done=done)
        waits = fault.seconds if seconds is None else seconds
        with self._lock:
            self._added += 1
            planned = PlannedFault(
                number=self._added,
                fault=fault,
                patience=Patience(seconds=waits, released=self._released),
                transaction_id=transaction_id,
                path=path,
                times=times,
                share=share,
                chances=random.Random(seed),  # noqa: S311  # a dice for tests guards no secret
            )
            self._planned.append(planned)
            return planned.number

    def planned(self) -> list[PlannedFault]:
        """Return the faults that may still be met, in the order of planning."""
        with self._lock:
            return [replace(planned) for planned in self._planned if planned.times != 0]

    def remove(self, number: int) -> None:
        """Forget one fault; what hangs in it goes on hanging. Raises KeyError for none such."""
        with self._lock:
            kept = [planned for planned in self._planned if planned.number != number]
            if len(kept) == len(self._planned):
                raise KeyError(number)
            self._planned = kept

    def clear(self) -> None:
        """Forget all faults and let go of what hangs."""
        with self._lock:
            self._planned.clear()
        self.release()

    def release(self) -> None:
        """Answer at once all that hangs, is delayed or drips; later requests wait anew."""
        with self._lock:
            self._released.set()
            self._released = threading.Event()
            for planned in self._planned:
                planned.patience = replace(planned.patience, released=self._released)

    def take(self, request: Request) -> Meeting:
        """Return the fault that this request meets, using it up; UNDISTURBED if none."""
        with self._lock:
            matching = [planned for planned in self._planned if planned.matches(request)]
            matching.sort(key=lambda planned: planned.transaction_id is None)
            for planned in matching:
                if planned.strikes():
                    planned.times = planned.times and planned.times - 1
                    return Meeting(fault=planned.fault, patience=planned.patience)
            return UNDISTURBED


def _check(name: str, *, times: int | None, share: float | None, seconds: float | None) -> None:
    if name not in FAULTS:
        raise ValueError(f"There is no fault {name!r}; there is {', '.join(FAULTS)}.")
    if times is not None and times < 1:
        raise ValueError(f"Fault {name}: times is {times} and must be 1 or more, or None.")
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"Fault {name}: share is {share} and must be above 0 and at most 1.")
    if seconds is not None and not 0 <= seconds < threading.TIMEOUT_MAX:
        raise ValueError(f"Fault {name}: seconds is {seconds} and must be 0 or more.")
