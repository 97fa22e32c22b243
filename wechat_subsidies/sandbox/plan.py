"""Which request meets which fault."""

import threading
from dataclasses import dataclass, replace

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
    """A fault, whom it meets (None: everybody), and how many times more (None: always)."""

    fault: Fault
    patience: Patience
    transaction_id: str | None = None
    path: str | None = None
    times: int | None = None

    def matches(self, request: Request) -> bool:
        """Say whether the request is to meet this fault."""
        return (
            self.times != 0
            and self.path in (None, request.path)
            and self.transaction_id in (None, request.named("transaction_id"))
        )


class FaultPlan:
    """The faults that are planned; those for one order go before those for all.

    Only requests that pass the gateway's checks meet one: a request that is refused for its
    signature or its headers gets that refusal, and uses nothing up.
    """

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def add(
        self,
        name: str,
        *,
        transaction_id: str | None = None,
        path: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        done: bool | None = None,
    ) -> None:
        """Plan a fault for requests of one order and/or one path, `times` times (None: always).

        `seconds` is how long "delay" waits and "drip" waits per byte. `done` overrides whether
        the work is done. Raises ValueError for a name that is not in the table of faults.
        """
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}; there is {', '.join(FAULTS)}.")
        if times is not None and times < 1:
            raise ValueError(f"Fault {name}: times is {times} and must be 1 or more, or None.")
        fault = FAULTS[name]
        if done is not None:
            fault = replace(fault, done=done)
        with self._lock:
            patience = Patience(
                seconds=fault.seconds if seconds is None else seconds, released=self._released
            )
            planned = PlannedFault(
                fault=fault,
                patience=patience,
                transaction_id=transaction_id,
                path=path,
                times=times,
            )
            self._planned.append(planned)

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
            if not matching:
                return UNDISTURBED
            chosen = min(matching, key=lambda planned: planned.transaction_id is None)
            if chosen.times is not None:
                chosen.times -= 1
            return Meeting(fault=chosen.fault, patience=chosen.patience)
