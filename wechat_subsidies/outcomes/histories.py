"""What a row's `reason` may be besides: not the meaning of one answer, but of its history."""

from typing import Final

from django.utils.translation import gettext_lazy as _

TRIES_USED_UP: Final = "tries_used_up"
GAVE_UP: Final = "gave_up"
REFUSED_IN_DOUBT: Final = "refused_in_doubt"
MERCHANT_CHANGED: Final = "merchant_changed"
RESOLVED: Final = "resolved"
REOPENED: Final = "reopened"
HISTORIES: Final = {
    TRIES_USED_UP: _(
        "Every call ended without a known outcome. Look the order up in WeChat Pay's merchant platform, "
        "then resolve it here or send it again."
    ),
    GAVE_UP: _(
        "It could not be sent for too long. Mend what keeps it from being sent, then send it again."
    ),
    REFUSED_IN_DOUBT: _(
        "WeChat Pay refused it after an earlier call with unknown outcome: it may be cancelled already. "
        "Look the order up in WeChat Pay's merchant platform, then resolve it here or send it again."
    ),
    MERCHANT_CHANGED: _(
        "The settings no longer have the merchant that it was recorded for, under the same MCHID. "
        "Nothing is sent for another one: put the merchant back, or withdraw it."
    ),
    RESOLVED: _(
        "A person stated this after a look into WeChat Pay's merchant platform; their note says what "
        "they saw. Should it be wrong, take the statement back."
    ),
    REOPENED: _(
        "A person's statement was taken back. Look the order up in WeChat Pay's merchant platform, then "
        "resolve it here or send it again."
    ),
}
