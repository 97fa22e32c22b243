"""Cancelling a subsidy (取消补差): what is asked, and what the answer says.

Source: pay.weixin.qq.com/doc/v3/partner/4012477639.
"""

import json
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from .answers import Answer
from .bodies import object_in, optional_text, parse_object, required_text
from .errors import AnswerMismatch, InvalidParameter, MalformedAnswer
from .identifiers import check_identifier, check_text

__all__ = [
    "CANCEL_PATH",
    "CancelRequest",
    "CancelResult",
    "Target",
    "check_description",
    "result_in",
    "target_of",
]

CANCEL_PATH = "/v3/ecommerce/subsidies/cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A cancellation to be sent, checked as far as it can be checked here.

    ``sub_mchid`` (1 to 32 characters), ``transaction_id`` and ``refund_id`` (1 to 64) are made of
    ASCII letters, digits and ``_-|*@``; ``description`` is 1 to 80 characters without control
    characters and without those beyond U+FFFF, which the gateway does not support. ``refund_id``
    None leaves the field out: the gateway takes neither null nor an empty text.

    Raises InvalidParameter, which names the field.
    """

    sub_mchid: str
    transaction_id: str
    description: str
    refund_id: str | None = None

    def __post_init__(self) -> None:
        check_identifier("sub_mchid", self.sub_mchid)
        check_identifier("transaction_id", self.transaction_id)
        if self.refund_id is not None:
            check_identifier("refund_id", self.refund_id)
        check_description(self.description)

    def to_body(self) -> bytes:
        """The bytes to sign and to send: compact JSON in UTF-8, in the documented order of keys."""
        fields = {
            "sub_mchid": self.sub_mchid,
            "refund_id": self.refund_id,
            "transaction_id": self.transaction_id,
            "description": self.description,
        }
        present = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(present, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelResult:
    """A verified answer to a cancellation, about the order that was asked for.

    ``result`` is ``SUCCESS`` or ``FAIL``: FAIL is a refusal, for which no reason is given.
    ``refund_id`` is only sometimes echoed; ``description`` is empty where it is not.
    ``answer`` is the proof, with the id of the key in ``answer.key_id``.
    """

    sub_mchid: str
    transaction_id: str
    refund_id: str | None
    result: Literal["SUCCESS", "FAIL"]
    description: str
    answer: Answer = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the subsidy is cancelled; False is a refusal."""
        return self.result == "SUCCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What identifies a cancellation: WeChat Pay knows no request number of the merchant's."""

    sub_mchid: str
    transaction_id: str

    def __str__(self) -> str:
        return f"order {self.transaction_id} of sub-merchant {self.sub_mchid}"


def target_of(body: bytes) -> Target:
    """Which order a request body is about; InvalidParameter if it does not say so.

    No more is asked of it, since stored bodies are sent as they are.
    """
    try:
        fields = parse_object(body)
    except ValueError as error:
        text = f"The request body is no JSON object that can be read: {error}"
        raise InvalidParameter(text, field="body", code="malformed") from error
    return Target(
        sub_mchid=check_identifier("sub_mchid", fields.get("sub_mchid")),
        transaction_id=check_identifier("transaction_id", fields.get("transaction_id")),
    )


def result_in(answer: Answer, *, target: Target) -> CancelResult:
    """What a verified 200 says about ``target``.

    Raises MalformedAnswer for what cannot be read, AnswerMismatch for an answer about another
    order. Fields that are not known are ignored: new ones may appear any day.
    """
    fields = object_in(answer)
    named = Target(
        sub_mchid=required_text(fields, "sub_mchid", answer=answer),
        transaction_id=required_text(fields, "transaction_id", answer=answer),
    )
    if named != target:
        raise AnswerMismatch(f"Asked about {target}, answered about {named}", answer=answer)
    return CancelResult(
        sub_mchid=named.sub_mchid,
        transaction_id=named.transaction_id,
        refund_id=optional_text(fields, "refund_id", answer=answer),
        result=_result(fields, answer=answer),
        description=optional_text(fields, "description", answer=answer) or "",
        answer=answer,
    )


def check_description(value: object) -> None:
    """Raise InvalidParameter unless ``value`` is a description that CancelRequest takes."""
    text = check_text("description", value)
    if any(_is_unsupported(character) for character in text):
        raise InvalidParameter(
            "description holds control characters, or characters beyond U+FFFF such as emoji, "
            "which WeChat Pay does not support",
            field="description",
            code="invalid_characters",
        )


def _is_unsupported(character: str) -> bool:
    return character > "\uffff" or unicodedata.category(character) in {"Cc", "Cs"}


def _result(fields: dict[str, object], *, answer: Answer) -> Literal["SUCCESS", "FAIL"]:
    match required_text(fields, "result", answer=answer):
        case "SUCCESS":
            return "SUCCESS"
        case "FAIL":
            return "FAIL"
    raise MalformedAnswer("The answer's result is neither SUCCESS nor FAIL", answer=answer)
