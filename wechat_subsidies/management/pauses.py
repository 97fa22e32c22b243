"""Pauses as operators read them in a terminal."""

import shlex
from collections.abc import Iterable
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import app_settings
from ..models import SendingPause
from ..outcomes import advice
from ..terminal import GAP, printable, table, wrapped

ALL: Final = "all"  # what subsidy_sending calls everything, even where a merchant has that name
WHAT_COLUMNS: Final = 18
WHO_COLUMNS: Final = 14


def table_of(pauses: Iterable[SendingPause], *, columns: int) -> str:
    """The pauses, a row each, and under it why; as wide as a terminal of so many columns."""
    rows = list(pauses)
    return table(
        header=[_("Paused"), _("Since"), _("By"), _("Tried again")],
        rows=[row(pause) for pause in rows],
        notes=[note(pause, columns=columns) for pause in rows],
    )


def row(pause: SendingPause) -> list[list[str]]:
    """The pause's cells, each a list of lines."""
    since = timezone.localtime(pause.paused_at)
    tried = timezone.localtime(pause.probe_after) if pause.probe_after else None
    by = pause.paused_by_name or str(pause.get_cause_display())
    return [
        [line for each in paused(pause) for line in wrapped(each, at=WHAT_COLUMNS)],
        [f"{since:%Y-%m-%d %H:%M:%S}"],
        wrapped(printable(by), at=WHO_COLUMNS),
        [f"{tried:%Y-%m-%d %H:%M:%S}" if tried else "-"],
    ]


def paused(pause: SendingPause) -> list[str]:
    """What is paused: everything, or a merchant by its names and number, or a sub-merchant of it."""
    if not pause.mchid:
        return [_("everything")]
    return [each for each in [*names_of(pause.mchid), pause.mchid, pause.sub_mchid] if each]


def names_of(mchid: str) -> list[str]:
    """The merchants of the settings with that MCHID, by name."""
    return [name for name, each in app_settings.merchants.items() if each.mchid == mchid]


def ways_to_resume(pauses: Iterable[SendingPause]) -> list[str]:
    """The options of subsidy_sending that end these pauses, each once."""
    mchids = dict.fromkeys(pause.mchid for pause in pauses)
    return [f"--resume {shlex.quote(argument_for(mchid))}" for mchid in mchids]


def argument_for(mchid: str) -> str:
    """What subsidy_sending is told to mean that MCHID, or everything if it is empty."""
    if not mchid:
        return ALL
    return next((name for name in names_of(mchid) if name != ALL), mchid)


def note(pause: SendingPause, *, columns: int) -> list[str]:
    """The lines under the row: what a person gave as the reason, or what happened and what to do."""
    texts = [pause.reason, str(advice(pause.reason)), pause.note]
    lines = (wrapped(printable(text), at=columns - len(GAP)) for text in texts if text)
    return [GAP + line for wrapped_text in lines for line in wrapped_text]
