"""What pauses let through at a claim: nothing, everything but some sub-merchants, or one row to try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from ..models import SendingPause, SubsidyCancellation
from ..models.cancellation import CancellationQuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The pauses that hold for a platform merchant at one moment."""

    now: datetime
    pauses: Sequence[SendingPause] = ()

    @classmethod
    def of(cls, *, using: str, mchid: str, now: datetime) -> "Gate":
        """The gate of this merchant, for the pauses of everything as well."""
        return cls(now=now, pauses=list(open_pauses(using=using, mchid=mchid)))

    @property
    def is_shut(self) -> bool:
        """Whether the whole merchant is paused, and it is not yet time to try."""
        return any(not pause.sub_mchid and not self.is_to_be_tried(pause) for pause in self.pauses)

    @property
    def tried(self) -> Sequence[SendingPause]:
        """The pauses that are to be tried: the whole merchant's before those of sub-merchants."""
        whole = [pause for pause in self.pauses if not pause.sub_mchid]
        return [pause for pause in whole or self.pauses if self.is_to_be_tried(pause)]

    def is_to_be_tried(self, pause: SendingPause) -> bool:
        """Whether one call may go out to see if the pause can end; never for a person's."""
        return pause.probe_after is not None and pause.probe_after <= self.now

    def pass_through(
        self, due: CancellationQuerySet, *, limit: int
    ) -> tuple[list[SubsidyCancellation], SendingPause | None]:
        """The rows of `due` that may be sent, up to `limit`, and the pause that they try, if any."""
        if self.tried:
            rows = self.one_to_try(self.tried, due)
            if not self.tried[0].sub_mchid:
                return rows, self.tried[0]
            if rows:  # by the row's sub-merchant: others may have nothing that is due
                return rows, next(p for p in self.tried if p.sub_mchid == rows[0].sub_mchid)
        return list(self.unpaused(due)[:limit]), None

    def unpaused(self, due: CancellationQuerySet) -> CancellationQuerySet:
        """Those of no sub-merchant that is paused."""
        paused = [pause.sub_mchid for pause in self.pauses if pause.sub_mchid]
        return due.exclude(sub_mchid__in=paused) if paused else due

    def one_to_try(
        self, pauses: Sequence[SendingPause], due: CancellationQuerySet
    ) -> list[SubsidyCancellation]:
        """One row by which to try: not one that caused a pause, unless there is no other."""
        causing = Q(pk__in=[pause.caused_by_id for pause in pauses if pause.caused_by_id])
        sub_mchids = [pause.sub_mchid for pause in pauses if pause.sub_mchid]
        if sub_mchids:
            concerned = due.filter(sub_mchid__in=sub_mchids)
            choices = [concerned.exclude(causing), concerned]
        else:
            others = due.exclude(causing)
            choices = [self.unpaused(others), others, due]
        found = (list(rows[:1]) for rows in choices)
        return next((rows for rows in found if rows), [])


def open_pauses(*, using: str, mchid: str) -> QuerySet[SendingPause]:
    """The pauses that hold for a platform merchant, the first begun first."""
    pauses = SendingPause.objects.using(using).filter(lifted_at=None, mchid__in=["", mchid])
    return pauses.order_by("pk")


def note_try(pause: SendingPause, *, using: str, token: UUID, until: datetime) -> None:
    """Have nobody else try before the claim by which it is tried has ended."""
    SendingPause.objects.using(using).filter(pk=pause.pk).update(
        probe_token=token, probe_after=until, probe_count=F("probe_count") + 1
    )


def take_back_try(pause: SendingPause, *, using: str, token: UUID, now: datetime) -> None:
    """After all nothing was sent: somebody else may try at once."""
    SendingPause.objects.using(using).filter(pk=pause.pk, probe_token=token).update(
        probe_token=None, probe_after=now, probe_count=F("probe_count") - 1
    )
