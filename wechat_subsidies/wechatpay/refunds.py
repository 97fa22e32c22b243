"""Asking for a refund: whether it exists, whose it is, and how far it has come.

It says nothing of the subsidy. Source:
pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/query-refund.html.
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from .answers import Answer
from .bodies import object_in, required_text
from .errors import AnswerMismatch, MalformedAnswer
from .identifiers import check_identifier

__all__ = ["Refund", "RefundStatus", "refund_in", "refund_path"]

RefundStatus = Literal["SUCCESS", "CLOSED", "PROCESSING", "ABNORMAL"]

# Older pages have two other words for a refund that was closed.
_STATUSES: dict[str, RefundStatus] = {
    "SUCCESS": "SUCCESS",
    "CLOSED": "CLOSED",
    "REFUNDCLOSE": "CLOSED",
    "CLOSE": "CLOSED",
    "PROCESSING": "PROCESSING",
    "ABNORMAL": "ABNORMAL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A verified answer about a refund.

    ``status`` is ``SUCCESS``, ``CLOSED``, ``PROCESSING`` or ``ABNORMAL``; ``amount`` is what was
    refunded in fen, None where the answer does not say it.
    """

    refund_id: str
    transaction_id: str
    status: RefundStatus
    amount: int | None
    answer: Answer = field(repr=False)


def refund_path(*, refund_id: str, sub_mchid: str) -> str:
    """The path and query that ask for a refund; InvalidParameter names what cannot be asked for."""
    refund = quote(check_identifier("refund_id", refund_id), safe="")
    merchant = quote(check_identifier("sub_mchid", sub_mchid), safe="")
    return f"/v3/ecommerce/refunds/id/{refund}?sub_mchid={merchant}"


def refund_in(answer: Answer, *, refund_id: str) -> Refund:
    """What a verified 200 says about the refund.

    Raises MalformedAnswer for what cannot be read, AnswerMismatch for another refund.
    """
    fields = object_in(answer)
    named = required_text(fields, "refund_id", answer=answer)
    if named != refund_id:
        text = f"Asked about the refund {refund_id}, answered about {named}"
        raise AnswerMismatch(text, answer=answer)
    status = required_text(fields, "status", answer=answer)
    if status not in _STATUSES:
        raise MalformedAnswer(f"The refund's status is unknown: {status}", answer=answer)
    return Refund(
        refund_id=named,
        transaction_id=required_text(fields, "transaction_id", answer=answer),
        status=_STATUSES[status],
        amount=_amount(fields.get("amount")),
        answer=answer,
    )


def _amount(value: object) -> int | None:
    refunded = value.get("refund") if isinstance(value, dict) else None
    return refunded if type(refunded) is int else None
