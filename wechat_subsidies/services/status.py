"""How sending stands: for people, and for what watches when nobody looks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Min, Q

from .. import clock
from ..models import CancellationAttempt, Heartbeat, SendingPause, SubsidyCancellation
from ..sender.announcing import GIVEN_UP
from ..sender.process import SWEEP
from .transactions import write_alias

RECENTLY: Final = timedelta(minutes=5)  # for how long back calls are counted
NEGLECTED: Final = 300.0  # seconds after which what is due should have met with somebody who sends

Row = SubsidyCancellation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How sending stands at one moment, by the database's clock, over all merchants.

    `at`: that moment, in UTC. `due`: how many cancellations may be sent now, also those whose
    sending is paused. `oldest_due`: seconds for which the one that has waited longest has been due,
    0 if none is. `expired_leases`: how many were claimed by a process that did not come back.
    `needs_review`: how many a person has to look at. `announcements_given_up`: of how many the shop
    could not be told, since its receivers raised every time. `pauses`: those that hold, the oldest
    first. `last_sweep`: when somebody last swept, in UTC; None if nobody ever did. `attempts`: the
    calls that ended within the last five minutes, by each outcome of `CancellationAttempt`.
    """

    at: datetime
    due: int
    oldest_due: float
    expired_leases: int
    needs_review: int
    announcements_given_up: int
    pauses: tuple[SendingPause, ...]
    last_sweep: datetime | None
    attempts: Mapping[str, int]

    @property
    def last_sweep_age(self) -> float:
        """Seconds since the last sweep; infinite if there was none."""
        if self.last_sweep is None:
            return math.inf
        return max(0.0, (self.at - self.last_sweep).total_seconds())

    @property
    def nobody_is_sending(self) -> bool:
        """Whether something has been due for over five minutes, and nobody has swept for as long."""
        return self.oldest_due > NEGLECTED and self.last_sweep_age > NEGLECTED

    @property
    def figures(self) -> dict[str, float]:
        """What can be compared with a limit, by name: counts, seconds, and 0 or 1 for no or yes."""
        return {
            "due": self.due,
            "oldest_due": self.oldest_due,
            "expired_leases": self.expired_leases,
            "needs_review": self.needs_review,
            "announcements_given_up": self.announcements_given_up,
            "paused": len(self.pauses),
            "last_sweep_age": self.last_sweep_age,
            "nobody_is_sending": int(self.nobody_is_sending),
        }

    def as_json(self) -> dict[str, Any]:
        """The figures and what is behind them, in what JSON has; moments in ISO 8601, UTC."""
        numbers = {
            name: value if math.isfinite(value) else None for name, value in self.figures.items()
        }
        return {
            "at": self.at.isoformat(),
            **numbers,
            "last_sweep": self.last_sweep.isoformat() if self.last_sweep else None,
            "attempts": dict(self.attempts),
            "pauses": [pause_as_json(pause) for pause in self.pauses],
        }


def status() -> Status:
    """How sending stands now.

    Costs the same few queries however much is recorded, and none that reads all of it.
    """
    using = write_alias()
    now = clock.now(using)
    rows = SubsidyCancellation.objects.using(using)
    waiting = open_rows(now, using=using)
    oldest = waiting["oldest"]
    return Status(
        at=now,
        due=waiting["due"],
        oldest_due=(now - oldest).total_seconds() if oldest else 0.0,
        expired_leases=waiting["expired"],
        needs_review=rows.filter(status=Row.NEEDS_REVIEW).count(),
        announcements_given_up=rows.filter(announce_after=GIVEN_UP).count(),
        pauses=pauses_that_hold(),
        last_sweep=last_sweep_at(using),
        attempts=calls_since(now - RECENTLY, using=using),
    )


def is_nobody_sending() -> bool:
    """What `Status.nobody_is_sending` says, without counting anything."""
    limit = neglected_since()
    rows = SubsidyCancellation.objects.using(write_alias())
    is_open = rows.filter(status__in=[Row.PENDING, Row.SENDING])
    return limit is not None and is_open.filter(send_after__lt=limit).exists()


def neglected_since() -> datetime | None:
    """Before which moment what is due must have been due to be neglected; None if nothing is.

    Nothing is while somebody sweeps.
    """
    using = write_alias()
    limit = clock.now(using) - timedelta(seconds=NEGLECTED)
    last_sweep = last_sweep_at(using)
    return limit if last_sweep is None or last_sweep < limit else None


def last_sweep_at(using: str) -> datetime | None:
    """When somebody last swept, in UTC; None if nobody ever did."""
    beats = Heartbeat.objects.using(using).filter(name=SWEEP)
    return beats.aggregate(at=Max("beat_at"))["at"]  # type: ignore[no-any-return]  # an aggregate


def open_rows(now: datetime, *, using: str) -> dict[str, Any]:
    """What is to be known of the rows to be sent, of which there are few beside those that are over.

    The condition on the status is what an index serves: one on `send_after` without a merchant
    would have to be read from one end to the other.
    """
    due = Q(send_after__lte=now)
    rows = SubsidyCancellation.objects.using(using).filter(status__in=[Row.PENDING, Row.SENDING])
    return rows.aggregate(
        due=Count("pk", filter=due),
        oldest=Min("send_after", filter=due),
        expired=Count("pk", filter=Q(status=Row.SENDING, lease_until__lte=now)),
    )


def pauses_that_hold() -> tuple[SendingPause, ...]:
    """The pauses that nobody and nothing has ended, the oldest first."""
    return tuple(SendingPause.objects.using(write_alias()).filter(lifted_at=None).order_by("pk"))


def calls_since(moment: datetime, *, using: str) -> dict[str, int]:
    """The calls that ended since then, by outcome; 0 for those that none had."""
    calls = CancellationAttempt.objects.using(using).filter(ended_at__gt=moment).order_by()
    counted = dict(calls.values_list("outcome").annotate(Count("pk")))
    return {outcome: counted.get(outcome, 0) for outcome in CancellationAttempt.Outcome.values}


def pause_as_json(pause: SendingPause) -> dict[str, Any]:
    """A pause as programs read it; `next_try` is null where it holds until a person ends it."""
    return {
        "mchid": pause.mchid,
        "sub_mchid": pause.sub_mchid,
        "cause": pause.cause,
        "reason": pause.reason,
        "note": pause.note,
        "paused_by": pause.paused_by_name,
        "paused_at": pause.paused_at.isoformat(),
        "next_try": pause.probe_after.isoformat() if pause.probe_after else None,
    }
