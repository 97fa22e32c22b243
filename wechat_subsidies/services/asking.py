"""Asking for the cancellation of one order's subsidy: recorded first, sent after the commit."""

from dataclasses import dataclass
from functools import partial as bind
from typing import Any

from django.db import IntegrityError, connections, models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import clock
from ..conf import MerchantSettings, app_settings
from ..exceptions import (
    ConcurrentRequest,
    Conflict,
    InvalidRequest,
    NotEligible,
    SeveralTransactions,
)
from ..models import CancellationEvent, SubsidyCancellation
from ..orders import OrderAdapter, Reason, ReasonCode, Target, adapter_for, adapters, find_order
from ..wechatpay import CancelRequest, InvalidParameter
from .requester import Requester
from .transactions import after_commit, refuse_foreign_transaction, write_alias

Status = SubsidyCancellation.Status
Source = SubsidyCancellation.Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One wish, looked through and ready to be recorded: who is asked, for what, by whom."""

    merchant: MerchantSettings
    request: CancelRequest
    requester: Requester
    source: str
    refund_id_given: bool
    description_given: bool
    order_facts: dict[str, Any]

    @property
    def identity(self) -> dict[str, str]:
        """What a cancellation is known by."""
        return {
            "sub_mchid": self.request.sub_mchid,
            "transaction_id": self.request.transaction_id,
        }


def cancel_subsidy(
    *,
    sub_mchid: str,
    transaction_id: str,
    description: str | None = None,
    refund_id: str | None = None,
    merchant: str = "default",
    requested_by: Any = None,
    partial: bool = False,
    send: str = "now",
    source: str = Source.SERVICE,
    http_request: HttpRequest | None = None,
) -> SubsidyCancellation:
    """Ask WeChat Pay to cancel the subsidy of one transaction; recorded before it is sent.

    `description` (up to 80 characters) defaults to the order's or the settings'; `refund_id` to the
    order's. Where `ORDERS` is set and has an order with this transaction, its rules apply; a partly
    refunded one needs `partial=True`. `requested_by` is a user or a name. `send="later"` only
    records; the next sweep sends it.

    Returns the cancellation in whatever state it is: `newly_recorded` says whether this call
    recorded it, `differs` in which parameters an earlier one differs. Inside `atomic()` it is sent
    after the commit.

    Raises InvalidRequest, NotEligible, Conflict, ConcurrentRequest or ForeignTransaction, and only
    for what was not recorded.
    """
    # Found before it is validated on purpose: an order says better what is wrong with it.
    found = (
        find_order(sub_mchid=sub_mchid, transaction_id=transaction_id, request=http_request)
        if adapters()
        else None
    )
    if found is None:
        target = Target(
            sub_mchid=sub_mchid, transaction_id=transaction_id, has_refund=True, merchant=merchant
        )
        facts: dict[str, Any] = {}
    else:
        adapter, order = found
        target = target_named(adapter, order, sub_mchid=sub_mchid, transaction_id=transaction_id)
        refuse_if_not_eligible(adapter, order, target, partial=partial)
        refuse_other_merchant(merchant, target)
        merchant = target.merchant
        facts = order_facts(adapter, order, target)
    return ask(
        prepare(
            target,
            description=description,
            refund_id=refund_id,
            merchant=merchant,
            requested_by=requested_by,
            source=source,
            facts=facts,
        ),
        send=send,
    )


def cancel_subsidy_for_order(
    order: models.Model,
    *,
    description: str | None = None,
    refund_id: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    send: str = "now",
    source: str = Source.SERVICE,
) -> SubsidyCancellation:
    """Ask WeChat Pay to cancel the subsidy of an order of the shop; otherwise like `cancel_subsidy`.

    The order is loaded anew through its adapter, as it is by now and with what the mapping reads.
    Raises SeveralTransactions for a combined order: name one transaction to `cancel_subsidy`, or
    give the order to `cancel_subsidies`.
    """
    adapter = adapter_for(type(order))
    order = adapter.get_queryset().filter(pk=order.pk).first()
    if order is None:
        raise NotEligible(ReasonCode.NOT_FOUND.label, code=ReasonCode.NOT_FOUND)
    targets = adapter.targets(order)
    if len(targets) > 1:
        raise SeveralTransactions(
            _(
                "The order %(order)s holds %(count)d WeChat Pay transactions. Name one of them to "
                "cancel_subsidy(), or pass the order to cancel_subsidies() to cancel all."
            )
            % {"order": order, "count": len(targets)}
        )
    if not targets:
        raise NotEligible(
            ReasonCode.MISSING_TRANSACTION_ID.label, code=ReasonCode.MISSING_TRANSACTION_ID
        )
    (target,) = targets
    refuse_if_not_eligible(adapter, order, target, partial=partial)
    return ask(
        prepare(
            target,
            description=description,
            refund_id=refund_id,
            merchant=target.merchant,
            requested_by=requested_by,
            source=source,
            facts=order_facts(adapter, order, target),
        ),
        send=send,
    )


def target_named(
    adapter: OrderAdapter, order: Any, *, sub_mchid: str, transaction_id: str
) -> Target:
    """The order's transaction of that name."""
    for target in adapter.targets(order):
        if (target.sub_mchid, target.transaction_id) == (sub_mchid, transaction_id):
            return target
    message = (
        f"{type(adapter).__name__}.find() returned the order {order} for the transaction "
        f"{transaction_id}, and targets() of that order does not have it."
    )
    raise LookupError(message)


