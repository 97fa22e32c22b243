"""Asking for the cancellation of one order's subsidy: recorded first, sent after the commit."""

from collections.abc import Callable
from functools import partial as bind
from typing import Any

from django.db import connections, models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest, NotEligible, SeveralTransactions
from ..models import SubsidyCancellation
from ..orders import ReasonCode, Target, adapter_for, adapters, as_written, find_order
from ..retrying import retried
from .admin_log import log_asked
from .eligibility import (
    refuse_if_not_eligible,
    refuse_other_merchant,
    target_named,
    targets_for,
    the_shops_code,
)
from .recording import is_recorded, record
from .requester import Requester
from .transactions import after_commit, refuse_foreign_transaction, write_alias
from .wishes import Wish, checked_request, order_facts, prepare

Recording = Callable[[], SubsidyCancellation]
Within = Callable[[Recording], SubsidyCancellation]  # carries it out, and returns what it returned

Status = SubsidyCancellation.Status
Source = SubsidyCancellation.Source


def at_once(recording: Recording) -> SubsidyCancellation:
    """What is recorded, within nothing else."""
    return recording()


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
    within: Within = at_once,
) -> SubsidyCancellation:
    """Ask WeChat Pay to cancel the subsidy of one transaction; recorded before it is sent.

    `description` (up to 80 characters) defaults to the order's or the settings'; `refund_id` to the
    order's. Where `ORDERS` is set and has an order with this transaction, its rules apply; a partly
    refunded one needs `partial=True`. Without such an order no rules apply, unless an
    `http_request` is given: then there has to be one, among those that exist for the request.
    `requested_by` is a user or a name. `send="later"` only records; the next sweep sends it.
    `within` carries the recording out, in a transaction with something else that is to stand or fall
    with it; sending waits for that commit, and it is done anew after a deadlock.

    Returns the cancellation in whatever state it is: `newly_recorded` says whether this call
    recorded it, `differs` in which parameters an earlier one differs. Inside `atomic()` it is sent
    after the commit.

    Raises InvalidRequest, NotEligible, Conflict, ConcurrentRequest or ForeignTransaction, and only
    for what was not recorded.
    """
    checked_request(
        sub_mchid=sub_mchid,
        transaction_id=transaction_id,
        refund_id=refund_id,
        description=description,
    )
    with the_shops_code("find the order of the transaction", transaction_id):
        found = find_order(sub_mchid=sub_mchid, transaction_id=transaction_id, request=http_request)
    facts: dict[str, Any] = {}
    if found is not None:
        adapter, order = found
        target = target_named(adapter, order, sub_mchid=sub_mchid, transaction_id=transaction_id)
        # “default” is what is passed where nobody names one.
        refuse_other_merchant(None if merchant == "default" else merchant, target)
        if not is_recorded(target):
            refuse_if_not_eligible(adapter, order, target, partial=partial)
        merchant = target.merchant
        facts = order_facts(adapter, order, target)
    elif http_request is not None and adapters():
        raise NotEligible(ReasonCode.NOT_FOUND.label, code=ReasonCode.NOT_FOUND)
    else:
        target = Target(
            sub_mchid=sub_mchid, transaction_id=transaction_id, has_refund=True, merchant=merchant
        )
    return ask(
        prepare(
            target,
            description=description,
            refund_id=refund_id,
            merchant=merchant,
            requester=Requester.of(requested_by),
            source=source,
            facts=facts,
            http_request=http_request,
        ),
        send=send,
        within=within,
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
    http_request: HttpRequest | None = None,
    within: Within = at_once,
) -> SubsidyCancellation:
    """Ask WeChat Pay to cancel the subsidy of an order of the shop; otherwise like `cancel_subsidy`.

    The order is loaded anew through its adapter, as it is by now and with what the mapping reads.
    With an `http_request` a cancellation that does not exist for it is a Conflict.
    Raises SeveralTransactions for a combined order: name one transaction to `cancel_subsidy`, or
    give the order to `cancel_subsidies`.
    """
    adapter = adapter_for(type(order))
    with the_shops_code("load the order", order.pk):
        loaded = as_written(adapter.get_queryset()).filter(pk=order.pk).first()
    if loaded is None:
        raise NotEligible(ReasonCode.NOT_FOUND.label, code=ReasonCode.NOT_FOUND)
    targets = targets_for(adapter, loaded)
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
    if not is_recorded(target):
        refuse_if_not_eligible(adapter, loaded, target, partial=partial)
    return ask(
        prepare(
            target,
            description=description,
            refund_id=refund_id,
            merchant=target.merchant,
            requester=Requester.of(requested_by),
            source=source,
            facts=order_facts(adapter, loaded, target),
            http_request=http_request,
        ),
        send=send,
        within=within,
    )


def ask(wish: Wish, *, send: str = "now", within: Within = at_once) -> SubsidyCancellation:
    """Record the wish and, unless it is for later, have it sent after the commit."""
    refuse_unknown_way(send)
    using = write_alias()
    refuse_foreign_transaction(using)
    recording = bind(within, bind(record, wish, using=using))
    # Within a transaction of the caller's, trying again is up to whoever began it.
    is_within = connections[using].in_atomic_block
    cancellation = recording() if is_within else retried(recording)
    if cancellation.newly_recorded:
        log_asked([cancellation], using=using)
    if send == "now":
        have_sent(cancellation)
    return cancellation


def have_sent(cancellation: SubsidyCancellation) -> None:
    """Have it sent after the commit if it waits; outside of a transaction it is as it then is."""
    using = write_alias()
    if cancellation.status != Status.PENDING:
        return
    after_commit(lambda: app_settings.dispatcher.send([cancellation.pk]), using=using)
    if not connections[using].in_atomic_block:
        cancellation.refresh_from_db(using=using)


def refuse_unknown_way(send: str) -> None:
    """Raise InvalidRequest unless it is one of the two ways to have something sent."""
    if send not in {"now", "later"}:
        words = _("send is “now” or “later”.")
        raise InvalidRequest(words, fields={"send": ("invalid", words)})
