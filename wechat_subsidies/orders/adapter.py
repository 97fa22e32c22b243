"""What this package needs to know of an order, and the class that a shop may write to tell it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..conf import app_settings


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
    ADAPTER_ERROR = (
        "adapter_error",
        _("The order could not be read because of an error in the shop's code; see the log."),
    )
    CHANGED = (
        "changed",
        _("The order's amounts are no longer those that were looked through; select it again."),
    )
    # What an earlier request for the same transaction came to.
    IN_PROGRESS = "in_progress", _("Its cancellation is on its way.")
    ALREADY_CANCELLED = "already_cancelled", _("Its subsidy is cancelled already.")
    REFUSED_BEFORE = (
        "refused_before",
        _("WeChat Pay refused it before; retry it from its own page."),
    )
    AWAITING_REVIEW = "awaiting_review", _("Its cancellation waits for a person's review.")
    WITHDRAWN = "withdrawn", _("Its cancellation was withdrawn.")
    DUPLICATE = "duplicate", _("Another order of this selection has the same transaction.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why not: a stable code for machines and words for people."""

    code: ReasonCode
    message: str | Promise

    @classmethod
    def of(cls, code: ReasonCode, message: str | Promise | None = None) -> "Reason":
        """The reason of that code, in its own words unless others are given."""
        return cls(code=code, message=message or code.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One WeChat transaction of an order. Amounts in fen, None where the shop does not say."""

    sub_mchid: str
    transaction_id: str
    has_refund: bool
    refund_id: str = ""  # with several refunds: the newest successful one
    merchant: str = "default"
    description: str = ""
    reference: str = ""
    paid_amount: int | None = None
    refunded_amount: int | None = None
    subsidy_amount: int | None = None
    blocked_because: str = ""

    @property
    def is_partly_refunded(self) -> bool:
        """Whether less came back than was paid, as far as the shop says."""
        if self.paid_amount is None or self.refunded_amount is None:
            return False
        return self.refunded_amount < self.paid_amount


class OrderAdapter:
    """How one model of a shop becomes WeChat transactions. Subclass it where a mapping is too little.

    `model` is the shop's model. Only `targets` has to be written.
    """

    model: ClassVar[type[models.Model]]

    def get_queryset(self, request: HttpRequest | None = None) -> models.QuerySet[Any]:
        """The orders that exist for this request (None: for the shop's own code), ready for `targets`."""
        return self.model._default_manager.all()

    def targets(self, order: Any) -> Sequence[Target]:
        """The WeChat transactions of an order: one, or one for each sub-order of a combined order (合单)."""
        raise NotImplementedError

    def why_not(self, order: Any, target: Target) -> Reason | None:
        """Why this transaction's subsidy is not to be cancelled; None if it may be.

        A partly refunded order comes last: what speaks against it besides cannot be overridden by
        an explicit yes.
        """
        if not target.transaction_id:
            return Reason.of(ReasonCode.MISSING_TRANSACTION_ID)
        if not target.sub_mchid:
            return Reason.of(ReasonCode.MISSING_SUB_MCHID)
        if not target.has_refund:
            return Reason.of(ReasonCode.NOT_REFUNDED)
        if target.blocked_because:
            return Reason.of(ReasonCode.BLOCKED, target.blocked_because)
        if target.is_partly_refunded and app_settings.partial_refunds != "allow":
            return Reason.of(ReasonCode.PARTLY_REFUNDED)
        return None

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        """The order with this transaction among those of `get_queryset(request)`; None if there is none."""
        raise NotImplementedError

    def scope(self, order: Any) -> str:
        """What decides who may see the order's cancellation; empty where scopes are not in use."""
        return ""

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        """The scopes that this request may see; None for all."""
        return app_settings.scopes(request) if app_settings.scopes else None

    def admin_url(self, order_pk: str) -> str:
        """The order's page in the admin, empty where it has none."""
        options = self.model._meta
        try:
            return reverse(
                f"admin:{options.app_label}_{options.model_name}_change", args=[order_pk]
            )
        except NoReverseMatch:
            return ""
