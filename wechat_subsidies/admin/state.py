"""The column and the filter that say in the shop's own list of orders what has become of subsidies."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import SubsidyCancellation
from ..orders import Reason, ReasonCode
from ..services.candidates import OLD_AFTER
from ..services.subsidy_states import SubsidyState, TransactionState, states_of
from ..services.waiting import can_be_told, in_state, is_payment_known, old
from .links import Link, links_to_cancellations
from .rows import Words

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]  # of whichever model the host has
else:  # a host's class inherits from its own ModelAdmin, whichever that is
    _ModelAdmin = object

logger = logging.getLogger("wechat_subsidies")

OLD: Final = "old"  # the choice besides the states: paid long ago, and not cancelled
CELL: Final = "_subsidy_state_cell"  # an order's attribute: what the column shows of it

# In the order in which the filter offers them: that of a subsidy's life.
OFFERED: Final = (
    SubsidyState.TO_CANCEL,
    SubsidyState.IN_PROGRESS,
    SubsidyState.CANCELLED,
    SubsidyState.REFUSED,
    SubsidyState.NEEDS_REVIEW,
)
# Why there is nothing to cancel, in few words; the whole reason is the title of the cell.
SHORT: Final = {
    ReasonCode.MISSING_TRANSACTION_ID: gettext_lazy("no transaction ID"),
    ReasonCode.MISSING_SUB_MCHID: gettext_lazy("no sub-merchant ID"),
    ReasonCode.INVALID: gettext_lazy("impossible value"),
    ReasonCode.PARTLY_REFUNDED: gettext_lazy("partly refunded"),
}


class SubsidyStateFilter(admin.SimpleListFilter):
    """By what has become of the subsidy, as far as the database can tell; the column tells it per order."""

    title = gettext_lazy("subsidy state")
    parameter_name = "subsidy_state"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        """The states; none where the database cannot tell any, so that the filter is not shown.

        Nor is it where the shop's code fails, or ORDERS does not have the model: the log says why.
        """
        try:
            has_payment = is_payment_known(model_admin.model, request=request)
        except Exception:
            logger.exception("%s cannot be filtered.", model_admin.model._meta.label)
            return []
        if not can_be_told(model_admin.model):
            return []
        choices = [(state.value, str(state.label)) for state in OFFERED]
        return [*choices, (OLD, old_words())] if has_payment else choices

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        """The orders in the state chosen."""
        value = self.value()
        if value == OLD:
            return old(queryset, request=request)
        if value not in SubsidyState.values:
            return queryset
        return in_state(queryset, SubsidyState(value), request=request)


def old_words() -> str:
    """What orders are called that were paid so long ago that their funds are soon free."""
    return _("Paid over %(days)d days ago, subsidy not cancelled") % {"days": OLD_AFTER.days}


class SubsidyStateMixin(_ModelAdmin):
    """Adds to an `OrderAdmin` a column and a filter that say what has become of the subsidy.

        class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin): ...

    It has to be named before Django's own class. Name "subsidy_state" in `list_display` or
    `list_filter` to place them; otherwise they come last. Named in `readonly_fields` the state is
    shown on the order's own page, too. A page costs the same few queries whatever its size.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, chosen = SubsidyStateFilter.parameter_name, SubsidyStateFilter
        if name not in self.list_display:
            self.list_display = [*self.list_display, name]
        filters = [chosen if each == name else each for each in self.list_filter]
        filters = filters if chosen in filters else [*filters, chosen]
        self.list_filter = filters  # type: ignore[misc]  # of this one; the host's class keeps its own

    @property
    def media(self) -> forms.Media:
        """The host's, and the few rules of the column."""
        ours = forms.Media(css={"all": ["wechat_subsidies/admin/state.css"]})
        return super().media + ours

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The host's kind of list, which finds out the states of a page as it is put together."""
        base: Any = super().get_changelist(request, **kwargs)
        return with_states(base)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any | None:
        """The order, with its state where its own page shows it."""
        order = super().get_object(request, object_id, from_field)
        if order is not None and "subsidy_state" in self.get_readonly_fields(request, order):
            put_cells([order], model_admin=self, request=request)
        return order

    @admin.display(description=gettext_lazy("subsidy state"))
    def subsidy_state(self, order: Any) -> SafeString | None:
        """What has become of the order's subsidy, or why there is nothing to cancel."""
        return getattr(order, CELL, None)


