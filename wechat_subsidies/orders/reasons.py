"""Why an order's subsidy is not cancelled: codes for machines, words for people."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ReasonCode(models.TextChoices):
    """Why an order's subsidy is not cancelled, or not yet; the codes are stable."""

    NOT_FOUND = "not_found", _("There is no such order.")
    MISSING_TRANSACTION_ID = (
        "missing_transaction_id",
        _(
            "The order has no WeChat Pay transaction ID: it was not paid with WeChat Pay, or not yet."
        ),
    )
    MISSING_SUB_MCHID = (
        "missing_sub_mchid",
        _("The order's seller has no WeChat Pay sub-merchant ID."),
    )
    INVALID = "invalid", _("WeChat Pay would not accept one of the order's values.")
    UNKNOWN_MERCHANT = (
        "unknown_merchant",
        _("The order names a merchant that the settings do not have."),
    )
    NOT_REFUNDED = (
        "not_refunded",
        _("The order has no refund. WeChat Pay cancels a subsidy only after a refund."),
    )
    BLOCKED = "blocked", _("The shop does not want this order's subsidy cancelled.")
    PARTLY_REFUNDED = (
        "partly_refunded",
        _("The order is only partly refunded, so a smaller subsidy may still be owed."),
    )
    AMOUNTS_UNKNOWN = (
        "amounts_unknown",
        _("The shop does not say how much was paid and refunded, so it may be partly refunded."),
    )
    SEVERAL_TRANSACTIONS = (
        "several_transactions",
        _("The order holds several transactions: name one, by sub_mchid and transaction_id."),
    )
    NOT_THE_ORDERS = "not_the_orders", _("The order belongs to another merchant.")
    OTHER_ORDER = (
        "other_order",
        _("This transaction was asked for in another way. Ask the shop's staff."),
    )
    ADAPTER_ERROR = (
        "adapter_error",
        _("The order could not be read because of an error in the shop's code; see the log."),
    )
    CHANGED = (
        "changed",
        _("The order's amounts are no longer those that were looked through; select it again."),
    )
    STOPPED = "stopped", _("The batch was stopped before the order's turn.")
    # What an earlier request for the same transaction came to.
    IN_PROGRESS = "in_progress", _("Its cancellation is on its way.")
    ALREADY_CANCELLED = "already_cancelled", _("Its subsidy is cancelled already.")
    REFUSED_BEFORE = (
        "refused_before",
        _("WeChat Pay refused it before; send it again from its own page."),
    )
    AWAITING_REVIEW = "awaiting_review", _("Its cancellation waits for a person's review.")
    WITHDRAWN = "withdrawn", _("Its cancellation was withdrawn.")
    DUPLICATE = "duplicate", _("Another order of this selection has the same transaction.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why not: a stable code for machines and words for people."""

    code: ReasonCode
    message: str | Promise

    @property
    def own_words(self) -> str:
        """The words where they say more than the code; those of the code are each reader's own."""
        words = str(self.message)
        return "" if words == str(self.code.label) else words

    @classmethod
    def of(cls, code: ReasonCode, message: str | Promise | None = None) -> "Reason":
        """The reason of that code, in its own words unless others are given."""
        return cls(code=code, message=message or code.label)
