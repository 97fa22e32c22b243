"""Recording what came back: the attempt always, and what it means for the row.

The claim's token guards the row, with one exception: a proven success is written whoever holds
the row by now.
"""

import json
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db import Error as AnyDatabaseError
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from .. import logbook
from ..models import CancellationAttempt, SubsidyCancellation
from ..outcomes import Outcome
from ..retrying import PASSING, drop_broken_connection, durable, is_connected, retried
from ..texts import storable
from ..wechatpay import APIError
from .calling import Call
from .settling import Settled
from .timing import Timing

logger = logging.getLogger("wechat_subsidies")

# What a poisoned answer may come to; some databases' word for it is the same as for a lock.
NOT_STORED: Final = (AnyDatabaseError, ValueError, TypeError)
FIRST_WAIT: Final = 0.1  # seconds until recording is repeated, doubled every time
LONGEST_WAIT: Final = 10.0
PATIENCE: Final = 300.0  # seconds for which it is repeated in all
SURE_ROUNDS: Final = 4  # after which it is the answer's fault, if the database is there

Operation = CancellationAttempt.Operation
Status = SubsidyCancellation.Status
Proof = SubsidyCancellation.Proof


def record(calls: Sequence[Call], *, using: str) -> None:
    """Record calls: together if possible, else one by one, for none is to be kept by another's poison.

    An answer in hand is kept while the database is away, and its recording repeated for up to five
    minutes; then the database's error is raised. Nothing is claimed meanwhile.
    """
    left = list(calls)
    for number, seconds in enumerate(waits()):
        left = left_after_recording(left, using=using, is_sure=number >= SURE_ROUNDS)
        if not left:
            return
        logger.warning("%d answers are not recorded yet; tried again.", len(left))
        time.sleep(seconds)
        drop_broken_connection(using)
    for call in left:
        log(call, status="not recorded")
    retried(partial(record_together, left, using=using))


def waits() -> Iterator[float]:
    """Seconds between two rounds of recording: doubling, bounded, and five minutes in all."""
    seconds, total = FIRST_WAIT, 0.0
    while total < PATIENCE:
        yield seconds
        total += seconds
        seconds = min(LONGEST_WAIT, 2 * seconds)


def left_after_recording(calls: Sequence[Call], *, using: str, is_sure: bool) -> list[Call]:
    """Record calls; returns those of which it failed for a reason that may pass.

    `is_sure`: it has failed so often that on a working connection it is the answer's fault.
    """
    try:
        retried(partial(record_together, calls, using=using))
    except NOT_STORED as error:
        if isinstance(error, PASSING) and not is_connected(using):
            return list(calls)
    else:
        return []
    return [call for call in calls if not is_settled_alone(call, using=using, is_sure=is_sure)]


def is_settled_alone(call: Call, *, using: str, is_sure: bool) -> bool:
    """Record one call, if it cannot be stored whole without the words of the answer.

    Returns False if that failed for a reason that may pass. What can never be stored, because the
    row is deleted for instance, is logged and passed over.
    """
    for words in (True, False):
        try:
            retried(partial(record_together, [call], using=using, words=words))
        except NOT_STORED as error:
            if isinstance(error, PASSING) and not (is_sure and is_connected(using)):
                return False
            logger.exception("The answer for %s cannot be stored whole.", call.claim.cancellation)
        else:
            return True
    log(call, status="not recorded")
    return True


def record_together(calls: Sequence[Call], *, using: str, words: bool = True) -> None:
    """Append the calls' attempts and change their rows, in one transaction."""
    decisive = [call for call in calls if call.is_decisive]
    succeeded = [call for call in decisive if is_success(call)]
    others = [call for call in decisive if not is_success(call)]
    with durable(using):
        CancellationAttempt.objects.using(using).bulk_create(
            [attempt(call, words=words) for call in calls], ignore_conflicts=True
        )
        if succeeded:
            settle_successes(succeeded, using=using, words=words)
        statuses = [settle(call, using=using, words=words) for call in others]
    for call in calls:
        if not call.is_decisive:
            log(call, status=Status.SENDING)
    for call in succeeded:
        log(call, status=Status.SUCCEEDED)
    for call, status in zip(others, statuses, strict=True):
        log(call, status=status)


def is_success(call: Call) -> bool:
    """Whether it is proven that the subsidy is cancelled."""
    return call.reply.meaning.outcome == Outcome.SUCCEEDED


def settle_successes(calls: Sequence[Call], *, using: str, words: bool) -> None:
    """Change the rows of proven successes, all by one UPDATE: most calls are such.

    A late one, whose row has another holder or state by now, is taken all the same.
    """
    tokens = {call.claim.token for call in calls}
    changes = settled(max(calls, key=attrgetter("ended_at"))).changes()
    changes["updated_at"] = timezone.now()
    if words:
        changes |= said(calls[0])
        changes["request_id"] = request_id_of_attempt(tokens, using=using)
    rows = SubsidyCancellation.objects.using(using).filter(
        pk__in=[call.claim.cancellation.pk for call in calls]
    )
    ours = rows.filter(claim_token__in=tokens)
    if ours.update(**changes, attempt_count=F("attempt_count") + 1) < len(calls):
        # Whoever took the row over has counted the call as lost.
        rows.exclude(Q(status=Status.SUCCEEDED) & Q(proof=Proof.WECHAT)).update(**changes)


