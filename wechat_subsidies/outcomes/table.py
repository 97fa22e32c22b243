"""From an answer to its row in the table, and to the words for a row.

Statuses and codes are as documented by WeChat Pay (see docs/protocol.md for sources); nothing outside
this package, `wechatpay` and `sandbox` compares them.
"""

from typing import Final

from django.utils.functional import Promise

from .. import wechatpay
from ..wechatpay import CancelResult, Refund, WeChatPayError
from . import answers, refunds
from .answers import (
    ACCEPTED,
    CONFIGURATION,
    CONNECTION_LOST,
    INVALID_REQUEST,
    MALFORMED,
    NO_AUTH,
    NOT_FOUND,
    NOT_SENT,
    OTHER_ORDER,
    PARAM_ERROR,
    RATE_LIMITED,
    RESULT_FAIL,
    RESULT_SUCCESS,
    SIGN_ERROR,
    SYSTEM_ERROR,
    UNFORESEEN,
    UNVERIFIED,
)
from .histories import HISTORIES
from .meaning import Meaning, Outcome
from .refunds import (
    REFUND_CLOSED,
    REFUND_CONFIRMED,
    REFUND_NOT_FOUND,
    REFUND_OF_OTHER_ORDER,
    REFUND_PROCESSING,
    REFUND_UNKNOWN,
)

ROWS = [*vars(answers).values(), *vars(refunds).values()]
MEANINGS: Final = {row.reason: row for row in ROWS if isinstance(row, Meaning)}

RESULTS: Final = {"SUCCESS": RESULT_SUCCESS, "FAIL": RESULT_FAIL}
CODES: Final = {
    (400, "PARAM_ERROR"): PARAM_ERROR,
    (400, "INVALID_REQUEST"): INVALID_REQUEST,
    (401, "SIGN_ERROR"): SIGN_ERROR,
    (403, "NO_AUTH"): NO_AUTH,
    (404, "RESOURCE_NOT_EXISTS"): NOT_FOUND,
    (404, "ORDER_NOT_EXIST"): NOT_FOUND,
    (429, "FREQUENCY_LIMITED"): RATE_LIMITED,
    (429, "RATELIMIT_EXCEEDED"): RATE_LIMITED,
}
ERRORS: Final[dict[type[WeChatPayError], Meaning]] = {
    wechatpay.ConfigurationError: CONFIGURATION,
    wechatpay.NotSent: NOT_SENT,
    wechatpay.OutcomeUnknown: CONNECTION_LOST,
    wechatpay.ServerError: SYSTEM_ERROR,
    wechatpay.UnverifiedAnswer: UNVERIFIED,
    wechatpay.AnswerMismatch: OTHER_ORDER,
    wechatpay.MalformedAnswer: MALFORMED,
}


def meaning_of_result(result: CancelResult) -> Meaning:
    """What a verified answer under HTTP 200 means: HTTP 200 with FAIL is a refusal."""
    return RESULTS.get(result.result, UNFORESEEN)


def meaning_of_error(error: WeChatPayError) -> Meaning:
    """What a call means that ended in this error."""
    if isinstance(error, wechatpay.APIError):  # else status and code are not to be believed
        if error.http_status == 202:
            return ACCEPTED
        if known := CODES.get((error.answer.http_status, error.code or "")):
            return known
    return next((ERRORS[cls] for cls in type(error).__mro__ if cls in ERRORS), UNFORESEEN)


def meaning_of_refund(refund: Refund, *, transaction_id: str, must_have_succeeded: bool) -> Meaning:
    """What a refund that WeChat Pay knows means for the cancellation that names it."""
    if refund.transaction_id != transaction_id:
        return REFUND_OF_OTHER_ORDER
    if refund.status == "CLOSED":
        return REFUND_CLOSED
    if must_have_succeeded and refund.status != "SUCCESS":
        return REFUND_PROCESSING
    return REFUND_CONFIRMED


def meaning_of_refund_error(error: WeChatPayError) -> Meaning:
    """What an error means that asking for a refund ended in: whatever it is, nothing was done."""
    meaning = meaning_of_error(error)
    if meaning is NOT_FOUND:
        return REFUND_NOT_FOUND
    if meaning.outcome in {Outcome.NOT_ACCEPTED, Outcome.CONFIGURATION, Outcome.NOT_SENT}:
        return meaning
    return REFUND_UNKNOWN


def advice(reason: str) -> str | Promise:
    """What happened and what to do next, in words; empty for a reason that is not in the table."""
    if reason in MEANINGS:
        return MEANINGS[reason].advice
    return HISTORIES.get(reason, "")
