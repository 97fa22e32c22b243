"""What became of the items of batches, as a caller sees them: shown, filtered and counted as one."""

from typing import Any, Final

from django.db import models
from django.db.models import BooleanField, Case, CharField, Exists, F, OuterRef, Q, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .. import scoping
from ..models import CancellationBatchItem
from ..orders import ReasonCode

ItemStatus = CancellationBatchItem.Status


class Result(models.TextChoices):
    """What became of an item, as callers see it."""

    WAITING = "waiting", _("Will be asked for; in a draft once it is confirmed")
    ASKED = "asked", _("Asked for by this batch")
    EXISTS = "exists", _("Had a cancellation before")
    DUPLICATE = "duplicate", _("The same transaction as an item before it")
    REFUSED = "refused", _("Not asked for: see the code")


# Codes that tell of what another asked for.
CONFLICTS: Final = frozenset({"other_order", "other_merchant"})

# The first condition that holds counts.
RESULT: Final = Case(
    When(is_hidden=True, then=Value(Result.REFUSED.value)),
    When(status=ItemStatus.DRAFT, then=Value(Result.WAITING.value)),
    When(status=ItemStatus.ASKED, newly_recorded=True, then=Value(Result.ASKED.value)),
    When(cancellation__isnull=False, then=Value(Result.EXISTS.value)),
    When(code=ReasonCode.DUPLICATE, then=Value(Result.DUPLICATE.value)),
    default=Value(Result.REFUSED.value),
    output_field=CharField(),
)
CODE: Final = Case(
    When(is_hidden=True, then=Value(ReasonCode.OTHER_ORDER.value)),
    default=F("code"),
    output_field=CharField(),
)


def as_seen(
    items: "models.QuerySet[CancellationBatchItem]", *, request: HttpRequest
) -> "models.QuerySet[Any]":
    """The items with `seen_result` and `seen_code`, what became of each and why, as the caller sees it.

    `is_hidden`: the transaction is asked for in a way that the caller must not learn of.
    """
    hidden = items.annotate(is_hidden=is_hidden(request))
    return hidden.annotate(seen_result=RESULT, seen_code=CODE)


def is_hidden(request: HttpRequest) -> Case | Value:
    """Whether an item tells of a cancellation that does not exist for the request; nothing of all does."""
    if scoping.sees_everything(request):
        return Value(False, output_field=BooleanField())
    its_own = scoping.visible(request).filter(pk=OuterRef("cancellation"))
    is_elsewhere = Q(cancellation__isnull=False) & ~Exists(its_own)
    return Case(
        When(is_elsewhere | Q(code__in=CONFLICTS), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
