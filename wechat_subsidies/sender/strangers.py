"""Rows of merchants that the settings no longer have, under the MCHID they were recorded for.

Nothing is sent for them: the stored bytes are another merchant's. They wait, with a reason that says
so; what may have been carried out before is for a person to look at.
"""

from functools import partial
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from .. import clock, logbook
from ..conf import app_settings
from ..models import SubsidyCancellation
from ..outcomes import MERCHANT_CHANGED
from ..retrying import durable, retried
from .claiming import lost_attempt
from .settling import NOT_CLAIMED

CHUNK: Final = 500  # rows looked at at a time

Status = SubsidyCancellation.Status


def set_aside_strangers(*, using: str) -> None:
    """Mark due rows whose merchant has changed: they wait, or need review where they are in doubt."""
    known = Q(pk=None)
    for merchant in app_settings.merchants.values():
        known |= Q(merchant=merchant.name, mchid=merchant.mchid)
    marked = Q(status=Status.PENDING, in_doubt=False, reason=MERCHANT_CHANGED)
    rows = SubsidyCancellation.objects.using(using)
    waiting = rows.filter(status__in=[Status.PENDING, Status.SENDING]).exclude(known | marked)
    while strangers := list(waiting.due(clock.now(using))[:CHUNK]):
        for row in strangers:
            retried(partial(set_aside, row, using=using))


def set_aside(row: SubsidyCancellation, *, using: str) -> None:
    """Mark one row, if it still is as it was found.

    One that was being sent when its merchant was taken out of the settings is written down as lost.
    """
    is_lost = row.status == Status.SENDING
    changes: dict[str, object] = {"reason": MERCHANT_CHANGED, "updated_at": timezone.now()}
    if row.in_doubt:
        changes |= {
            "status": Status.NEEDS_REVIEW,
            "send_after": None,
            "announce_after": clock.now(using),
            "announce_count": 0,
            "completed_at": timezone.now(),
            "attempt_count": F("attempt_count") + int(is_lost),
            "unknown_count": F("unknown_count") + int(is_lost),
            **NOT_CLAIMED,
        }
    same = SubsidyCancellation.objects.using(using).filter(
        pk=row.pk, status=row.status, in_doubt=row.in_doubt, claim_token=row.claim_token
    )
    with durable(using):
        if not same.update(**changes):
            return
        if is_lost:
            lost_attempt(row).save(using=using, force_insert=True)
    logbook.changed(row, status=str(changes.get("status", row.status)), reason=MERCHANT_CHANGED)