def reason_against(
    adapter: OrderAdapter, order: Any, target: Target, *, partial: bool
) -> Reason | None:
    """Why the transaction's subsidy is not to be cancelled, an explicit yes taken into account."""
    reason = adapter.why_not(order, target)
    if reason is None or reason.code != ReasonCode.PARTLY_REFUNDED:
        return reason
    return None if partial and app_settings.partial_refunds == "ask" else reason


def refuse_if_not_eligible(
    adapter: OrderAdapter, order: Any, target: Target, *, partial: bool
) -> None:
    """Raise NotEligible, with the reason's code and words, unless the subsidy may be cancelled."""
    reason = reason_against(adapter, order, target, partial=partial)
    if reason is not None:
        raise NotEligible(reason.message, code=reason.code)


def refuse_other_merchant(merchant: str, target: Target) -> None:
    """Raise InvalidRequest if a merchant was named, and not the order's."""
    if merchant in {"default", target.merchant}:
        return
    words = _("The order belongs to the merchant “%(its)s”, not to “%(named)s”.") % {
        "its": target.merchant,
        "named": merchant,
    }
    raise InvalidRequest(words, fields={"merchant": ("not_the_orders", words)})


def order_facts(adapter: OrderAdapter, order: Any, target: Target) -> dict[str, Any]:
    """What a cancellation keeps of the order, as it is now."""
    return {
        "order_model": adapter.model._meta.label,
        "order_pk": str(order.pk),
        "order_reference": (target.reference or str(order))[:128],
        "scope": adapter.scope(order),
        "paid_amount": target.paid_amount,
        "refunded_amount": target.refunded_amount,
        "subsidy_amount": target.subsidy_amount,
    }


def prepare(
    target: Target,
    *,
    description: str | None,
    refund_id: str | None,
    merchant: str,
    requested_by: Any,
    source: str,
    facts: dict[str, Any],
) -> Ask:
    """Look through what is asked for before anything is written. Raises InvalidRequest."""
    if merchant not in app_settings.merchants:
        words = _("The settings have no merchant “%(name)s”.") % {"name": merchant}
        raise InvalidRequest(words, fields={"merchant": ("unknown_merchant", words)})
    settings = app_settings.merchants[merchant]
    refund = refund_id if refund_id is not None else target.refund_id
    try:
        request = CancelRequest(
            sub_mchid=target.sub_mchid,
            transaction_id=target.transaction_id,
            refund_id=(refund or None) if settings.send_refund_id else None,
            description=description or target.description or app_settings.description,
        )
    except InvalidParameter as error:
        raise InvalidRequest(str(error), fields={error.field: (error.code, str(error))}) from error
    return Ask(
        merchant=settings,
        request=request,
        requester=Requester.of(requested_by),
        source=source,
        refund_id_given=refund_id is not None and settings.send_refund_id,
        description_given=description is not None,
        order_facts=facts,
    )


def ask(wish: Ask, *, send: str = "now") -> SubsidyCancellation:
    """Record the wish and, unless it is for later, have it sent after the commit."""
    if send not in {"now", "later"}:
        raise InvalidRequest(_("send is “now” or “later”."))
    using = write_alias()
    refuse_foreign_transaction(using)
    with transaction.atomic(using=using):
        cancellation = record(wish, using=using)
        if send == "now" and cancellation.status == Status.PENDING:
            after_commit(bind(app_settings.dispatcher.send, [cancellation.pk]), using=using)
    if not connections[using].in_atomic_block:
        cancellation.refresh_from_db(using=using)
    return cancellation


