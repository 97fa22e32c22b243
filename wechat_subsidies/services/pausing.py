"""People who pause the sending, and resume it. What pauses by itself is the sender's."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .. import clock, logbook
from ..conf import app_settings
from ..exceptions import InvalidRequest
from ..models import SendingPause
from ..outcomes import SIGN_ERROR
from ..signals import sending_paused, sending_resumed
from .notes import checked_note
from .requester import Requester
from .transactions import after_commit, write_alias

Cause = SendingPause.Cause


def pause(merchant: str | None, *, reason: str, paused_by: Any = None) -> SendingPause:
    """Have nothing sent for a merchant of the settings, or for all with None, until it is resumed.

    Holds for all processes from their next claim on, within a second; calls that are under way are
    finished. What is asked for meanwhile is recorded and waits. Returns the pause, the one that is
    there if a person has paused it before. Raises InvalidRequest for an unknown merchant, without a
    reason, or for one of more than 512 characters.
    """
    note = checked_note(reason, missing=_("Say why sending is paused."), field="reason")
    using, mchid = write_alias(), mchid_of(merchant)
    pauses = SendingPause.objects.using(using)
    existing = pauses.filter(lifted_at=None, mchid=mchid, sub_mchid="", cause=Cause.PERSON).first()
    if existing is not None:
        return existing
    made = pauses.create(
        mchid=mchid,
        cause=Cause.PERSON,
        note=note,
        paused_by_name=Requester.of(paused_by).name,
        paused_at=clock.now(using),
    )
    logbook.write("paused", mchid=mchid or "all", by=made.paused_by_name)
    after_commit(partial(tell, sending_paused, made), using=using)
    return made


def resume(merchant: str | None, *, resumed_by: Any = None) -> int:
    """End the pauses of a merchant of the settings, whatever began them; with None that of everything.

    Returns how many were ended. One merchant's sending stays paused while everything is, and once
    everything is resumed it is still paused where somebody has paused that merchant by itself. Raises
    InvalidRequest for an unknown merchant.
    """
    pauses = SendingPause.objects.using(write_alias()).filter(lifted_at=None)
    ended = list(pauses.filter(mchid=mchid_of(merchant)))
    return lift(ended, by=Requester.of(resumed_by).name)


def resume_pauses(pauses: Iterable[SendingPause], *, resumed_by: Any = None) -> int:
    """End exactly these pauses, whatever began them; the other ones hold on.

    Returns how many were ended: those that have ended before stay as they are.
    """
    return lift(list(pauses), by=Requester.of(resumed_by).name)


def resume_after_selftest(merchant: str) -> int:
    """End the pauses that refused signatures began: one has been accepted. Returns how many."""
    pauses = SendingPause.objects.using(write_alias()).filter(
        lifted_at=None, mchid=mchid_of(merchant), reason=SIGN_ERROR.reason
    )
    return lift(list(pauses), by="check_wechatpay")


def lift(pauses: list[SendingPause], *, by: str) -> int:
    """End these pauses, those that somebody else has not ended meanwhile."""
    using, count = write_alias(), 0
    for each in pauses:
        now = clock.now(using)
        still = SendingPause.objects.using(using).filter(pk=each.pk, lifted_at=None)
        if not still.update(lifted_at=now, lifted_by_name=by, probe_token=None):
            continue
        each.lifted_at, each.lifted_by_name = now, by
        logbook.write("resumed", mchid=each.mchid or "all", sub_mchid=each.sub_mchid, by=by)
        after_commit(partial(tell, sending_resumed, each), using=using)
        count += 1
    return count


def tell(signal: Any, about: SendingPause) -> None:
    """Send a signal about a pause; a receiver that raises is logged by Django."""
    signal.send_robust(sender=SendingPause, pause=about)


def mchid_of(merchant: str | None) -> str:
    """The MCHID of a merchant of the settings, empty for None. Raises InvalidRequest."""
    if merchant is None:
        return ""
    if merchant not in app_settings.merchants:
        words = _("The settings have no merchant “%(name)s”.") % {"name": merchant}
        raise InvalidRequest(words, fields={"merchant": ("unknown_merchant", words)})
    return app_settings.merchants[merchant].mchid
