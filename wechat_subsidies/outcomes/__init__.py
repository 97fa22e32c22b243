"""What each possible answer of WeChat Pay means for a cancellation: one closed table.

Closed by default: an answer that is not in the table is never guessed to be a success or a final
refusal, its outcome is unknown.

    meaning     what a row of the table is
    answers     the rows for answers to a cancellation
    refunds     the rows for answers about the refund that may be asked for first
    histories   reasons that come of more than one answer
    table       which answer belongs to which row
"""

from .answers import (
    ACCEPTED,
    CONFIGURATION,
    CONNECTION_LOST,
    INVALID_REQUEST,
    LOST,
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
from .histories import (
    GAVE_UP,
    HISTORIES,
    MERCHANT_CHANGED,
    REFUSED_IN_DOUBT,
    REOPENED,
    RESOLVED,
    TRIES_USED_UP,
)
from .meaning import Meaning, Outcome, Suspect
from .refunds import (
    REFUND_CLOSED,
    REFUND_CONFIRMED,
    REFUND_NOT_FOUND,
    REFUND_OF_OTHER_ORDER,
    REFUND_PROCESSING,
    REFUND_UNKNOWN,
)
from .table import (
    CODES,
    MEANINGS,
    advice,
    meaning_of_error,
    meaning_of_refund,
    meaning_of_refund_error,
    meaning_of_result,
)

__all__ = [
    "ACCEPTED",
    "CODES",
    "CONFIGURATION",
    "CONNECTION_LOST",
    "GAVE_UP",
    "HISTORIES",
    "INVALID_REQUEST",
    "LOST",
    "MALFORMED",
    "MEANINGS",
    "MERCHANT_CHANGED",
    "NOT_FOUND",
    "NOT_SENT",
    "NO_AUTH",
    "OTHER_ORDER",
    "PARAM_ERROR",
    "RATE_LIMITED",
    "REFUND_CLOSED",
    "REFUND_CONFIRMED",
    "REFUND_NOT_FOUND",
    "REFUND_OF_OTHER_ORDER",
    "REFUND_PROCESSING",
    "REFUND_UNKNOWN",
    "REFUSED_IN_DOUBT",
    "REOPENED",
    "RESOLVED",
    "RESULT_FAIL",
    "RESULT_SUCCESS",
    "SIGN_ERROR",
    "SYSTEM_ERROR",
    "TRIES_USED_UP",
    "UNFORESEEN",
    "UNVERIFIED",
    "Meaning",
    "Outcome",
    "Suspect",
    "advice",
    "meaning_of_error",
    "meaning_of_refund",
    "meaning_of_refund_error",
    "meaning_of_result",
]
