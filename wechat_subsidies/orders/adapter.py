"""What this package needs to know of an order, and the class that a shop may write to tell it."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest

from ..conf import app_settings
from ..places import admin_page
from .keys import concrete
from .reasons import Reason, ReasonCode
from .targets import Target

Identity = tuple[str, str]  # of a transaction: its sub-merchant and its ID


class OrderAdapter:
    """How one model of a shop becomes WeChat transactions. Subclass it where a mapping is too little.

    `model` is the shop's model. `targets` has to be written, and `find` wherever a transaction may be
    asked for by its identifiers: in the REST API, and with `services.cancel_subsidy`. `candidates`
    and `find_by_reference` are for commands.
    """

    model: ClassVar[type[models.Model]]

    @property
    def label(self) -> str:
        """What the model is recorded as, such as "shop.Order": of a proxy, the model that it stands for."""
        return concrete(self.model)._meta.label

    def get_queryset(self, request: HttpRequest | None = None) -> models.QuerySet[Any]:
        """The orders that exist for this request (None: for the shop's own code), ready for `targets`."""
        return self.model._default_manager.all()

    def candidates(self) -> models.QuerySet[Any]:
        """The orders among which `cancel_refunded_subsidies` looks for something to cancel; here all.

        It need not be exact, only leave none out: each order is loaded through `get_queryset()` and
        judged by `targets` and `why_not` in any case. So narrow it down by what an index serves,
        such as a flag in a column or the orders of the last months. Of the QuerySet, which may be
        neither sliced nor filtered by a window function, only the keys are taken, a few hundred at
        a time in the order of the keys.
        """
        return self.get_queryset().order_by("pk")

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
        """The order with this transaction among those of `get_queryset(request)`; None if there is none.

        Both identifiers have to fit the same transaction. A shop that reads from a replica looks where
        it writes, since what is found is decided on. There is no default, and "none" would be a
        wrong one: an order that is not found is asked for without its rules. Raises
        NotImplementedError until it is written.
        """
        message = (
            f"{type(self).__name__} has no find(), so that transactions cannot be asked for by their "
            "identifiers. Write find(), or ask with the order itself: cancel_subsidy_for_order()."
        )
        raise NotImplementedError(message)

    def find_several(
        self, wanted: Collection[Identity], *, request: HttpRequest | None = None
    ) -> dict[Identity, Any]:
        """The orders with these transactions, each a sub-merchant and an ID; those that there are.

        For batches of the REST API. Here `find` is called for each; override it where one query
        can look for many.
        """
        found = {
            (sub_mchid, transaction_id): self.find(
                sub_mchid=sub_mchid, transaction_id=transaction_id, request=request
            )
            for sub_mchid, transaction_id in wanted
        }
        return {identity: order for identity, order in found.items() if order is not None}

    def find_by_reference(self, reference: str) -> Sequence[Any]:
        """The orders that people call so: none, one or, where it is not unique, several.

        For `cancel_subsidies FILE.csv`, where files name orders so. Raises NotImplementedError until
        it is written.
        """
        message = (
            f"{type(self).__name__} has no find_by_reference(), so that orders cannot be named by their "
            "reference. Write it, or name transactions by sub_mchid and transaction_id."
        )
        raise NotImplementedError(message)

    def scope(self, order: Any) -> str:
        """What decides who may see the order's cancellation; empty where scopes are not in use."""
        return ""

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        """The scopes that this request may see; None for all."""
        return app_settings.scopes(request) if app_settings.scopes else None

    def admin_url(self, order_pk: str, *, site_name: str = "admin") -> str:
        """The page at which staff see the order, empty where there is none; here that in the admin.

        The key is that of the row, as text: lists link to hundreds of orders and load none of them.
        `site_name` is that of the admin site whose staff would go there; here theirs comes first,
        then the default one.
        """
        options = self.model._meta
        name = f"{options.app_label}_{options.model_name}_change"
        return admin_page(name, order_pk, site_name=site_name)
