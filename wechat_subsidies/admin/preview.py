"""A draft as it is looked through: what would be sent, what needs a yes, what is left out and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..conf import app_settings
from ..models import CancellationBatch, CancellationBatchItem
from ..orders import ReasonCode
from .rows import Row, Words, reason_label

Status = CancellationBatchItem.Status

MOST_ROWS = 100  # shown of a group
MOST_TICKS = 200  # shown of those that need a yes: what is not shown cannot be ticked

ORDER_OF_REASONS = {code.value: number for number, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items of one kind: how many there are, and as many of them as are shown."""

    name: str
    heading: Words
    count: int
    rows: Sequence[Row]
    has_ticks: bool = False

    @property
    def hidden_count(self) -> int:
        """How many more there are than are shown."""
        return self.count - len(self.rows)

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
    """A draft in groups; `partial` are those that are sent only with an explicit yes."""

    to_send: Group
    partial: Group | None
    left_out: Sequence[Group]

    @property
    def left_out_count(self) -> int:
        """How many are left out, whatever the reason."""
        return sum(group.count for group in self.left_out)

    @property
    def can_confirm(self) -> bool:
        """Whether there is anything that could be sent."""
        return bool(self.to_send.count or self.partial)

    def ticked(self, values: Collection[str]) -> list[int]:
        """The keys of the items with an explicit yes; of posted values only those that were shown."""
        if self.partial is None:
            return []
        return [row.item.pk for row in self.partial.rows if str(row.item.pk) in values]


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


def preview_of(batch: CancellationBatch, *, using: str) -> Preview:
    """The draft's groups: one query for the counts, and one for the rows of each group."""
    items = batch.items.using(using)
    counts = {
        (status, code): count
        for status, code, count in items.order_by()
        .values_list("status", "code")
        .annotate(count=Count("pk"))
    }
    codes = sorted(
        (code for status, code in counts if status == Status.EXCLUDED),
        key=lambda code: (ORDER_OF_REASONS.get(code, len(ORDER_OF_REASONS)), code),
    )
    partial = None
    if app_settings.partial_refunds == "ask" and ReasonCode.PARTLY_REFUNDED in codes:
        codes.remove(ReasonCode.PARTLY_REFUNDED)
        partial = partial_group(items, count=counts[Status.EXCLUDED, ReasonCode.PARTLY_REFUNDED])
    return Preview(
        to_send=group_to_send(items, count=counts.get((Status.DRAFT, ""), 0)),
        partial=partial,
        left_out=[left_out(items, code, count=counts[Status.EXCLUDED, code]) for code in codes],
    )


def group_to_send(items: QuerySet[CancellationBatchItem], *, count: int) -> Group:
    """What is sent when the draft is confirmed."""
    rows = rows_of(items.filter(status=Status.DRAFT), most=MOST_ROWS)
    return Group(name="send", heading=_("Will be sent"), count=count, rows=rows)


def partial_group(items: QuerySet[CancellationBatchItem], *, count: int) -> Group:
    """What is sent only with an explicit yes."""
    excluded = items.filter(status=Status.EXCLUDED, code=ReasonCode.PARTLY_REFUNDED)
    return Group(
        name="partial",
        heading=_("Partly refunded: sent only if ticked"),
        count=count,
        rows=rows_of(excluded, most=MOST_TICKS),
        has_ticks=True,
    )


def left_out(items: QuerySet[CancellationBatchItem], code: str, *, count: int) -> Group:
    """What is left out for one reason."""
    excluded = items.filter(status=Status.EXCLUDED, code=code)
    return Group(
        name=f"left-out-{code}",
        heading=_("Left out: %(reason)s") % {"reason": reason_label(code)},
        count=count,
        rows=rows_of(excluded, most=MOST_ROWS),
    )


def rows_of(items: QuerySet[CancellationBatchItem], *, most: int) -> list[Row]:
    """The first of these items (one query)."""
    return [Row(item) for item in items.order_by("position")[:most]]