def record(wish: Ask, *, using: str) -> SubsidyCancellation:
    """The one row of the wish's transaction: the one that is there, or a new one."""
    cancellations = SubsidyCancellation.objects.using(using)
    existing = cancellations.filter(**wish.identity).first()
    if existing is None:
        try:
            with transaction.atomic(using=using):
                return insert(wish, using=using)
        except IntegrityError:
            # Somebody else was faster. A locking read sees their row even where an older
            # snapshot would hide it.
            existing = cancellations.select_for_update().filter(**wish.identity).first()
    if existing is None:
        raise ConcurrentRequest(
            _("The transaction %(transaction_id)s is being recorded at this moment; try again.")
            % wish.identity
        )
    refuse_conflict(wish, existing)
    if existing.status == Status.WITHDRAWN:
        return ask_again(wish, existing, using=using)
    existing.differs = tuple(differences(wish, existing))
    return existing


def columns(wish: Ask, *, using: str) -> dict[str, Any]:
    """The columns of a cancellation that a wish decides."""
    asked_at = clock.now(using)
    return {
        "merchant": wish.merchant.name,
        "mchid": wish.merchant.mchid,
        "refund_id": wish.request.refund_id or "",
        "description": wish.request.description,
        "request_body": wish.request.to_body(),
        "status": Status.PENDING,
        "send_after": asked_at,
        "asked_at": asked_at,
        "source": wish.source,
        "requested_by": wish.requester.user,
        "requested_by_name": wish.requester.name,
        **wish.order_facts,
    }


def insert(wish: Ask, *, using: str) -> SubsidyCancellation:
    """A new row. Raises IntegrityError if the transaction has one."""
    cancellation = SubsidyCancellation(**wish.identity, **columns(wish, using=using))
    cancellation.save(using=using, force_insert=True)
    cancellation.newly_recorded = True
    return cancellation


def ask_again(wish: Ask, existing: SubsidyCancellation, *, using: str) -> SubsidyCancellation:
    """Ask for what was withdrawn: with the new parameters, for nothing was carried out."""
    changed = columns(wish, using=using) | {"reason": "", "completed_at": None}
    withdrawn = SubsidyCancellation.objects.using(using).filter(
        pk=existing.pk, status=Status.WITHDRAWN, in_doubt=False
    )
    if withdrawn.update(**changed, updated_at=timezone.now()):
        CancellationEvent.objects.using(using).create(
            cancellation=existing,
            kind=CancellationEvent.Kind.ASKED_AGAIN,
            actor=wish.requester.user,
            actor_name=wish.requester.name,
        )
        existing.newly_recorded = True
    existing.refresh_from_db(using=using)
    return existing


def refuse_conflict(wish: Ask, existing: SubsidyCancellation) -> None:
    """Raise if what is recorded belongs to something else than what is asked for."""
    recorded = {name: getattr(existing, name) for name in wish.identity}
    if recorded != wish.identity:  # equal to the database alone, which compares without case
        raise InvalidRequest(
            _(
                "The transaction %(asked)s differs from the recorded %(recorded)s in upper and lower "
                "case alone. Check which is right."
            )
            % {"asked": wish.request.transaction_id, "recorded": existing.transaction_id},
            fields={
                "transaction_id": ("differs_in_case", _("Differs in case from a recorded one."))
            },
        )
    if existing.merchant != wish.merchant.name:
        raise Conflict(
            _("The transaction %(transaction_id)s was asked for under the merchant “%(merchant)s”.")
            % {**wish.identity, "merchant": existing.merchant},
            code="other_merchant",
            cancellation=existing,
        )
    if is_of_other_order(wish, existing):
        raise Conflict(
            _("The transaction %(transaction_id)s was asked for as that of the order %(order)s.")
            % {**wish.identity, "order": existing.order_reference},
            code="other_order",
            cancellation=existing,
        )


def is_of_other_order(wish: Ask, existing: SubsidyCancellation) -> bool:
    """Whether both name an order, and not the same."""
    if not (existing.order_pk and wish.order_facts):
        return False
    asked = wish.order_facts["order_model"], wish.order_facts["order_pk"]
    return asked != (existing.order_model, existing.order_pk)


def differences(wish: Ask, existing: SubsidyCancellation) -> list[str]:
    """The parameters that were given and differ from what is recorded; one left out matches anything."""
    given = {"refund_id": wish.refund_id_given, "description": wish.description_given}
    return [
        name
        for name, is_given in given.items()
        if is_given and (getattr(wish.request, name) or "") != getattr(existing, name)
    ]
