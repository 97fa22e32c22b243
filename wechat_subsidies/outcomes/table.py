"""From an answer to its row in the table, and to the words for a row.

Statuses and codes are as documented by WeChat Pay (see docs/protocol.md for sources); nothing outside
this package, `wechatpay` and `sandbox` compares them.
"""

from typing import Final

from django.utils.functional import Promise

from .. import wechatpay
from ..wechatpay import CancelResult, Refund, WeChatPayError
from . import answers, refunds
from .histories import HISTORIES
from .meaning import Meaning, Outcome

ROWS = [*vars(answers).values(), *vars(refunds).values()]
MEANINGS: Final = {row.reason: row for row in ROWS if isinstance(row, Meaning)}

RESULTS: Final = {"SUCCESS": answers.RESULT_SUCCESS, "FAIL": answers.RESULT_FAIL}
CODES: Final = {
    (400, "PARAM_ERROR"): answers.PARAM_ERROR,
    (400, "INVALID_REQUEST"): answers.INVALID_REQUEST,
    (401, "SIGN_ERROR"): answers.SIGN_ERROR,
    (403, "NO_AUTH"): answers.NO_AUTH,
    (404, "RESOURCE_NOT_EXISTS"): answers.NOT_FOUND,
    (404, "ORDER_NOT_EXIST"): answers.NOT_FOUND,
    (429, "FREQUENCY_LIMITED"): answers.RATE_LIMITED,
    (429, "RATELIMIT_EXCEEDED"): answers.RATE_LIMITED,
}
ERRORS: Final[dict[type[WeChatPayError], Meaning]] = {
    wechatpay.ConfigurationError: answers.CONFIGURATION,
    wechatpay.NotSent: answers.NOT_SENT,
    wechatpay.OutcomeUnknown: answers.CONNECTION_LOST,
    wechatpay.ServerError: answers.SYSTEM_ERROR,
    wechatpay.UnverifiedAnswer: answers.UNVERIFIED,
    wechatpay.AnswerMismatch: answers.OTHER_ORDER,
    wechatpay.MalformedAnswer: answers.MALFORMED,
}


def meaning_of_result(result: CancelResult) -> Meaning:
    """What a verified answer under HTTP 200 means: HTTP 200 with FAIL is a refusal."""
    return RESULTS.get(result.result, answers.UNFORESEEN)


def meaning_of_error(error: WeChatPayError) -> Meaning:
    """What a call means that ended in this error."""
    if isinstance(error, wechatpay.APIError):  # else status and code are not to be believed
        if error.http_status == 202:
            return answers.ACCEPTED
        if known := CODES.get((error.answer.http_status, error.code or "")):
            return known
    return next((ERRORS[cls] for cls in type(error).__mro__ if cls in ERRORS), answers.UNFORESEEN)


def meaning_of_refund(refund: Refund, *, transaction_id: str, must_have_succeeded: bool) -> Meaning:
    """What a refund that WeChat Pay knows means for the cancellation that names it."""
    if refund.transaction_id != transaction_id:
        return refunds.REFUND_OF_OTHER_ORDER
    if refund.status == "CLOSED":
        return refunds.REFUND_CLOSED
    if must_have_succeeded and refund.status != "SUCCESS":
        return refunds.REFUND_PROCESSING
    return refunds.REFUND_CONFIRMED


def meaning_of_refund_error(error: WeChatPayError) -> Meaning:
    """What an error means that asking for a refund ended in: whatever it is, nothing was done."""
    meaning = meaning_of_error(error)
    if meaning is answers.NOT_FOUND:
        return refunds.REFUND_NOT_FOUND
    if meaning.outcome in {Outcome.NOT_ACCEPTED, Outcome.CONFIGURATION, Outcome.NOT_SENT}:
        return meaning
    return refunds.REFUND_UNKNOWN


def advice(reason: str) -> str | Promise:
    """What happened and what to do next, in words; empty for a reason that is not in the table."""
    if reason in MEANINGS:
        return MEANINGS[reason].advice
    return HISTORIES.get(reason, "")
