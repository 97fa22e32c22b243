"""Recording a wish: one row for each transaction, whoever asks, however often."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import clock, logbook, scoping
from ..exceptions import ConcurrentRequest, Conflict
from ..models import CancellationEvent, SubsidyCancellation
from ..orders import ReasonCode, Target
from .transactions import after_commit, write_alias
from .wishes import Wish

Status = SubsidyCancellation.Status

# What an earlier life of a row left, and the next does not begin with.
CLEAN: Final = {
    "reason": "",
    "proof": "",
    "result": "",
    "error_code": "",
    "error_message": "",
    "request_id": "",
    "unknown_count": 0,
    "first_called_at": None,
    "resolved_by_name": "",
    "resolved_at": None,
    "resolution_note": "",
    "announce_after": None,
    "announce_count": 0,
    "completed_at": None,
}


def is_recorded(target: Target) -> bool:
    """Whether the transaction has a cancellation that asking again returns, whatever its order is now.

    An order that was profit-shared after its subsidy had been cancelled is no longer eligible, and
    its cancellation is still there. What was withdrawn is asked for anew.
    """
    rows = SubsidyCancellation.objects.using(write_alias()).filter(
        sub_mchid=target.sub_mchid, transaction_id=target.transaction_id
    )
    return rows.exclude(status=Status.WITHDRAWN).exists()


def always(_existing: SubsidyCancellation) -> bool:
    """Yes: whoever asks for one transaction says with it that it is to be asked for again."""
    return True


def record(
    wish: Wish, *, using: str, may_ask_again: Callable[[SubsidyCancellation], bool] = always
) -> SubsidyCancellation:
    """The one row of the wish's transaction: the one that is there, or a new one.

    One that was withdrawn is asked for again if it may be, by default it may. Raises Conflict, with
    the code `withdrawn` if it may not.
    """
    rows = SubsidyCancellation.objects.using(using).filter(**wish.identity)
    now, is_there = clock.now_and_whether(rows)
    existing = rows.first() if is_there else None
    if existing is None:
        try:
            # Nothing is read in here before the INSERT: SQLite cannot wait for the write lock of
            # a transaction that has read already.
            with transaction.atomic(using=using):
                return insert(wish, asked_at=now, using=using)
        except IntegrityError as error:  # as a rule: somebody else was faster
            existing = locked(wish, error=error, using=using)
    refuse_conflict(wish, existing)
    if existing.status == Status.WITHDRAWN:
        if not may_ask_again(existing):
            raise stays_withdrawn(existing)
        return ask_again(wish, existing, asked_at=now, using=using)
    existing.differs = existing.differing_from(
        refund_id=wish.refund_id if wish.refund_id_given else None,
        description=wish.request.description if wish.description_given else None,
    )
    return existing


def stays_withdrawn(existing: SubsidyCancellation) -> Conflict:
    """What is raised for one that was withdrawn, and is not to be asked for again."""
    reason = ReasonCode.WITHDRAWN
    return Conflict(str(reason.label), code=reason, cancellation=existing)


def locked(wish: Wish, *, error: IntegrityError, using: str) -> SubsidyCancellation:
    """The row that kept ours from being inserted.

    A locking read sees it even where the snapshot of the caller's transaction is older. Where it
    does not, raises ConcurrentRequest; outside of such a transaction the error was about something
    else, and is raised again.
    """
    is_within = connections[using].in_atomic_block
    with transaction.atomic(using=using):
        rows = SubsidyCancellation.objects.using(using).select_for_update()
        existing = rows.filter(**wish.identity).first()
    if existing is None and not is_within:
        raise error
    if existing is None:
        raise ConcurrentRequest(
            _("The transaction %(transaction_id)s is being recorded at this moment; try again.")
            % wish.identity
        )
    return existing


def insert(wish: Wish, *, asked_at: datetime, using: str) -> SubsidyCancellation:
    """A new row. Raises IntegrityError if the transaction has one."""
    cancellation = SubsidyCancellation(**wish.identity, **columns(wish, asked_at=asked_at))
    cancellation.save(using=using, force_insert=True)
    cancellation.newly_recorded = True
    write_down(cancellation, wish, why="asked", using=using)
    return cancellation


def write_down(cancellation: SubsidyCancellation, wish: Wish, *, why: str, using: str) -> None:
    """A line in the log once it is committed that the cancellation waits to be sent."""
    by, source = wish.requester.name, wish.source
    tell = partial(
        logbook.changed, cancellation, status=Status.PENDING, why=why, by=by, source=source
    )
    after_commit(tell, using=using)


def ask_again(
    wish: Wish, existing: SubsidyCancellation, *, asked_at: datetime, using: str
) -> SubsidyCancellation:
    """Ask for what was withdrawn: with the new parameters, for nothing was carried out.

    Not what was asked for and withdrawn once more since it was looked at.
    """
    changed = columns(wish, asked_at=asked_at) | CLEAN
    if existing.not_before:
        changed["send_after"] = max(changed["send_after"], existing.not_before)
    withdrawn = SubsidyCancellation.objects.using(using).filter(
        pk=existing.pk, status=Status.WITHDRAWN, in_doubt=False, asked_at=existing.asked_at
    )
    with transaction.atomic(using=using):
        existing.newly_recorded = bool(withdrawn.update(**changed, updated_at=timezone.now()))
        if existing.newly_recorded:
            CancellationEvent.objects.using(using).create(
                cancellation=existing,
                kind=CancellationEvent.Kind.ASKED_AGAIN,
                actor=wish.requester.user,
                actor_name=wish.requester.name,
            )
            write_down(existing, wish, why="asked_again", using=using)
    existing.refresh_from_db(using=using)
    return existing


def columns(wish: Wish, *, asked_at: datetime) -> dict[str, Any]:
    """The columns of a cancellation that a wish decides."""
    return {
        "merchant": wish.merchant.name,
        "mchid": wish.merchant.mchid,
        "refund_id": wish.refund_id,
        "description": wish.request.description,
        "request_body": wish.request.to_body(),
        "status": Status.PENDING,
        "send_after": asked_at,
        "asked_at": asked_at,
        "source": wish.source,
        "requested_by": wish.requester.user,
        "requested_by_name": wish.requester.name,
        **wish.order_facts,
    }


def refuse_conflict(wish: Wish, existing: SubsidyCancellation) -> None:
    """Raise if what is recorded belongs to something else than what is asked for.

    What does not exist for the request for which it is asked is left alone, without a word on it:
    the order may have been another's when it was asked for.
    """
    if wish.http_request and not scoping.is_visible(existing, request=wish.http_request):
        reason = ReasonCode.OTHER_ORDER
        raise Conflict(str(reason.label), code=reason, cancellation=existing)
    if existing.merchant != wish.merchant.name:
        raise Conflict(
            _("The transaction %(transaction_id)s was asked for under the merchant “%(merchant)s”.")
            % {**wish.identity, "merchant": existing.merchant},
            code="other_merchant",
            cancellation=existing,
        )
    if is_of_other_order(wish, existing):
        raise Conflict(
            _("The transaction %(transaction_id)s was asked for as that of the order %(order)s.")
            % {**wish.identity, "order": existing.order_reference},
            code="other_order",
            cancellation=existing,
        )


def is_of_other_order(wish: Wish, existing: SubsidyCancellation) -> bool:
    """Whether both name an order, and not the same."""
    if not (existing.order_pk and wish.order_facts):
        return False
    asked = wish.order_facts["order_model"], wish.order_facts["order_pk"]
    return asked != (existing.order_model, existing.order_pk)
