"""When answers that follow each other speak of something else than their orders.

Pure: from the last answers under one MCHID, whichever process had them, to what is to be paused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from ..outcomes import MEANINGS, Outcome, Suspect

LOOKED_BACK: Final = 50  # answers
OUTAGE_ORDERS: Final = 5  # different ones that could not be sent, or met an error of WeChat Pay's
PARAMETER_ORDERS: Final = 5  # different ones refused in the same words
UNFORESEEN: Final = 10  # answers that nobody foresaw
SUB_MERCHANTS: Final = 3  # different ones that are forbidden
PROCESSES: Final = 2  # whose signature is refused
APART: Final = timedelta(seconds=10)  # two refused signatures of one process that are two tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer of the past, or the lack of one. `reason` and `outcome` are those of its attempt."""

    reason: str
    outcome: str
    cancellation_id: int
    sub_mchid: str
    process: str
    started_at: datetime
    message: str = ""

    @property
    def suspect(self) -> Suspect | None:
        """What it puts under suspicion."""
        meaning = MEANINGS.get(self.reason)
        return meaning.suspect if meaning else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is to be paused, and why: all of the MCHID, or one `sub_mchid` of it."""

    reason: str
    cancellation_id: int
    sub_mchid: str = ""
    note: str = ""

    @property
    def is_outage(self) -> bool:
        """Whether it will pass by itself, as a rule."""
        return MEANINGS[self.reason].suspect == Suspect.OUTAGE


def causes(answers: Sequence[Answered]) -> list[Cause]:
    """What the last answers under one MCHID, the newest first, give cause to pause."""
    known = [answer for answer in answers if answer.outcome != Outcome.LOST]
    if not known or known[0].suspect is None:
        return []
    newest = known[0]
    run = list(takewhile(lambda answer: answer.suspect == newest.suspect, known))
    whole = Cause(reason=newest.reason, cancellation_id=newest.cancellation_id, note=newest.message)
    if newest.suspect == Suspect.PERMISSION:
        return forbidden(known, whole=whole)
    return [whole] if is_enough(run) else []


def forbidden(answers: Sequence[Answered], *, whole: Cause) -> list[Cause]:
    """The sub-merchants that are forbidden; all of the MCHID if there are many and no success between."""
    since = list(takewhile(lambda answer: answer.outcome != Outcome.SUCCEEDED, answers))
    found = {
        answer.sub_mchid: Cause(
            reason=answer.reason,
            cancellation_id=answer.cancellation_id,
            sub_mchid=answer.sub_mchid,
            note=answer.message,
        )
        for answer in reversed(since)
        if answer.suspect == Suspect.PERMISSION
    }
    return [*found.values(), *([whole] if len(found) >= SUB_MERCHANTS else [])]


def is_enough(run: Sequence[Answered]) -> bool:
    """Whether answers of one kind, the newest first and none of another kind between, are a pattern."""
    newest = run[0]
    match newest.suspect:
        case Suspect.OUTAGE:
            return orders_in(run) >= OUTAGE_ORDERS
        case Suspect.PARAMETERS:
            same = list(takewhile(lambda answer: answer.message == newest.message, run))
            return orders_in(same) >= PARAMETER_ORDERS
        case Suspect.PROTOCOL:
            return len(run) >= UNFORESEEN
        case _:  # Suspect.SETTINGS: `causes` asks about PERMISSION in another way
            apart = max(a.started_at for a in run) - min(a.started_at for a in run)
            return len({answer.process for answer in run}) >= PROCESSES or apart >= APART


def orders_in(answers: Sequence[Answered]) -> int:
    """How many different orders they are about."""
    return len({answer.cancellation_id for answer in answers})
