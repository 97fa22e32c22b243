"""What is answered about a refund that is asked for before the cancellation: no money moves by that."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning, Outcome

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
        "Check the refund ID and the seller's sub-merchant ID, then send it again."
    ),
    source="| 404 | `RESOURCE_NOT_EXISTS`, `ORDER_NOT_EXIST` |",
)
REFUND_OF_OTHER_ORDER: Final = Meaning(
    reason="refund_of_other_order",
    outcome=Outcome.REFUSED,
    advice=_(
        "The refund belongs to another transaction, so the cancellation was not sent. Check the refund "
        "ID and the transaction ID, then send it again."
    ),
    source="It can confirm that a refund exists and belongs to the transaction",
)
REFUND_CLOSED: Final = Meaning(
    reason="refund_closed",
    outcome=Outcome.REFUSED,
    advice=_(
        "The refund was closed without any money going back, so the cancellation was not sent. Refund "
        "the order first, then send it again."
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
