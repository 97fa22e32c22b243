"""What each possible answer to a cancellation means."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning, Outcome, Suspect

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
        "has a refund and has not been profit-shared, then send it again."
    ),
    source="FAIL is a refusal, without a reason",
)
PARAM_ERROR: Final = Meaning(
    reason="param_error",
    outcome=Outcome.REFUSED,
    advice=_(
        "WeChat Pay found one of the values wrong; its message names which. Correct it and send it again."
    ),
    source="| 400 | `PARAM_ERROR` |",
    suspect=Suspect.PARAMETERS,
)
INVALID_REQUEST: Final = Meaning(
    reason="invalid_request",
    outcome=Outcome.REFUSED,
    advice=_(
        "The order breaks one of WeChat Pay's rules: usually it has no refund yet, or has been "
        "profit-shared already. Its message says which. Send it again once that is settled."
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
