"""Many orders at once: a batch is drafted, looked through, and confirmed once."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import ReasonCode
from .asking import refuse_unknown_way
from .drafting import draft_batch, refuse_bad_description
from .requester import Requester
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


def confirm_batch(
    batch: CancellationBatch,
    *,
    confirmed_by: Any,
    description: str | None = None,
    partial_items: Collection[int] = (),
) -> bool:
    """Confirm a draft: from here on it is frozen and its items are sent.

    `partial_items` are the keys of items of partly refunded orders that get an explicit yes;
    `description` replaces the draft's.

    Returns whether this call confirmed it: False if somebody had before. Raises InvalidRequest if
    there is nothing to send, or for a description that WeChat Pay would refuse.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    refuse_bad_description(description)
    with transaction.atomic(using=using):
        if not set_confirmed(
            batch, confirmed_by=confirmed_by, description=description, using=using
        ):
            return False
        items = CancellationBatchItem.objects.using(using).filter(batch=batch)
        if app_settings.partial_refunds == "ask":
            items.filter(
                pk__in=partial_items,
                status=ItemStatus.EXCLUDED,
                code=ReasonCode.PARTLY_REFUNDED,
            ).update(status=ItemStatus.DRAFT, partial=True, code="", message="")
        if not items.filter(status=ItemStatus.DRAFT).exists():
            raise InvalidRequest(
                _("There is nothing to send in this batch."), code="nothing_to_send"
            )
        after_commit(lambda: app_settings.dispatcher.batch_confirmed(batch.pk), using=using)
    batch.refresh_from_db(using=using)
    return True


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
