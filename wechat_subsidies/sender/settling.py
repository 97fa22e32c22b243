"""What a call means for its cancellation: decided here, carried out by `recording`.

Pure functions from what was known and what came back to the columns that change.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from ..conf import app_settings
from ..models import SubsidyCancellation
from ..outcomes import (
    GAVE_UP,
    LOST,
    REFUSED_IN_DOUBT,
    TRIES_USED_UP,
    Meaning,
    Outcome,
)
from .announcing import taken_until
from .timing import ORDER_INTERVAL

Status = SubsidyCancellation.Status
Changes = dict[str, Any]

FIRST_DELAY: Final = 5.0  # seconds until the first resend, doubled with every further one
LONGEST_DELAY: Final = 600.0
JITTER: Final = 0.25  # share of a delay that is added by chance, so that resends spread out
NOT_CLAIMED: Final[Changes] = {"claim_token": None, "lease_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A call to be settled: the row as it was claimed, when the call ended, what came back.

    `ended_at` is the database's time, `grace` in seconds. `is_awaited`: it is announced at once by
    whoever has sent it.
    """

    cancellation: SubsidyCancellation
    was_in_doubt: bool
    meaning: Meaning
    ended_at: datetime
    grace: float
    is_awaited: bool = False

    def changes(self) -> Changes:
        """The columns that change, apart from the count of calls."""
        match self.meaning.outcome:
            case Outcome.SUCCEEDED:
                return self.succeeded()
            case Outcome.REFUSED:
                return self.refused()
            case Outcome.UNKNOWN | Outcome.LOST:
                return self.unknown()
            case _:
                return self.nothing_done()

    def succeeded(self) -> Changes:
        """Proven: the subsidy is cancelled. Holds whatever the row was before."""
        return self.finished(Status.SUCCEEDED, reason=self.meaning.reason, in_doubt=False) | {
            "proof": SubsidyCancellation.Proof.WECHAT,
        }

    def refused(self) -> Changes:
        """Refused. While in doubt that may mean «cancelled already», so a person has to look."""
        if self.was_in_doubt:
            return self.finished(Status.NEEDS_REVIEW, reason=REFUSED_IN_DOUBT, in_doubt=True)
        return self.finished(Status.FAILED, reason=self.meaning.reason, in_doubt=False)

    def unknown(self) -> Changes:
        """May have been carried out: in doubt, and sent again, up to MAX_ATTEMPTS such calls."""
        count = self.cancellation.unknown_count + 1
        if count >= app_settings.max_attempts:
            changes = self.finished(Status.NEEDS_REVIEW, reason=TRIES_USED_UP, in_doubt=True)
        else:
            changes = self.waiting(in_doubt=True, delay=self.grace + delay(count))
        return changes | {"unknown_count": count}

    def nothing_done(self) -> Changes:
        """Proven: nothing was done. Sent again until GIVE_UP_AFTER; doubt is what it was before."""
        # From the first call on: what merely waited for a sweep has not been tried for long.
        tried_since = self.cancellation.first_called_at or self.ended_at
        if self.ended_at - tried_since >= app_settings.give_up_after:
            status = Status.NEEDS_REVIEW if self.was_in_doubt else Status.FAILED
            return self.finished(status, reason=GAVE_UP, in_doubt=self.was_in_doubt)
        return self.waiting(
            in_doubt=self.was_in_doubt, delay=delay(self.cancellation.attempt_count + 1)
        )

    def waiting(self, *, in_doubt: bool, delay: float) -> Changes:
        """Back in the queue, to be sent again after `delay` seconds, and never too soon."""
        not_before = self.not_before()
        return {
            "status": Status.PENDING,
            "reason": self.meaning.reason,
            "in_doubt": in_doubt,
            "send_after": max(not_before, self.ended_at + timedelta(seconds=delay)),
            "not_before": not_before,
            **NOT_CLAIMED,
        }

    def finished(self, status: str, *, reason: str, in_doubt: bool) -> Changes:
        """Out of the queue, and to be announced: by anybody, or first by whoever sent it."""
        return {
            "status": status,
            "reason": reason,
            "in_doubt": in_doubt,
            "send_after": None,
            "not_before": self.not_before(),
            "announce_after": taken_until(self.ended_at) if self.is_awaited else self.ended_at,
            "announce_count": int(self.is_awaited),
            "completed_at": timezone.now(),
            **NOT_CLAIMED,
        }

    def not_before(self) -> datetime:
        """When the next call may begin at the earliest, even if a person asks for it."""
        is_unknown = self.meaning.outcome in {Outcome.UNKNOWN, Outcome.LOST}
        seconds = self.grace if is_unknown else ORDER_INTERVAL
        return self.ended_at + timedelta(seconds=seconds)


def settled_as_lost(
    cancellation: SubsidyCancellation, *, lease_until: datetime, grace: float
) -> Settled:
    """The call of a process that disappeared with its claim."""
    return Settled(
        cancellation=cancellation,
        was_in_doubt=True,
        meaning=LOST,
        ended_at=lease_until,
        grace=grace,
    )


def delay(count: int) -> float:
    """Seconds until the resend that follows the `count`-th call: doubling, with jitter, bounded."""
    doubled = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(count - 1, 16))
    return doubled * (1 + random.uniform(0, JITTER))  # noqa: S311  (no secret)
