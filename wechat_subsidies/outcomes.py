"""What each possible answer of WeChat Pay means for a cancellation: one closed table.

Closed by default: an answer that is not in the table is never guessed to be a success or a final
refusal, its outcome is unknown. Statuses and codes are as documented by WeChat Pay (see
docs/protocol.md for sources); nothing outside this module, `wechatpay` and `sandbox` compares them.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import wechatpay
from .models import CancellationAttempt
from .wechatpay import CancelResult, Refund, WeChatPayError

Outcome = CancellationAttempt.Outcome


class Suspect(Enum):
    """What is to be suspected, rather than the orders, when such answers follow each other."""

    SETTINGS = auto()  # the keys or the clock of the process that called
    PERMISSION = auto()  # what the merchant may do for a sub-merchant
    PARAMETERS = auto()  # what we fill in beside the order's own numbers
    PROTOCOL = auto()  # what we know of WeChat Pay
    OUTAGE = auto()  # the network, or WeChat Pay's own servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A row of the table: what an answer proves, and what a person reads about it.

    `reason` is the stable code stored on the cancellation, `advice` one or two sentences on what
    happened and what to do next, `source` the words of docs/protocol.md that it rests on,
    `suspect` what a run of such answers puts under suspicion, so that sending pauses.
    """

    reason: str
    outcome: CancellationAttempt.Outcome
    advice: Promise
    source: str
    suspect: Suspect | None = None


RESULT_SUCCESS: Final = Meaning(
    reason="cancelled",
    outcome=Outcome.SUCCEEDED,
    advice=_("WeChat Pay has cancelled the subsidy. The order may be profit-shared now."),
    source="`result` is `SUCCESS` or `FAIL`",
)
RESULT_FAIL: Final = Meaning(
    reason="result_fail",
    outcome=Outcome.REFUSED,
    advice=_(
        "WeChat Pay answered FAIL without a reason. Check that the order was placed with a subsidy, "
        "has a refund and has not been profit-shared, then retry."
    ),
    source="FAIL is a refusal, without a reason",
)
PARAM_ERROR: Final = Meaning(
    reason="param_error",
    outcome=Outcome.REFUSED,
    advice=_(
        "WeChat Pay found one of the values wrong; its message names which. Correct it and retry."
    ),
    source="| 400 | `PARAM_ERROR` |",
    suspect=Suspect.PARAMETERS,
)
INVALID_REQUEST: Final = Meaning(
    reason="invalid_request",
    outcome=Outcome.REFUSED,
    advice=_(
        "The order breaks one of WeChat Pay's rules: usually it has no refund yet, or has been "
        "profit-shared already. Its message says which. Retry once that is settled."
    ),
    source="| 400 | `INVALID_REQUEST` |",
)
NOT_FOUND: Final = Meaning(
    reason="order_not_found",
    outcome=Outcome.REFUSED,
    advice=_(
        "WeChat Pay does not know this transaction under this sub-merchant. Check the transaction ID "
        "and the seller's sub-merchant ID."
    ),
    source="| 404 | `RESOURCE_NOT_EXISTS`, `ORDER_NOT_EXIST` |",
)
RATE_LIMITED: Final = Meaning(
    reason="rate_limited",
    outcome=Outcome.NOT_ACCEPTED,
    advice=_("WeChat Pay asked for a slower pace. It is sent again by itself."),
    source="| 429 | `FREQUENCY_LIMITED`, `RATELIMIT_EXCEEDED` |",
)
SIGN_ERROR: Final = Meaning(
    reason="sign_error",
    outcome=Outcome.CONFIGURATION,
    advice=_(
        "WeChat Pay did not accept our signature. Nothing was done. Check MCHID, MERCHANT_SERIAL_NO "
        "and PRIVATE_KEY in the settings, and the server's clock."
    ),
    source="| 401 | `SIGN_ERROR` |",
    suspect=Suspect.SETTINGS,
)
NO_AUTH: Final = Meaning(
    reason="no_auth",
    outcome=Outcome.CONFIGURATION,
    advice=_(
        "The platform merchant may not make this call for this sub-merchant. Nothing was done. Check "
        "the permission in WeChat Pay's merchant platform."
    ),
    source="| 403 | `NO_AUTH` |",
    suspect=Suspect.PERMISSION,
)
CONFIGURATION: Final = Meaning(
    reason="configuration",
    outcome=Outcome.CONFIGURATION,
    advice=_(
        "A setting cannot be used, so nothing was sent. Run “manage.py check” to see which one."
    ),
    source="Without a usable key nothing is sent",
    suspect=Suspect.SETTINGS,
)
NOT_SENT: Final = Meaning(
    reason="not_sent",
    outcome=Outcome.NOT_SENT,
    advice=_("WeChat Pay could not be reached, so nothing was sent. It is sent again by itself."),
    source="A refused connection, a DNS failure or a connect timeout: not sent",
    suspect=Suspect.OUTAGE,
)
CONNECTION_LOST: Final = Meaning(
    reason="connection_lost",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "The connection broke or timed out before WeChat Pay's answer was here. It may have been "
        "carried out; the same request is sent again by itself."
    ),
    source="A read timeout, a reset or a truncated answer: unknown",
    suspect=Suspect.OUTAGE,
)
SYSTEM_ERROR: Final = Meaning(
    reason="system_error",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "WeChat Pay had an internal error, so it may have been carried out. The same request is sent "
        "again by itself. If it goes on, check MCHID and MERCHANT_SERIAL_NO: wrong ones cause this, too."
    ),
    source="| 500 | `SYSTEM_ERROR` |",
    suspect=Suspect.OUTAGE,
)
ACCEPTED: Final = Meaning(
    reason="accepted_not_processed",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "WeChat Pay accepted the request but has not processed it. The same request is sent again by "
        "itself."
    ),
    source="| 202 | | accepted, not processed",
)
UNVERIFIED: Final = Meaning(
    reason="unverified_answer",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "The answer is not proven to come from WeChat Pay, so it is not believed. It may have been "
        "carried out; the same request is sent again by itself. Check WECHATPAY_PUBLIC_KEY and "
        "WECHATPAY_PUBLIC_KEY_ID, and the server's clock."
    ),
    source="A 2xx without a valid signature is to be treated as forged",
)
OTHER_ORDER: Final = Meaning(
    reason="answer_for_other_order",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "The answer is about another order, so it is not believed. The same request is sent again by "
        "itself."
    ),
    source="A signed answer that names another order says nothing of ours",
)
MALFORMED: Final = Meaning(
    reason="malformed_answer",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "The answer cannot be read. It may have been carried out; the same request is sent again by "
        "itself."
    ),
    source="An answer that cannot be read proves nothing",
)
UNFORESEEN: Final = Meaning(
    reason="unforeseen_answer",
    outcome=Outcome.UNKNOWN,
    advice=_(
        "WeChat Pay's documents do not say what this answer means, so nothing is concluded from it. "
        "The same request is sent again by itself."
    ),
    source="Codes are an open set",
    suspect=Suspect.PROTOCOL,
)
LOST: Final = Meaning(
    reason="lost",
    outcome=Outcome.LOST,
    advice=_(
        "The process that sent it has disappeared. It may have been carried out; the same request is "
        "sent again by itself."
    ),
    source="A process that dies after the first byte leaves the outcome unknown",
)

