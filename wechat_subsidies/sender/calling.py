"""The calls themselves: outside of any transaction, within the claim's deadlines, without the database."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from ..conf import app_settings
from ..models import CancellationAttempt
from ..outcomes import (
    CONFIGURATION,
    UNFORESEEN,
    Meaning,
    Outcome,
    meaning_of_error,
    meaning_of_refund,
    meaning_of_refund_error,
    meaning_of_result,
)
from ..wechatpay import Answer, SlotMissed, WeChatPayClient, WeChatPayError
from .claiming import Claim
from .clients import client_for, process_name

logger = logging.getLogger("wechat_subsidies")

Operation = CancellationAttempt.Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back of a call: its meaning, and what it rests on."""

    meaning: Meaning
    answer: Answer | None = None
    result: str = ""
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was made, or that could not be. Moments are the database's time."""

    claim: Claim
    operation: CancellationAttempt.Operation
    started_at: datetime
    ended_at: datetime
    reply: Reply
    uuid: UUID = field(default_factory=uuid4)
    process: str = field(default_factory=process_name)

    @property
    def is_decisive(self) -> bool:
        """Whether it says what becomes of the row; a refund that was found does not."""
        return self.reply.meaning.outcome != Outcome.CONFIRMED


def calls_for(claim: Claim) -> list[Call]:
    """Make the claim's calls in its slot: the cancellation, and before it what was wished.

    The last one decides. None were made where the slot was missed. Raises nothing.
    """
    try:
        if not is_refund_to_be_verified(claim):
            return [call(claim, Operation.CANCEL, send_cancellation)]
        query = call(claim, Operation.QUERY_REFUND, query_refund)
    except SlotMissed:
        return []
    if query.is_decisive:
        return [query]
    # The slot was the query's: what follows is spaced as the answers are.
    follower = replace(claim, deadline=replace(claim.deadline, slot=None))
    return [query, call(follower, Operation.CANCEL, send_cancellation)]


def is_refund_to_be_verified(claim: Claim) -> bool:
    """Whether the refund is asked for first. A row in doubt was past that when it was sent before."""
    is_known = bool(claim.cancellation.refund_id)
    return app_settings.verify_refund != "off" and is_known and not claim.was_in_doubt


def call(
    claim: Claim,
    operation: CancellationAttempt.Operation,
    make: Callable[[WeChatPayClient, Claim], Reply],
) -> Call:
    """Make one call and say when it was and what came back. Raises SlotMissed."""
    started = time.monotonic()
    reply = reply_of(claim, make)
    return Call(
        claim=claim,
        operation=operation,
        started_at=claim.moment(started),
        ended_at=claim.moment(time.monotonic()),
        reply=reply,
    )


def reply_of(claim: Claim, make: Callable[[WeChatPayClient, Claim], Reply]) -> Reply:
    """What comes back of a call. Where no client can be made of the settings, nothing was sent.

    Raises SlotMissed, and nothing else.
    """
    try:
        client = client_for(claim.merchant)
    except Exception as error:
        logger.exception("The settings of merchant “%s” cannot be used.", claim.merchant.name)
        return Reply(meaning=CONFIGURATION, error=error)
    try:
        return make(client, claim)
    except SlotMissed:
        raise
    except Exception as error:  # a mistake in our own code, or in a signer of the host's
        logger.exception("Sending %s failed in an unforeseen way.", claim.cancellation)
        return Reply(meaning=UNFORESEEN, error=error)


def send_cancellation(client: WeChatPayClient, claim: Claim) -> Reply:
    """Send the stored bytes."""
    body = bytes(claim.cancellation.request_body)
    try:
        result = client.send_cancellation(body, deadline=claim.deadline)
    except SlotMissed:
        raise
    except WeChatPayError as error:
        return Reply(meaning=meaning_of_error(error), answer=error.answer, error=error)
    meaning = meaning_of_result(result)
    return Reply(meaning=meaning, answer=result.answer, result=result.result)


def query_refund(client: WeChatPayClient, claim: Claim) -> Reply:
    """Ask for the refund, which moves no money."""
    row = claim.cancellation
    try:
        refund = client.query_refund(
            refund_id=row.refund_id, sub_mchid=row.sub_mchid, deadline=claim.deadline
        )
    except SlotMissed:
        raise
    except WeChatPayError as error:
        return Reply(meaning=meaning_of_refund_error(error), answer=error.answer, error=error)
    must_have_succeeded = app_settings.verify_refund == "succeeded"
    meaning = meaning_of_refund(
        refund, transaction_id=row.transaction_id, must_have_succeeded=must_have_succeeded
    )
    return Reply(meaning=meaning, answer=refund.answer)
