"""The call itself: outside of any transaction, within the claim's deadlines, without the database."""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from ..outcomes import UNFORESEEN, Meaning, meaning_of_error, meaning_of_result
from ..wechatpay import Answer, WeChatPayError
from .claiming import Claim
from .clients import client_for, process_name

logger = logging.getLogger("wechat_subsidies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was made, or that could not be. Moments are the database's time.

    `answer` is what came back, verified or not; `error` what the protocol raised.
    """

    claim: Claim
    started_at: datetime
    ended_at: datetime
    meaning: Meaning
    answer: Answer | None
    result: str = ""
    error: Exception | None = None
    uuid: UUID = field(default_factory=uuid4)
    process: str = field(default_factory=process_name)


def call(claim: Claim) -> Call:
    """Wait for the claim's slot, send the stored bytes, and say what came back. Raises nothing."""
    time.sleep(max(0.0, claim.start - time.monotonic()))
    started = time.monotonic()
    error: Exception | None = None
    answer: Answer | None = None
    result = ""
    try:
        answered = client_for(claim.merchant).send_cancellation(
            bytes(claim.cancellation.request_body), deadline=claim.deadline
        )
    except WeChatPayError as raised:
        error, answer, meaning = raised, raised.answer, meaning_of_error(raised)
    except Exception as raised:  # a mistake in our own code, or in a signer of the host's
        logger.exception("Sending %s failed in an unforeseen way.", claim.cancellation)
        error, meaning = raised, UNFORESEEN
    else:
        result, answer, meaning = answered.result, answered.answer, meaning_of_result(answered)
    return Call(
        claim=claim,
        started_at=claim.moment(started),
        ended_at=claim.moment(time.monotonic()),
        meaning=meaning,
        answer=answer,
        result=result,
        error=error,
    )
