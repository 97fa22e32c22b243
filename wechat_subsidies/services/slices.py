"""Working on confirmed batches, a slice at a time: items become cancellations, cancellations are sent.

May be done by anybody and repeated at will: the batch's page, a worker, the sweep.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

from django.db.models import Q

from .. import clock, sender
from ..conf import app_settings
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from .confirmed_items import ask_for_all_items
from .transactions import after_commit, write_alias

logger = logging.getLogger("wechat_subsidies")

Status = CancellationBatch.Status
ItemStatus = CancellationBatchItem.Status

WORKABLE = (Status.CONFIRMED, Status.ASKED)

SLICE_CALLS = 1000  # more than fit into a slice even at WeChat Pay's highest rate
ASK_SECONDS = 5.0  # for so long a caller waits for items to be asked for
SLICE_SECONDS = 20.0  # no call is started in a slice that could end later than this


def work_on_batch(batch_pk: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on a confirmed batch for so long: turn items into cancellations, and send those that are due.

    One slice of a batch is worked on at a time. Returns whether this call worked on it: False where
    somebody else does, or the batch is not confirmed.
    """
    using = write_alias()
    until = time.monotonic() + seconds
    with slice_of(batch_pk, seconds=seconds, using=using) as batch:
        if batch is None:
            return False
        ask_for_all_items(batch, until=until, using=using)
        sender.send(waiting_in(batch, using=using), until=until)
    return True


def ask_for_batch(batch_pk: int, *, seconds: float = ASK_SECONDS) -> None:
    """Turn the items of a confirmed batch into cancellations for so long, and send none of them.

    For a caller who wants to know what becomes of each. What is left is asked for by whoever works
    on the batch, who is told of it now.
    """
    using = write_alias()
    with slice_of(batch_pk, seconds=seconds, using=using) as batch:
        if batch is not None:
            ask_for_all_items(batch, until=time.monotonic() + seconds, using=using)
    after_commit(lambda: app_settings.dispatcher.batch_confirmed(batch_pk), using=using)


def steps_left(batch_pk: int) -> int:
    """How much of a batch is left: two steps for an item to ask for, one for a cancellation to send."""
    using = write_alias()
    items = CancellationBatchItem.objects.using(using).filter(batch=batch_pk)
    to_ask = items.filter(batch__status=Status.CONFIRMED, status=ItemStatus.DRAFT)
    to_send = items.filter(
        status=ItemStatus.ASKED, cancellation__status=SubsidyCancellation.Status.PENDING
    )
    return 2 * to_ask.count() + to_send.count()


def ask_for_confirmed_batches(*, stop: Event) -> None:
    """Turn the items of all confirmed batches into cancellations, as far as nobody else does.

    Once `stop` is set no other batch is begun. A batch in which it fails is logged and left for
    later: it must not hold up the others, nor the sending of what is recorded.
    """
    using = write_alias()
    confirmed = CancellationBatch.objects.using(using).filter(status=Status.CONFIRMED)
    for batch_pk in list(confirmed.order_by("pk").values_list("pk", flat=True)):
        if stop.is_set():
            return
        until = time.monotonic() + SLICE_SECONDS
        try:
            with slice_of(batch_pk, seconds=SLICE_SECONDS, using=using) as batch:
                if batch is not None:
                    ask_for_all_items(batch, until=until, using=using)
        except Exception:
            logger.exception(
                "The items of batch %s cannot be asked for; it is tried again.", batch_pk
            )


@contextmanager
def slice_of(batch_pk: int, *, seconds: float, using: str) -> Iterator[CancellationBatch | None]:
    """The right to work on a batch, which one process has at a time; None if it is not to be had."""
    token = uuid.uuid4()
    if not take_slice(batch_pk, token=token, seconds=seconds, using=using):
        yield None
        return
    ours = CancellationBatch.objects.using(using).filter(pk=batch_pk, slice_token=token)
    try:
        yield ours.get()
    finally:
        ours.update(slice_token=None, slice_until=None)


def take_slice(batch_pk: int, *, token: uuid.UUID, seconds: float, using: str) -> bool:
    """Make this process the one that works on the batch; the right ends by itself if it dies."""
    now = clock.now(using)
    free = Q(slice_until=None) | Q(slice_until__lte=now)
    workable = CancellationBatch.objects.using(using).filter(free, pk=batch_pk, status__in=WORKABLE)
    return bool(
        workable.update(slice_token=token, slice_until=now + timedelta(seconds=2 * seconds))
    )


def waiting_in(batch: CancellationBatch, *, using: str) -> list[int]:
    """The keys of the batch's cancellations that wait to be sent, as many as a slice may need.

    Empty once it is stopped. From then on those that were never sent are withdrawn, and what is
    withdrawn is not claimed: a slice that is sending notices with its next group of calls.
    """
    rows = SubsidyCancellation.objects.using(using).filter(
        batch_items__batch=batch,
        batch_items__batch__status__in=WORKABLE,
        batch_items__status=ItemStatus.ASKED,
        status=SubsidyCancellation.Status.PENDING,
    )
    return list(rows.order_by("send_after", "pk").values_list("pk", flat=True)[:SLICE_CALLS])
