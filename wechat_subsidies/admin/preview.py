"""A draft as it is looked through: what would be sent, what needs a yes, what is left out and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django import forms
from django.contrib.admin import AdminSite
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..conf import app_settings
from ..models import CancellationBatch, CancellationBatchItem
from ..orders import ReasonCode
from .rows import Row, Words, reason_label
from .words import yuan

Status = CancellationBatchItem.Status

MOST_ROWS = 100  # shown of a group
MOST_TICKS = 200  # shown of those that need a yes: what is not shown cannot be ticked

ORDER_OF_REASONS = {code.value: number for number, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True)
class Tick:
    """A reason for leaving something out that a person may overrule."""

    heading: Words
    help: Words


TICKS: Final[Mapping[str, Tick]] = {
    ReasonCode.PARTLY_REFUNDED: Tick(
        _("Partly refunded: sent only if ticked"),
        _(
            "Less was refunded than was paid, so a smaller subsidy may still be owed to the seller. Tick "
            "an order only if its whole subsidy is to be cancelled."
        ),
    ),
    ReasonCode.WITHDRAWN: Tick(
        _("Withdrawn before: sent only if ticked"),
        _(
            "Somebody withdrew these before they were sent, or stopped their batch. Tick an order to ask "
            "for its cancellation again."
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many items of one kind there are, and what their amounts come to, in fen.

    An amount is None where the shop says it of none of them.
    """

    count: int = 0
    paid: int | None = None
    refunded: int | None = None
    subsidy: int | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Items of one kind: how many there are, and as many of them as are shown.

    `help` says what a tick means, where they are sent only with one.
    """

    name: str
    heading: Words
    figures: Figures
    items: QuerySet[CancellationBatchItem]
    most: int
    site: AdminSite | None
    help: Words = ""

    @property
    def count(self) -> int:
        """How many there are."""
        return self.figures.count

    @cached_property
    def rows(self) -> Sequence[Row]:
        """Those that are shown (one query)."""
        return [Row(item, site=self.site) for item in self.items[: self.most]]

    @property
    def has_ticks(self) -> bool:
        """Whether they are sent only if ticked."""
        return bool(self.help)

    @property
    def hidden_count(self) -> int:
        """How many more there are than are shown."""
        return self.count - len(self.rows)

    @property
    def sums(self) -> list[tuple[Words, str]]:
        """What their amounts come to, in yuan, as far as the shop says."""
        named = (
            (_("paid"), self.figures.paid),
            (_("refunded"), self.figures.refunded),
            (_("subsidy"), self.figures.subsidy),
        )
        return [(name, yuan(fen)) for name, fen in named if fen is not None]

    @property
    def has_amounts(self) -> bool:
        """Whether there is anything to show in the columns of amounts."""
        return any(row.has_amounts for row in self.rows)

    @property
    def has_own_words(self) -> bool:
        """Whether the reason of a row says more than the heading."""
        return any(row.own_words for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A draft in groups; those `to_tick` are sent only with an explicit yes."""

    to_send: Group
    to_tick: Sequence[Group]
    left_out: Sequence[Group]

    @property
    def left_out_count(self) -> int:
        """How many are left out, whatever the reason."""
        return sum(group.count for group in self.left_out)

    @property
    def can_confirm(self) -> bool:
        """Whether there is anything that could be sent."""
        return bool(self.to_send.count or self.to_tick)

    @property
    def groups(self) -> dict[str, Group]:
        """All groups by their names."""
        return {each.name: each for each in (self.to_send, *self.to_tick, *self.left_out)}

    def ticked(self, values: Collection[str]) -> list[int]:
        """The keys of the items with an explicit yes; of posted values only those that were shown."""
        return [
            row.item.pk
            for group in self.to_tick
            for row in group.rows
            if str(row.item.pk) in values
        ]


class ConfirmForm(forms.Form):
    """What may be changed before confirming."""

    description = forms.CharField(
        label=pgettext_lazy("subsidy", "Description"),
        max_length=CancellationBatch._meta.get_field("description").max_length,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "size": 60}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = app_settings.description
        field = self.fields["description"]
        field.widget.attrs["placeholder"] = default
        field.help_text = _(
            "Sent to WeChat Pay with every order, at most 80 characters. Left empty: each order’s own "
            "description, otherwise “%(default)s”."
        ) % {"default": default}


def preview_of(batch: CancellationBatch, *, using: str, site: AdminSite | None = None) -> Preview:
    """The draft's groups: one query for all counts and sums, and one for the rows of each group.

    `site` is the admin site on which they are shown; None where they are not.
    """
    items = batch.items.using(using)
    figures = figures_of(items)
    excluded = {code: each for (status, code), each in figures.items() if status == Status.EXCLUDED}
    codes = sorted(
        excluded, key=lambda code: (ORDER_OF_REASONS.get(code, len(ORDER_OF_REASONS)), code)
    )
    ticks = ticks_now()
    return Preview(
        to_send=Group(
            name="send",
            heading=_("Will be sent"),
            figures=figures.get((Status.DRAFT, ""), Figures()),
            items=items.filter(status=Status.DRAFT).order_by("position"),
            most=MOST_ROWS,
            site=site,
        ),
        to_tick=[
            group_of(items, code, figures=excluded[code], site=site, tick=ticks[code])
            for code in codes
            if code in ticks
        ],
        left_out=[
            group_of(items, code, figures=excluded[code], site=site)
            for code in codes
            if code not in ticks
        ],
    )


def figures_of(items: QuerySet[CancellationBatchItem]) -> dict[tuple[str, str], Figures]:
    """The figures by status and code (one query)."""
    counted = items.order_by().values_list("status", "code")
    sums = [Sum(name) for name in ("paid_amount", "refunded_amount", "subsidy_amount")]
    return {
        (status, code): Figures(count=count, paid=paid, refunded=refunded, subsidy=subsidy)
        for status, code, count, paid, refunded, subsidy in counted.annotate(
            count=Count("pk")
        ).values_list("status", "code", "count", *sums)
    }


def ticks_now() -> Mapping[str, Tick]:
    """What is sent only if ticked, by the code of the reason for which it is left out."""
    if app_settings.partial_refunds == "ask":
        return TICKS
    return {code: tick for code, tick in TICKS.items() if code != ReasonCode.PARTLY_REFUNDED}


def group_of(
    items: QuerySet[CancellationBatchItem],
    code: str,
    *,
    figures: Figures,
    site: AdminSite | None,
    tick: Tick | None = None,
) -> Group:
    """What is left out for one reason, for good or unless it is ticked."""
    return Group(
        name=code if tick else f"left-out-{code}",
        heading=tick.heading
        if tick
        else _("Left out: %(reason)s") % {"reason": reason_label(code)},
        help=tick.help if tick else "",
        figures=figures,
        items=items.filter(status=Status.EXCLUDED, code=code)
        .select_related("cancellation")
        .order_by("position"),
        most=MOST_TICKS if tick else MOST_ROWS,
        site=site,
    )
