"""How the items of batches stand, in numbers, for a page of batches in few queries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import router
from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils import timezone

from .. import scoping, services
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from .results import Result, as_seen

Status = SubsidyCancellation.Status


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many items of a batch there are of each result, and of cancellations in each status.

    `is_open`: something of it waits to be asked for or sent. `is_neglected`: it has been due for over
    five minutes, and nobody has swept for as long.
    """

    items: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Result.values, 0))
    cancellations: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Status.values, 0))
    is_open: bool = False
    is_neglected: bool = False


def tallies_of(batches: Collection[CancellationBatch], *, request: HttpRequest) -> dict[int, Tally]:
    """The tallies of these batches by their keys.

    Cancellations that do not exist for the request are not counted, and items as it sees them.
    """
    tallies = {batch.pk: Tally() for batch in batches}
    count_items(tallies, request=request)
    waiting_since = count_cancellations(tallies, request=request)
    for batch in batches:
        tally = tallies[batch.pk]
        if batch.status == CancellationBatch.Status.CONFIRMED and batch.confirmed_at is not None:
            waiting_since.setdefault(batch.pk, aware(batch.confirmed_at))
        tally.is_open = batch.pk in waiting_since
    mark_neglected(tallies, waiting_since)
    return tallies


def count_items(tallies: Mapping[int, Tally], *, request: HttpRequest) -> None:
    """Count the items by their result (one query)."""
    items = CancellationBatchItem.objects.using(write_alias()).filter(batch__in=tallies)
    seen = as_seen(items, request=request).order_by()
    for row in seen.values("batch", "seen_result").annotate(count=Count("pk")):
        tallies[row["batch"]].items[row["seen_result"]] += row["count"]


def count_cancellations(
    tallies: Mapping[int, Tally], *, request: HttpRequest
) -> dict[int, datetime]:
    """Count the cancellations by their status (one query).

    Returns when the first of each batch's that are to be sent becomes due, or became.
    """
    rows = scoping.visible(request).filter(batch_items__batch__in=tallies)
    counted = rows.values("batch_items__batch", "status").annotate(
        count=Count("pk", distinct=True), first_due=Min("send_after")
    )
    first_due: dict[int, datetime] = {}
    for row in counted:
        key = row["batch_items__batch"]
        tallies[key].cancellations[row["status"]] += row["count"]
        if row["first_due"] is not None:
            first_due[key] = min(row["first_due"], first_due.get(key, row["first_due"]))
    return first_due


def mark_neglected(tallies: Mapping[int, Tally], waiting_since: Mapping[int, datetime]) -> None:
    """Mark the batches that wait in vain; nothing is asked of the database where none waits."""
    neglected_since = services.neglected_since() if waiting_since else None
    for key, since in waiting_since.items():
        tallies[key].is_neglected = neglected_since is not None and since < neglected_since


def aware(moment: datetime) -> datetime:
    """A stored moment with its time zone, the site's where USE_TZ is off."""
    if timezone.is_naive(moment):
        return timezone.make_aware(moment, timezone.get_default_timezone())
    return moment


def write_alias() -> str:
    """The database in which batches are written; callers look at what they have just asked for."""
    return router.db_for_write(CancellationBatch)
