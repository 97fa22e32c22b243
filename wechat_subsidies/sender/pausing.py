"""Pauses that begin and end by themselves: what follows from answers for those that come after.

An order is never judged here. What says nothing of the order, a wrong clock, a missing permission,
a gateway that is away, stops the sending until one call that goes out to try succeeds.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.core.signals import setting_changed
from django.db.models import Max

from .. import clock, logbook
from ..conf import SETTING, app_settings
from ..models import CancellationAttempt, SendingPause
from ..models.fields import EPOCH
from ..models.sending import NOTE_LENGTH
from ..outcomes import MEANINGS, Meaning, Outcome, Suspect
from ..retrying import durable
from ..signals import sending_paused, sending_resumed
from ..texts import storable
from .calling import Call
from .pacing import Pace, slow_down
from .suspecting import LOOKED_BACK, Answered, Cause, causes

FIRST_PAUSE: Final = 30.0  # seconds, doubled with every call that was tried in vain
LONGEST_PAUSE: Final = 600.0

# What a call that goes out to try may come back with, apart from success, if it is to end a pause.
SPEAKS_OF_THE_ORDER: Final = {Outcome.REFUSED, Outcome.NOT_ACCEPTED}

# Parameters that come of our settings, not of the order, as WeChat Pay names them.
OUR_FIELDS: Final = {"description": "DESCRIPTION", "refund_id": "SEND_REFUND_ID"}


class ProcessStop:
    """Where this very process has stopped: its clock or its keys may be wrong, and no other's.

    One call goes out to try after 30 s, then after a minute, up to every ten.
    """

    def __init__(self) -> None:
        self._stopped: dict[str, tuple[float, int]] = {}

    def limit(self, mchid: str) -> int | None:
        """How many rows of this merchant may be claimed here; None for any number."""
        if mchid not in self._stopped:
            return None
        until, _ = self._stopped[mchid]
        return 1 if time.monotonic() >= until else 0

    def note(self, mchid: str, meaning: Meaning) -> None:
        """Take an answer into account."""
        if meaning.suspect == Suspect.SETTINGS:
            until, count = self._stopped.get(mchid, (0.0, 0))
            if time.monotonic() >= until:  # those under way together count once
                self._stopped[mchid] = (time.monotonic() + pause_after(count), count + 1)
        elif meaning.outcome in {Outcome.SUCCEEDED, *SPEAKS_OF_THE_ORDER}:
            self._stopped.pop(mchid, None)

    def forget(self, *, setting: str = SETTING, **kwargs: object) -> None:
        """Start anew, after a test has changed the setting."""
        if setting == SETTING:
            self._stopped.clear()


process_stop = ProcessStop()
setting_changed.connect(process_stop.forget)


def pause_after(count: int) -> float:
    """Seconds until the next try, after so many in vain."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(count, 10)))


def draw_conclusions(calls: Sequence[Call], *, using: str) -> None:
    """What these calls, recorded by now, mean for those to come. Repeating it does no harm."""
    decisive = [call for call in calls if call.is_decisive]
    for call in decisive:
        process_stop.note(mchid_of(call), call.reply.meaning)
        if call.claim.tried_pause is not None:
            conclude_try(call, call.claim.tried_pause, using=using)
        if call.reply.meaning.outcome == Outcome.NOT_ACCEPTED:
            slow_down(using=using, mchid=mchid_of(call), called_at=call.started_at)
    suspects = [call for call in decisive if call.reply.meaning.suspect is not None]
    for mchid in {mchid_of(call) for call in suspects}:
        for cause in causes(last_answers(mchid, using=using)):
            begin(mchid, cause, using=using)
    for call in suspects:
        if alone := cause_in(call):
            begin(mchid_of(call), alone, using=using)


def mchid_of(call: Call) -> str:
    """The platform merchant that made the call."""
    return call.claim.cancellation.mchid