REFUND_CONFIRMED: Final = Meaning(
    reason="refund_confirmed",
    outcome=Outcome.CONFIRMED,
    advice=_("WeChat Pay has this refund of the order."),
    source="It can confirm that a refund exists and belongs to the transaction",
)
REFUND_NOT_FOUND: Final = Meaning(
    reason="refund_not_found",
    outcome=Outcome.REFUSED,
    advice=_(
        "WeChat Pay does not know this refund under this sub-merchant, so the cancellation was not sent. "
        "Check the refund ID and the seller's sub-merchant ID, then retry."
    ),
    source="| 404 | `RESOURCE_NOT_EXISTS`, `ORDER_NOT_EXIST` |",
)
REFUND_OF_OTHER_ORDER: Final = Meaning(
    reason="refund_of_other_order",
    outcome=Outcome.REFUSED,
    advice=_(
        "The refund belongs to another transaction, so the cancellation was not sent. Check the refund "
        "ID and the transaction ID, then retry."
    ),
    source="It can confirm that a refund exists and belongs to the transaction",
)
REFUND_CLOSED: Final = Meaning(
    reason="refund_closed",
    outcome=Outcome.REFUSED,
    advice=_(
        "The refund was closed without any money going back, so the cancellation was not sent. Refund "
        "the order first, then retry."
    ),
    source="answers `status` (`SUCCESS`, `CLOSED`, `PROCESSING` or `ABNORMAL`",
)
REFUND_PROCESSING: Final = Meaning(
    reason="refund_processing",
    outcome=Outcome.NOT_SENT,
    advice=_("The refund has not arrived yet. It is asked for again by itself, then sent."),
    source="Whether a refund that is still `PROCESSING` is enough",
)
REFUND_UNKNOWN: Final = Meaning(
    reason="refund_unknown",
    outcome=Outcome.NOT_SENT,
    advice=_(
        "WeChat Pay did not say how the refund stands, so nothing was sent. It is asked for again by "
        "itself."
    ),
    source="It moves no money, so whatever it is answered, nothing was done",
)

MEANINGS: Final = {
    meaning.reason: meaning
    for meaning in (
        RESULT_SUCCESS,
        RESULT_FAIL,
        PARAM_ERROR,
        INVALID_REQUEST,
        NOT_FOUND,
        RATE_LIMITED,
        SIGN_ERROR,
        NO_AUTH,
        CONFIGURATION,
        NOT_SENT,
        CONNECTION_LOST,
        SYSTEM_ERROR,
        ACCEPTED,
        UNVERIFIED,
        OTHER_ORDER,
        MALFORMED,
        UNFORESEEN,
        LOST,
        REFUND_CONFIRMED,
        REFUND_NOT_FOUND,
        REFUND_OF_OTHER_ORDER,
        REFUND_CLOSED,
        REFUND_PROCESSING,
        REFUND_UNKNOWN,
    )
}

# What a row's `reason` may be besides: not the meaning of one answer, but of its history.
TRIES_USED_UP: Final = "tries_used_up"
GAVE_UP: Final = "gave_up"
REFUSED_IN_DOUBT: Final = "refused_in_doubt"
MERCHANT_CHANGED: Final = "merchant_changed"
HISTORIES: Final = {
    TRIES_USED_UP: _(
        "Every call ended without a known outcome. Look the order up in WeChat Pay's merchant platform, "
        "then resolve it here or retry."
    ),
    GAVE_UP: _(
        "It could not be sent for too long. Mend what keeps it from being sent, then retry."
    ),
    REFUSED_IN_DOUBT: _(
        "WeChat Pay refused it after an earlier call with unknown outcome: it may be cancelled already. "
        "Look the order up in WeChat Pay's merchant platform, then resolve it here or retry."
    ),
    MERCHANT_CHANGED: _(
        "The settings no longer have the merchant that it was recorded for, under the same MCHID. "
        "Nothing is sent for another one: put the merchant back, or withdraw it."
    ),
}

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
