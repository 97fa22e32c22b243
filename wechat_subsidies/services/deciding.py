"""What people decide about a cancellation after it was asked for: retry, withdraw, resolve, reopen.

Each is one conditional UPDATE, so that of two people who decide at once one comes too late, and
each is written down with who and why.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import clock, logbook
from ..conf import app_settings
from ..exceptions import Conflict
from ..models import CancellationEvent, SubsidyCancellation
from ..outcomes import REOPENED, RESOLVED
from .admin_log import log_decided
from .asking import refuse_unknown_way
from .notes import checked_note
from .recording import CLEAN
from .requester import Requester
from .transactions import after_commit, refuse_foreign_transaction, write_alias
from .wishes import as_sent, checked_request, merchant_named

Status = SubsidyCancellation.Status
Proof = SubsidyCancellation.Proof
Kind = CancellationEvent.Kind


def retry(
    cancellation: SubsidyCancellation,
    *,
    description: str | None = None,
    refund_id: str | None = None,
    note: str = "",
    requested_by: Any = None,
    send: str = "now",
) -> SubsidyCancellation:
    """Have a refused cancellation, or one that needs review, sent again.

    After a refusal `description` and `refund_id` may be other ones. What is in doubt is repeated
    byte for byte, since WeChat Pay may have carried it out. It is sent no sooner than the gateway
    allows a second call for the order.

    Returns the row as it is then. Raises Conflict with code `in_progress` for one that is on its
    way, `frozen` for one whose parameters cannot change or that is cancelled; InvalidRequest for
    parameters that WeChat Pay would refuse, or a note of more than 512 characters.
    """
    refuse_unknown_way(send)
    using = write_alias()
    refuse_foreign_transaction(using)
    cancellation.refresh_from_db(using=using)
    changes = new_parameters(cancellation, description=description, refund_id=refund_id)
    if changes and cancellation.in_doubt:
        raise frozen(cancellation)
    now = clock.now(using)
    decide(
        cancellation,
        Kind.RETRIED,
        allowed=(Status.FAILED, Status.NEEDS_REVIEW),
        by=requested_by,
        note=note,
        changes={
            **CLEAN,
            **changes,
            "status": Status.PENDING,
            "asked_at": now,
            "send_after": max(now, cancellation.not_before or now),
        },
    )
    if send == "now":
        after_commit(lambda: app_settings.dispatcher.send([cancellation.pk]), using=using)
        cancellation.refresh_from_db(using=using)
    return cancellation


def withdraw(
    cancellation: SubsidyCancellation, *, note: str = "", requested_by: Any = None
) -> SubsidyCancellation:
    """Take back what waits to be sent and is certain not to have been carried out.

    It may be asked for again. Raises Conflict with code `in_progress` for one that is being sent,
    `frozen` for one in doubt or finished; InvalidRequest for a note of more than 512 characters.
    """
    cancellation.refresh_from_db(using=write_alias())
    if cancellation.in_doubt and cancellation.status == Status.PENDING:
        raise frozen(cancellation)
    decide(
        cancellation,
        Kind.WITHDRAWN,
        allowed=(Status.PENDING,),
        by=requested_by,
        note=note,
        changes={
            "status": Status.WITHDRAWN,
            "reason": "",
            "send_after": None,
            "completed_at": timezone.now(),
        },
    )
    return cancellation


def resolve(
    cancellation: SubsidyCancellation, *, succeeded: bool, note: str, resolved_by: Any
) -> SubsidyCancellation:
    """State, as a person who has looked in WeChat Pay's merchant platform, what became of it.

    `note` says what was seen there. The statement is shown as a person's everywhere, and a signed
    success that arrives later stands above it. Raises InvalidRequest without a note, or for one of
    more than 512 characters; Conflict for one that does not need review, and with code `in_progress`
    for a “not cancelled” while WeChat Pay may still be at work on the last call: what is to be seen
    there may change.
    """
    status, note = Status.SUCCEEDED if succeeded else Status.FAILED, statement(note)
    cancellation.refresh_from_db(using=write_alias())
    if not succeeded and is_at_work(cancellation):
        raise at_work(cancellation)
    decide(
        cancellation,
        Kind.RESOLVED,
        allowed=(Status.NEEDS_REVIEW,),
        by=resolved_by,
        note=note,
        changes={
            "status": status,
            "reason": RESOLVED,
            "proof": Proof.PERSON,
            "in_doubt": False,
            "resolved_by_name": Requester.of(resolved_by).name,
            "resolved_at": timezone.now(),
            "resolution_note": note,
            "announce_after": clock.now(write_alias()),
            "announce_count": 0,
            "completed_at": timezone.now(),
        },
    )
    return cancellation


def reopen(
    cancellation: SubsidyCancellation, *, note: str, reopened_by: Any
) -> SubsidyCancellation:
    """Take a person's statement back: it needs review again, and is in doubt again.

    Raises InvalidRequest without a note, or for one of more than 512 characters, Conflict for what no
    person has stated.
    """
    cancellation.refresh_from_db(using=write_alias())
    if cancellation.proof != Proof.PERSON:
        raise frozen(cancellation)
    decide(
        cancellation,
        Kind.REOPENED,
        allowed=(Status.SUCCEEDED, Status.FAILED),
        by=reopened_by,
        note=statement(note),
        changes={
            "status": Status.NEEDS_REVIEW,
            "reason": REOPENED,
            "proof": "",
            "in_doubt": True,
            "resolved_by_name": "",
            "resolved_at": None,
            "resolution_note": "",
            "announce_after": clock.now(write_alias()),
            "announce_count": 0,
            "completed_at": None,
        },
    )
    return cancellation


def decide(
    cancellation: SubsidyCancellation,
    kind: CancellationEvent.Kind,
    *,
    allowed: tuple[str, ...],
    by: Any,
    note: str,
    changes: dict[str, Any],
) -> None:
    """Change the row if it still is as it was when decided about, and write down who and why."""
    using, who, note = write_alias(), Requester.of(by), checked_note(note)
    rows = SubsidyCancellation.objects.using(using).filter(
        pk=cancellation.pk,
        status__in=allowed,
        in_doubt=cancellation.in_doubt,
        proof=cancellation.proof,
        # A call since then moved the moment before which no other may begin.
        attempt_count=cancellation.attempt_count,
    )
    status = str(changes["status"])
    with transaction.atomic(using=using):
        is_changed = rows.update(**changes, updated_at=timezone.now())
        if is_changed:
            CancellationEvent.objects.using(using).create(
                cancellation=cancellation,
                kind=kind,
                actor=who.user,
                actor_name=who.name,
                note=note,
            )
            tell = partial(logbook.changed, cancellation, status=status, why=kind, by=who.name)
            after_commit(tell, using=using)
            log_decided([cancellation], kind=kind, note=note, who=who, using=using)
    cancellation.refresh_from_db(using=using)
    if not is_changed:
        raise in_progress(cancellation) if not cancellation.is_final else frozen(cancellation)


def is_at_work(cancellation: SubsidyCancellation) -> bool:
    """Whether WeChat Pay may still carry out the last call, which ended with unknown outcome."""
    if cancellation.status != Status.NEEDS_REVIEW or cancellation.not_before is None:
        return False
    return clock.now(write_alias()) < cancellation.not_before


def new_parameters(
    cancellation: SubsidyCancellation, *, description: str | None, refund_id: str | None
) -> dict[str, Any]:
    """The columns of other parameters than those recorded; none if they are the same."""
    wanted = {
        "description": cancellation.description if description is None else description,
        "refund_id": cancellation.refund_id if refund_id is None else refund_id,
    }
    if all(getattr(cancellation, name) == value for name, value in wanted.items()):
        return {}
    request = checked_request(
        sub_mchid=cancellation.sub_mchid, transaction_id=cancellation.transaction_id, **wanted
    )
    merchant = merchant_named(cancellation.merchant)
    return {**wanted, "request_body": as_sent(request, merchant=merchant).to_body()}


def statement(note: str) -> str:
    """The note of a statement, as it is kept. Raises InvalidRequest without one, or for a long one."""
    return checked_note(note, missing=_("Say what was seen in WeChat Pay's merchant platform."))


def in_progress(cancellation: SubsidyCancellation) -> Conflict:
    """What is raised for a cancellation that is on its way."""
    words = _("The cancellation of %(order)s is on its way.") % {"order": cancellation}
    return Conflict(words, code="in_progress", cancellation=cancellation)


def at_work(cancellation: SubsidyCancellation) -> Conflict:
    """What is raised for a statement that would come too early."""
    words = _(
        "WeChat Pay may still be at work on the last call for %(order)s, so what it shows may change. "
        "Look again in a minute."
    ) % {"order": cancellation}
    return Conflict(words, code="in_progress", cancellation=cancellation)


def frozen(cancellation: SubsidyCancellation) -> Conflict:
    """What is raised for a cancellation that cannot be changed like this any more."""
    words = _(
        "The cancellation of %(order)s cannot be changed like this. Its status is “%(status)s”; what may "
        "have been carried out keeps its parameters."
    ) % {"order": cancellation, "status": cancellation.get_status_display()}
    return Conflict(words, code="frozen", cancellation=cancellation)