class ListWithStates:
    """A list that knows the states of the orders on its page."""

    def get_results(self, request: HttpRequest) -> None:
        """The page's orders, and what the column shows of each."""
        super().get_results(request)  # type: ignore[misc]  # a ChangeList's
        changelist: Any = self
        if "subsidy_state" in changelist.list_display:
            put_cells(changelist.result_list, model_admin=changelist.model_admin, request=request)


@cache
def with_states(base: Any) -> type[ChangeList]:
    """The same kind of list, with states."""
    return type(base.__name__, (ListWithStates, base), {})


def put_cells(
    orders: Iterable[Any], *, model_admin: "admin.ModelAdmin[Any]", request: HttpRequest
) -> None:
    """Put on each of these orders what the column shows of it."""
    page = list(orders)
    try:
        states = states_of([order.pk for order in page], model=model_admin.model, request=request)
    except ImproperlyConfigured:
        logger.exception("The states of %s cannot be told.", model_admin.model._meta.label)
        return
    link = links_to_cancellations(request, site=model_admin.admin_site)
    for order in page:
        setattr(order, CELL, cell(states[str(order.pk)], link=link))


def cell(states: Sequence[TransactionState], *, link: Link) -> SafeString | None:
    """What the column shows of an order: each state once, the most urgent first.

    With how many transactions are in it, where they differ.
    """
    groups: dict[SubsidyState | None, list[TransactionState]] = {}
    for each in states:
        groups.setdefault(each.state, []).append(each)
    has_counts = len(groups) > 1
    lines = [line(state, group, link=link, has_count=has_counts) for state, group in groups.items()]
    return format_html_join(mark_safe("<br>"), "{}", ((each,) for each in lines)) or None


def line(
    state: SubsidyState | None, group: Sequence[TransactionState], *, link: Link, has_count: bool
) -> SafeString:
    """One state of an order, with a link to what is recorded and what is to be said besides."""
    count = format_html(" {}", len(group)) if has_count else ""
    if state is None:
        reason = group[0].reason
        title = reason.message if reason else ""
        words = short(reason) or "–"
        return format_html('<span class="quiet" title="{}">{}{}</span>', title, words, count)
    url = link([each.cancellation for each in group if each.cancellation])
    shown = format_html('<a href="{}">{}</a>', url, state.label) if url else state.label
    notes = " · ".join(dict.fromkeys(note for each in group for note in notes_on(each)))
    more = format_html(' <span class="quiet">{}</span>', notes) if notes else ""
    html = '<span class="subsidy-state subsidy-{}">{}</span>{}{}'
    return format_html(html, state.value.replace("_", "-"), shown, count, more)


def short(reason: Reason | None) -> Words:
    """A reason in few words: the shop's own for what it objects to itself; empty for the usual one."""
    if reason is None:
        return ""
    return reason.message if reason.code == ReasonCode.BLOCKED else SHORT.get(reason.code, "")


def notes_on(each: TransactionState) -> Iterable[str]:
    """What is to be said of a transaction besides its state."""
    row = each.cancellation
    if row is not None and row.proof == SubsidyCancellation.Proof.PERSON:
        yield str(row.get_proof_display())
    if row is not None and row.status == SubsidyCancellation.Status.WITHDRAWN:
        yield str(row.get_status_display())
    if each.reason is not None:
        yield str(short(each.reason))
    if each.state is not SubsidyState.CANCELLED:
        yield from days_since(each.target.paid_at if each.target else None)


def days_since(paid_at: datetime | None) -> Iterable[str]:
    """For how many days the order has been paid, where that is for long."""
    now = datetime.now(UTC)  # Django's own has no time zone where USE_TZ is off
    if paid_at is None or now - paid_at < OLD_AFTER:
        return
    days = (now - paid_at).days
    yield ngettext("paid %(days)d day ago", "paid %(days)d days ago", days) % {"days": days}
