"""The figures of `services.status()` as operators read them, and the limits they set."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..services import Status
from ..terminal import table, wrapped
from .pauses import table_of

WORDS_COLUMNS: Final = 44
LIMIT: Final = re.compile(r"\s*(\w+)\s*=\s*([0-9]+)\s*")

WORDS: Final = {
    "due": gettext_lazy("cancellations that may be sent now"),
    "oldest_due": gettext_lazy("seconds for which the oldest of them has been due"),
    "expired_leases": gettext_lazy("cancellations whose sending process did not come back"),
    "needs_review": gettext_lazy("cancellations that a person has to look at"),
    "announcements_given_up": gettext_lazy("outcomes of which the shop could not be told"),
    "paused": gettext_lazy("pauses that hold"),
    "last_sweep_age": gettext_lazy("seconds since the last sweep; inf: there was none"),
    "nobody_is_sending": gettext_lazy(
        "1: something has been due for over 5 minutes, and nobody has swept for as long"
    ),
}


def report_of(status: Status, *, columns: int) -> str:
    """The figures, the calls of the last minutes and the pauses, for people."""
    counted = {name: count for name, count in status.attempts.items() if count}
    outcomes = ", ".join(f"{name} {count}" for name, count in counted.items())
    parts = [
        table(
            header=[_("Name"), _("Value"), _("What it is")],
            rows=[
                [[name], [f"{value:.0f}"], wrapped(str(WORDS[name]), at=WORDS_COLUMNS)]
                for name, value in status.figures.items()
            ],
        ),
        _("Calls of the last 5 minutes: %(outcomes)s") % {"outcomes": outcomes or _("none")},
    ]
    if status.pauses:
        parts.append(table_of(status.pauses, columns=columns))
    if status.nobody_is_sending:
        parts.append(
            _(
                "Nobody is sending: run process_subsidy_cancellations from cron every minute, or keep it "
                "running with --forever."
            )
        )
    return "\n\n".join(parts)


def limits_of(text: str) -> dict[str, int]:
    """The limits in `NAME=NUMBER,…`. Raises CommandError for what is none, with the near miss."""
    limits = {}
    for each in text.split(","):
        match = LIMIT.fullmatch(each)
        if match is None:
            words = _("“%(text)s” is no limit: --fail-if takes NAME=NUMBER,NAME=NUMBER,…")
            raise CommandError(words % {"text": each})
        name, number = match.groups()
        if name not in WORDS:
            raise CommandError(unknown(name))
        limits[name] = int(number)
    return limits


def unknown(name: str) -> str:
    """That there is no such figure, and which might have been meant."""
    near = get_close_matches(name, WORDS, n=1)
    words = _("--fail-if knows no “%(name)s”.") % {"name": name}
    if near:
        return words + " " + _("Did you mean “%(name)s”?") % {"name": near[0]}
    return words + " " + _("It knows: %(names)s.") % {"names": ", ".join(WORDS)}


def exceeded(status: Status, limits: Mapping[str, int]) -> list[str]:
    """Which figures are greater than their limits, in words."""
    return [
        _("%(name)s is %(value)s, more than %(limit)d")
        % {"name": name, "value": f"{status.figures[name]:.0f}", "limit": limit}
        for name, limit in limits.items()
        if status.figures[name] > limit
    ]
