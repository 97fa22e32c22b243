"""A confirmed batch as it is followed: how many are where, and whether there is anything to do now."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import clock
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import ReasonCode
from .rows import Words

# What is sent again at a person's wish waits until a second after the last call for its order: the
# page is to send it, too, although it is opened before that.
SOON: Final = timedelta(seconds=2)

ItemStatus = CancellationBatchItem.Status
Status = SubsidyCancellation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where an item may be. `is_over`: nothing more happens to it unless a person acts."""

    name: str
    label: Words
    condition: Q
    is_over: bool = True


def asked(status: Status, *, is_over: bool = True) -> State:
    """The state of items whose cancellation has this status."""
    condition = Q(status=ItemStatus.ASKED, cancellation__status=status)
    return State(name=status.value, label=status.label, condition=condition, is_over=is_over)


def item(status: ItemStatus) -> State:
    """The state of items for which there is no cancellation of this batch."""
    return State(name=status.value, label=status.label, condition=Q(status=status))


WAITING: Final = State(
    name="waiting",
    label=Status.PENDING.label,
    condition=Q(status=ItemStatus.DRAFT)
    | Q(status=ItemStatus.ASKED, cancellation__status=Status.PENDING),
    is_over=False,
)
# What a batch had not come to when it was stopped, was never sent either.
STOPPED: Final = Q(status=ItemStatus.REFUSED, code=ReasonCode.STOPPED)
WITHDRAWN: Final = State(
    name=Status.WITHDRAWN.value,
    label=Status.WITHDRAWN.label,
    condition=asked(Status.WITHDRAWN).condition | STOPPED,
)
REFUSED: Final = State(
    name=ItemStatus.REFUSED.value,
    label=ItemStatus.REFUSED.label,
    condition=Q(status=ItemStatus.REFUSED) & ~STOPPED,
)
LEFT_OUT: Final = item(ItemStatus.EXCLUDED)
STATES: Final = {
    state.name: state
    for state in (
        WAITING,
        asked(Status.SENDING, is_over=False),
        asked(Status.SUCCEEDED),
        asked(Status.FAILED),
        asked(Status.NEEDS_REVIEW),
        WITHDRAWN,
        REFUSED,
        LEFT_OUT,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many items are in which state.

    `due` of those that wait may be sent now, or in a moment; `recent` came to an end within the last minute.
    """

    counts: Mapping[str, int]
    due: int
    recent: int

    @property
    def total(self) -> int:
        """How many items there are without those left out from the start."""
        return sum(self.counts.values()) - self.counts[LEFT_OUT.name]

    @property
    def done(self) -> int:
        """How many of them have come to an end, whichever."""
        return self.total - sum(
            self.counts[name] for name, state in STATES.items() if not state.is_over
        )

    @property
    def is_finished(self) -> bool:
        """Whether all of them have."""
        return self.done == self.total

    @property
    def pace(self) -> str:
        """How fast it goes and how long it takes at that pace; empty while nothing comes to an end."""
        if self.is_finished or not self.recent:
            return ""
        minutes = math.ceil((self.total - self.done) / self.recent)
        left = ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes)
        return _("%(recent)d in the last minute, %(left)s") % {
            "recent": self.recent,
            "left": left % {"count": minutes},
        }

    @property
    def states(self) -> list[tuple[State, int]]:
        """The states with their counts, in the order in which they are shown."""
        return [(state, self.counts[name]) for name, state in STATES.items()]

    def as_json(self) -> dict[str, Any]:
        """What the page's script is told."""
        return {
            "counts": dict(self.counts),
            "due": self.due,
            "pace": self.pace,
            "done": self.done,
            "total": self.total,
            "finished": self.is_finished,
        }


def progress_of(batch: CancellationBatch, *, using: str) -> Progress:
    """How far the batch is, by the database's clock (one query for all counts)."""
    due = Q(status=ItemStatus.DRAFT) | Q(
        status=ItemStatus.ASKED,
        cancellation__status=Status.PENDING,
        cancellation__send_after__lte=clock.now(using) + SOON,
    )
    recent = Q(
        status=ItemStatus.ASKED,
        cancellation__completed_at__gt=timezone.now() - timedelta(seconds=60),
    )
    counts = batch.items.using(using).aggregate(
        due=Count("pk", filter=due),
        recent=Count("pk", filter=recent),
        **{name: Count("pk", filter=state.condition) for name, state in STATES.items()},
    )
    due_count = counts.pop("due")
    if batch.status == CancellationBatch.Status.STOPPED:
        due_count = (
            0  # what is still to be sent of it is left to the sweep: nobody may go on with it
        )
    return Progress(due=due_count, recent=counts.pop("recent"), counts=counts)
