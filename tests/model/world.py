"""The state of the model: the row, two workers, and what is at work in the gateway.

Times are seconds from now, or since; those that are long past are all the same, which keeps the
number of states finite.
"""

from enum import IntEnum
from typing import NamedTuple

from wechat_subsidies.models import SubsidyCancellation

Status = SubsidyCancellation.Status


class Phase(IntEnum):
    """How far a worker has come."""

    IDLE = 0
    CLAIMED = 1  # nothing written yet
    SENT = 2  # the first byte is written, and nothing came back yet
    ENDED = 3  # the call is over; what came of it is to be recorded


class Row(NamedTuple):
    """The columns that sending rests on. `due` and `not_before` in seconds from now."""

    status: str = ""  # not asked for yet
    proof: str = ""
    in_doubt: bool = False
    unknown_count: int = 0
    due: int | None = None
    not_before: int = 0


class Worker(NamedTuple):
    """A process with its claim, and what it knew when it claimed."""

    phase: Phase = Phase.IDLE
    age: int = 0  # seconds since the claim, until the first byte
    holds: bool = False  # whether the row bears its token
    was_in_doubt: bool = False
    unknown_count: int = 0
    is_heard: bool = False  # whether the request at work in the gateway is its own
    reason: str = ""  # what the call came to
    ended: int = 0  # seconds since
    is_written_off: bool = False  # whether its call has a `lost` attempt


IDLE = Worker()


class World(NamedTuple):
    """Everything. The workers are interchangeable, and kept in one order."""

    row: Row = Row()
    workers: tuple[Worker, ...] = (IDLE, IDLE)
    at_work: int = 0  # seconds for which the gateway may still be at work on a request
    done: bool = False  # whether the subsidy is cancelled
    began_now: bool = False  # whether a request began this very second
    unsettled: int = 0  # requests since it was asked for, of which nothing is known for certain
    owed: bool = False  # whether a worker is gone whose call has no attempt yet

    def with_worker(self, old: Worker, new: Worker, **changes: object) -> "World":
        """The world with one worker in another state."""
        workers = list(self.workers)
        workers[workers.index(old)] = new
        return self._replace(workers=tuple(sorted(workers)), **changes)

    def with_all(self, **changes: object) -> "World":
        """The world with the same change to every worker."""
        workers = tuple(sorted(worker._replace(**changes) for worker in self.workers))
        return self._replace(workers=workers)

    def with_row(self, **changes: object) -> "World":
        """The world with other columns."""
        return self._replace(row=self.row._replace(**changes))
