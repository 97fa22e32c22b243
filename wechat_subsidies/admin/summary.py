"""What waits for whom: above the list of cancellations, and on the page of our app."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .. import services
from ..management.pauses import paused
from ..models import SendingPause, SubsidyCancellation
from ..orders import OrderAdapter, adapters
from ..orders.keys import concrete
from ..permissions import may_see_pauses
from ..scoping import sees_everything, visible
from ..services.status import is_nobody_sending
from ..services.subsidy_states import SubsidyState
from ..services.waiting import Counted, Waiting, waiting_among
from .links import cancellations_url, pause_url, pauses_url
from .paging import MOST
from .rows import Words
from .state import OLD, SubsidyStateMixin, old_words
from .words import local_time

logger = logging.getLogger("wechat_subsidies")

MOST_PAUSES: Final = 5  # named: each of many sub-merchants may have one

Status = SubsidyCancellation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, the list that it counts (empty where there is none to see), and what to add."""

    label: Words
    number: str
    url: str = ""
    note: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a request is told.

    `pauses`: the first that hold, `more_pauses` how many more there are, listed at `pauses_url`.
    """

    figures: list[Figure]
    pauses: list[Figure]
    more_pauses: int
    pauses_url: str
    nobody_is_sending: bool

    @property
    def is_worth_showing(self) -> bool:
        """Whether it says anything."""
        return bool(self.figures or self.pauses or self.nobody_is_sending)


def summary_for(request: HttpRequest, *, site: AdminSite) -> Summary:
    """How things stand, as far as this request may know: what is counted exists for it.

    Whoever sees only a part of the orders is told what concerns all of them, and not which of the
    others' sub-merchants are paused. No count reads more than some thousand rows.
    """
    has_page = may_see_pauses(request.user) and site.is_registered(SendingPause)
    sees_all = sees_everything(request)
    told = [p for p in services.pauses_that_hold() if sees_all or not p.sub_mchid]
    return Summary(
        figures=list(figures_for(request, site=site)),
        pauses=[
            Figure(
                label=_("Sending is paused"),
                number=" · ".join(paused(pause)),
                url=pause_url(pause, site=site) if has_page else "",
            )
            for pause in told[:MOST_PAUSES]
        ],
        more_pauses=max(0, len(told) - MOST_PAUSES),
        pauses_url=pauses_url(site=site) if has_page else "",
        nobody_is_sending=is_nobody_sending(),
    )


def figures_for(request: HttpRequest, *, site: AdminSite) -> Iterator[Figure]:
    """What is counted, for those who may see cancellations."""
    cancellations = site.get_model_admin(SubsidyCancellation)
    if not cancellations.has_view_permission(request):
        return
    for adapter in adapters().values():
        yield from order_figures(adapter, request=request, site=site)
    yield cancellation_figure(Status.PENDING, request=request, site=site, has_oldest=True)
    yield cancellation_figure(Status.NEEDS_REVIEW, request=request, site=site)


# Cancellations


def cancellation_figure(
    status: SubsidyCancellation.Status,
    *,
    request: HttpRequest,
    site: AdminSite,
    has_oldest: bool = False,
) -> Figure:
    """How many cancellations are in a status, and since when the oldest of them has been asked for."""
    first = visible(request).filter(status=status).order_by("pk")[: MOST + 1]
    found = first.aggregate(count=Count("pk"), oldest=Min("asked_at"))
    has_more = found["count"] > MOST
    number = _("more than %(count)s") if has_more else "%(count)s"
    return Figure(
        label=status.label,
        number=number % {"count": grouped(min(found["count"], MOST))},
        url=cancellations_url(site=site, status__exact=status.value),
        note=since(found["oldest"]) if has_oldest and not has_more else "",
    )


def grouped(number: int) -> str:
    """A number as people read it."""
    return number_format(number, force_grouping=True)


def since(moment: datetime | None) -> str:
    """Since when the oldest waits; empty where none does, or nobody can tell."""
    if moment is None:
        return ""
    return _("the oldest since %(time)s") % {"time": local_time(moment)}


# Orders


def order_figures(
    adapter: OrderAdapter, *, request: HttpRequest, site: AdminSite
) -> Iterator[Figure]:
    """What is left to do of one model's orders, for who may see them.

    Where the shop's code fails nothing is said of them; the traceback is in the log.
    """
    page = admin_of(adapter, site=site)
    if page is not None and not page.has_view_permission(request):
        return
    try:
        orders = page.get_queryset(request) if page else adapter.model._default_manager.all()
        waiting = waiting_among(orders, request=request)
    except Exception:
        logger.exception("What is left to do of %s cannot be counted.", adapter.label)
        return
    if waiting is not None:
        name = str(adapter.model._meta.verbose_name_plural) if len(adapters()) > 1 else ""
        yield from waiting_figures(waiting, name=name, url=filtered_url(page, site=site))


def admin_of(adapter: OrderAdapter, *, site: AdminSite) -> "admin.ModelAdmin[Any] | None":
    """The page of these orders on this site; None where there is none."""
    for model in (adapter.model, concrete(adapter.model)):
        if site.is_registered(model):
            return site.get_model_admin(model)
    return None


def filtered_url(page: "admin.ModelAdmin[Any] | None", *, site: AdminSite) -> str:
    """The list of orders up to the state that it is filtered by; empty where it has no such filter."""
    if not isinstance(page, SubsidyStateMixin):
        return ""
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"
    return f"{reverse(name, current_app=site.name)}?subsidy_state="


def waiting_figures(waiting: Waiting, *, name: str, url: str) -> Iterator[Figure]:
    """How many orders are to be cancelled, and how many of them soon; `name` tells them from others."""
    yield Figure(
        label=named(SubsidyState.TO_CANCEL.label, name),
        number=counted(waiting.to_cancel),
        url=url and url + SubsidyState.TO_CANCEL.value,
        note=since(waiting.oldest),
    )
    if waiting.old is not None and waiting.old.number:
        yield Figure(
            label=named(old_words(), name),
            number=counted(waiting.old),
            url=url and url + OLD,
            is_urgent=True,
        )


def named(label: Words, name: str) -> Words:
    """A figure's label, with what it counts where that is not clear."""
    return f"{label} ({name})" if name else label


def counted(count: Counted) -> str:
    """How many, “at least” where only the latest orders were looked at."""
    number = grouped(count.number)
    return _("at least %(count)s") % {"count": number} if count.is_least else number
