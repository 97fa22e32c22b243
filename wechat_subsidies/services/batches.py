"""Many orders at once: a batch is drafted, looked through, and confirmed once."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import ReasonCode
from .asking import refuse_unknown_way
from .drafting import draft_batch, refuse_bad_description
from .requester import Requester
from .selecting import Selected, draft_selection
from .transactions import after_commit, refuse_foreign_transaction, write_alias

Status = CancellationBatch.Status
ItemStatus = CancellationBatchItem.Status


def cancel_subsidies(
    orders: Iterable[models.Model],
    *,
    description: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    send: str = "now",
    source: str = SubsidyCancellation.Source.SERVICE,
) -> CancellationBatch:
    """Ask WeChat Pay to cancel the subsidies of many orders (a queryset or any iterable).

    A draft and its confirmation in one: what speaks against an order is written on its item, and
    the others go on. `send="later"` leaves all sending to the next sweep.

    Raises ForeignTransaction; nothing for single orders.
    """
    refuse_unknown_way(send)
    using = write_alias()
    refuse_foreign_transaction(using)
    with transaction.atomic(using=using):
        batch = draft_batch(
            orders,
            description=description,
            requested_by=requested_by,
            partial=partial,
            source=source,
        )
        set_confirmed(batch, confirmed_by=requested_by, using=using)
        if send == "now":
            after_commit(lambda: app_settings.dispatcher.work_on(batch.pk), using=using)
    batch.refresh_from_db(using=using)
    return batch


def ask_for_selection(
    selection: Sequence[Selected],
    *,
    draft: bool = False,
    withdrawn: bool = False,
    description: str | None = None,
    requested_by: Any = None,
    source: str = SubsidyCancellation.Source.SERVICE,
    http_request: HttpRequest | None = None,
) -> CancellationBatch:
    """Ask for what was selected as one batch, or with `draft` only draft it.

    `withdrawn` is the explicit yes to asking again for what was withdrawn. Recorded and confirmed;
    the items are asked for by `slices.ask_for_batch`, workers or the sweep.
    Raises ForeignTransaction, and InvalidRequest for a description that WeChat Pay would refuse.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    with transaction.atomic(using=using):
        batch = draft_selection(
            selection,
            description=description,
            requested_by=requested_by,
            source=source,
            http_request=http_request,
        )
        if withdrawn:
            items = CancellationBatchItem.objects.using(using).filter(batch=batch)
            take_in(items.filter(code=ReasonCode.WITHDRAWN))
        if not draft:
            set_confirmed(batch, confirmed_by=requested_by, using=using)
    batch.refresh_from_db(using=using)
    return batch


def confirm_batch(
    batch: CancellationBatch,
    *,
    confirmed_by: Any,
    description: str | None = None,
    ticked_items: Collection[int] = (),
) -> bool:
    """Confirm a draft: from here on it is frozen and its items are sent.

    `ticked_items` are the keys of items that get the explicit yes which they need: those of orders
    that are partly refunded, or whose cancellation was withdrawn. `description` replaces the
    draft's.

    Returns whether this call confirmed it: False if somebody had before. Raises InvalidRequest if
    there is nothing to send, with the code `draft_expired` for a draft older than a day
    (`renew_draft` makes a new one), or for a description that WeChat Pay would refuse.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    refuse_bad_description(description)
    refuse_expired(batch, using=using)
    with transaction.atomic(using=using):
        if not set_confirmed(
            batch, confirmed_by=confirmed_by, description=description, using=using
        ):
            return False
        items = CancellationBatchItem.objects.using(using).filter(batch=batch)
        take_in(items.filter(pk__in=ticked_items))
        if not items.filter(status=ItemStatus.DRAFT).exists():
            raise InvalidRequest(
                _("There is nothing to send in this batch."), code="nothing_to_send"
            )
        after_commit(lambda: app_settings.dispatcher.batch_confirmed(batch.pk), using=using)
    batch.refresh_from_db(using=using)
    return True


def refuse_expired(batch: CancellationBatch, *, using: str) -> None:
    """Raise InvalidRequest for a draft older than a day: its orders are no longer what was seen."""
    if CancellationBatch.objects.using(using).get(pk=batch.pk).is_expired:
        words = _("This draft is older than a day. Select the orders anew.")
        raise InvalidRequest(words, code="draft_expired")


def take_in(ticked: "models.QuerySet[CancellationBatchItem]") -> None:
    """Have those sent, too, that were left out only for want of an explicit yes."""
    left_out = ticked.filter(status=ItemStatus.EXCLUDED)
    # What kept the item out is no cancellation of this batch, until it is asked for anew.
    taken_in = {"status": ItemStatus.DRAFT, "code": "", "message": "", "cancellation": None}
    left_out.filter(code=ReasonCode.WITHDRAWN).update(**taken_in)
    if app_settings.partial_refunds == "ask":
        left_out.filter(code=ReasonCode.PARTLY_REFUNDED).update(**taken_in, partial=True)


def set_confirmed(
    batch: CancellationBatch, *, confirmed_by: Any, description: str | None = None, using: str
) -> bool:
    """Turn a draft into a confirmed batch, once."""
    who = Requester.of(confirmed_by)
    drafts = CancellationBatch.objects.using(using).filter(pk=batch.pk, status=Status.DRAFT)
    changed: dict[str, Any] = {} if description is None else {"description": description}
    return bool(
        drafts.update(
            status=Status.CONFIRMED,
            confirmed_by=who.user,
            confirmed_by_name=who.name,
            confirmed_at=timezone.now(),
            **changed,
        )
    )