def request_id_of_attempt(tokens: Collection[UUID], *, using: str) -> Subquery:
    """The Request-ID by which a row has succeeded, from the attempt that was stored just before.

    A CASE with a branch for each row says the same, and takes ten times as long to be put together.
    """
    attempts = CancellationAttempt.objects.using(using).filter(
        cancellation=OuterRef("pk"), claim_token__in=tokens, outcome=Outcome.SUCCEEDED
    )
    return Subquery(attempts.order_by("pk").values("request_id")[:1])


def settle(call: Call, *, using: str, words: bool) -> str:
    """Change the call's row as its meaning demands; returns the row's status, for the log."""
    row = call.claim.cancellation
    changes = settled(call).changes()
    changes["updated_at"] = timezone.now()
    if row.first_called_at is None:
        changes["first_called_at"] = call.started_at
    if call.operation == Operation.CANCEL:
        changes["attempt_count"] = F("attempt_count") + 1
    changes |= said(call) if words else {}
    rows = SubsidyCancellation.objects.using(using).filter(pk=row.pk)
    if rows.filter(claim_token=call.claim.token).update(**changes):
        return str(changes["status"])
    return "of another call by now, or deleted"


def settled(call: Call) -> Settled:
    """What the call means for its row."""
    return Settled(
        cancellation=call.claim.cancellation,
        was_in_doubt=call.claim.was_in_doubt,
        meaning=call.reply.meaning,
        ended_at=call.ended_at,
        grace=Timing.of([call.claim.merchant]).grace,
        is_awaited=call.claim.is_awaited,
    )


def log(call: Call, *, status: str) -> None:
    """One line about a call and what its row is now."""
    row, answer = call.claim.cancellation, call.reply.answer
    logbook.write(
        "called",
        operation=call.operation,
        cancellation=row.pk,
        transaction_id=row.transaction_id,
        outcome=call.reply.meaning.outcome,
        reason=call.reply.meaning.reason,
        status=status,
        http_status=answer.http_status if answer else None,
        request_id=storable(answer.request_id or "", limit=128) if answer else None,
        milliseconds=round((call.ended_at - call.started_at).total_seconds() * 1000),
    )


def said(call: Call) -> dict[str, Any]:
    """What WeChat Pay said, as the row keeps it."""
    error = call.reply.error if isinstance(call.reply.error, APIError) else None
    return {
        "result": storable(call.reply.result, limit=16),
        "error_code": storable(error.code if error else "", limit=64),
        "error_message": storable(error.message if error else "", limit=512),
        "request_id": storable(
            call.reply.answer.request_id if call.reply.answer else "", limit=128
        ),
    }


def attempt(call: Call, *, words: bool) -> CancellationAttempt:
    """The attempt that a call leaves. Without `words`: only what no answer can poison."""
    row = call.claim.cancellation
    facts = CancellationAttempt(
        uuid=call.uuid,
        cancellation=row,
        claim_token=call.claim.token,
        operation=call.operation,
        mchid=row.mchid,
        process=call.process,
        started_at=call.started_at,
        ended_at=call.ended_at,
        request_body=bytes(row.request_body) if call.operation == Operation.CANCEL else b"",
        outcome=call.reply.meaning.outcome,
        reason=call.reply.meaning.reason,
        http_status=call.reply.answer.http_status if call.reply.answer else None,
    )
    if words:
        for name, value in (said(call) | answered(call)).items():
            setattr(facts, name, value)
    return facts


def answered(call: Call) -> dict[str, Any]:
    """What an attempt keeps of the answer beyond the row: for a 2xx all that proves it."""
    error, answer = call.reply.error, call.reply.answer
    kept: dict[str, Any] = {}
    if isinstance(error, APIError):
        kept["error_detail"] = storable(as_text(error.detail), limit=4096)
    elif error is not None:
        kept["failure"] = storable(str(error), limit=512)
    if answer is not None:
        kept["host"] = storable(answer.host, limit=255)
        kept["key_id"] = storable(answer.key_id, limit=128)
    if answer is not None and answer.is_2xx:
        headers = answer.wechatpay_headers().items()
        kept["answer_body"] = answer.body
        kept["answer_headers"] = {
            storable(name, limit=64): storable(value, limit=1024) for name, value in headers
        }
    return kept


def as_text(detail: object) -> str:
    """WeChat Pay's `detail` as text: it may be anything that JSON can hold."""
    return "" if detail is None else json.dumps(detail, ensure_ascii=False, default=str)