def last_answers(mchid: str, *, using: str) -> list[Answered]:
    """The last answers under this MCHID, the newest first, that no pause has ended since."""
    attempts = CancellationAttempt.objects.using(using).filter(mchid=mchid).order_by("-pk")
    pauses = SendingPause.objects.using(using).filter(
        mchid__in=["", mchid], lifted_at__isnull=False
    )
    lifted = dict(pauses.values_list("sub_mchid").annotate(Max("lifted_at")))
    answers = [
        Answered(
            reason=attempt.reason,
            outcome=attempt.outcome,
            cancellation_id=attempt.cancellation_id,
            sub_mchid=attempt.cancellation.sub_mchid,
            process=attempt.process,
            started_at=attempt.started_at,
            message=attempt.error_message or attempt.failure,
        )
        for attempt in attempts.select_related("cancellation").only(
            "reason",
            "outcome",
            "cancellation__sub_mchid",
            "process",
            "started_at",
            "error_message",
            "failure",
        )[:LOOKED_BACK]
    ]
    return [
        answer
        for answer in answers
        if all(answer.started_at > lifted.get(which, EPOCH) for which in {"", answer.sub_mchid})
    ]


def cause_in(call: Call) -> Cause | None:
    """What a single answer gives cause to pause, whatever others there are beside it."""
    row, meaning = call.claim.cancellation, call.reply.meaning
    if meaning.suspect == Suspect.PERMISSION:
        said = str(getattr(call.reply.error, "message", None) or "")
        return Cause(
            reason=meaning.reason, cancellation_id=row.pk, sub_mchid=row.sub_mchid, note=said
        )
    if setting := our_setting_in(call):
        return Cause(reason=meaning.reason, cancellation_id=row.pk, note=setting)
    return None


def our_setting_in(call: Call) -> str:
    """The setting that gave the parameter which WeChat Pay names as wrong; empty if none did."""
    if call.reply.meaning.suspect != Suspect.PARAMETERS:
        return ""
    detail = getattr(call.reply.error, "detail", None)
    field = str(detail.get("field", "")) if isinstance(detail, dict) else ""
    name = field.rsplit("/", 1)[-1]
    if name == "description" and call.claim.cancellation.description != app_settings.description:
        return ""
    return OUR_FIELDS.get(name, "")


def begin(mchid: str, cause: Cause, *, using: str) -> None:
    """Begin a pause, unless there is one already."""
    with durable(using):
        pace = Pace.lock(using=using, mchid=mchid)
        pauses = SendingPause.objects.using(using)
        if pauses.filter(lifted_at=None, mchid=mchid, sub_mchid=cause.sub_mchid).exists():
            return
        pause = pauses.create(
            mchid=mchid,
            sub_mchid=cause.sub_mchid,
            cause=SendingPause.Cause.OUTAGE
            if cause.is_outage
            else SendingPause.Cause.CONFIGURATION,
            reason=cause.reason,
            note=storable(cause.note, limit=NOTE_LENGTH),
            caused_by_id=cause.cancellation_id,
            paused_at=pace.now,
            probe_after=pace.now + timedelta(seconds=pause_after(0)),
        )
    logbook.write("paused", mchid=mchid, sub_mchid=pause.sub_mchid, reason=pause.reason)
    sending_paused.send_robust(sender=SendingPause, pause=pause)


def conclude_try(call: Call, pause: SendingPause, *, using: str) -> None:
    """End the pause that the call has tried, or leave it on for longer."""
    now = clock.now(using)
    ours = SendingPause.objects.using(using).filter(
        pk=pause.pk, lifted_at=None, probe_token=call.claim.token
    )
    if not is_over(pause, call.reply.meaning):
        ours.update(probe_token=None, probe_after=next_try(pause, now=now))
    elif ours.update(probe_token=None, lifted_at=now):
        pause.lifted_at = now
        logbook.write("resumed", mchid=pause.mchid, sub_mchid=pause.sub_mchid)
        sending_resumed.send_robust(sender=SendingPause, pause=pause)


def is_over(pause: SendingPause, meaning: Meaning) -> bool:
    """Whether an answer shows that what caused the pause has passed."""
    cause = MEANINGS.get(pause.reason)
    is_another_matter = cause is None or meaning.suspect != cause.suspect
    is_about_order = meaning.outcome in SPEAKS_OF_THE_ORDER
    return meaning.outcome == Outcome.SUCCEEDED or (is_about_order and is_another_matter)


def next_try(pause: SendingPause, *, now: datetime) -> datetime:
    """When the next call goes out to try, after one in vain."""
    return now + timedelta(seconds=pause_after(pause.probe_count + 1))
