"""How sending stands, above the list of cancellations."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from .. import services
from ..management.pauses import paused
from ..models import SendingPause, SubsidyCancellation
from ..permissions import may_see_pauses
from ..scoping import sees_everything
from .links import pause_url, pauses_url
from .rows import Words
from .words import local_time

MOST_PAUSES: Final = 5  # named: each of many sub-merchants may have one


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that holds: what is paused, and its page, empty for those who may not see it."""

    what: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a request is told.

    `pauses`: the first that hold, `more_pauses` how many more there are, listed at `pauses_url`;
    `has_counts`: whether also what is counted over everybody's orders is told.
    """

    status: services.Status
    pauses: list[Pause]
    more_pauses: int
    pauses_url: str
    has_counts: bool

    @property
    def oldest_since(self) -> str:
        """Since when the one that has waited longest has been due; empty if none is."""
        if not self.status.due:
            return ""
        return local_time(self.status.at - timedelta(seconds=self.status.oldest_due))

    @property
    def review_label(self) -> Words:
        """What cancellations are called that a person has to look at."""
        return SubsidyCancellation.Status.NEEDS_REVIEW.label

    @property
    def is_worth_showing(self) -> bool:
        """Whether it says anything."""
        return bool(self.has_counts or self.pauses or self.status.nobody_is_sending)


def summary_for(request: HttpRequest, *, site: AdminSite) -> Summary:
    """How sending stands, as far as this request may know.

    Whoever sees only a part of the orders is told what concerns all of them: neither how many others
    have, nor which of the others' sub-merchants are paused.
    """
    status, sees_all = services.status(), sees_everything(request)
    has_page = may_see_pauses(request.user) and site.is_registered(SendingPause)
    told = [pause for pause in status.pauses if sees_all or not pause.sub_mchid]
    return Summary(
        status=status,
        pauses=[
            Pause(
                what=" · ".join(paused(pause)),
                url=pause_url(pause, site=site) if has_page else "",
            )
            for pause in told[:MOST_PAUSES]
        ],
        more_pauses=max(0, len(told) - MOST_PAUSES),
        pauses_url=pauses_url(site=site) if has_page else "",
        has_counts=sees_all,
    )
