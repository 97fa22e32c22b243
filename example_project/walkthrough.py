"""What the demo does with the shop's orders, and what it says of it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import Reason, ReasonCode, adapter_for
from wechat_subsidies.outcomes import advice
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.terminal import table, wrapped

from .shop.models import Order
from .shop.subsidies import orders

Status = SubsidyCancellation.Status
Cancellations = dict[str, SubsidyCancellation]

WORDS_COLUMNS = 44  # a Request-ID just fits
ADVICE_COLUMNS = 96
WORDS_FOR_EARLIER = {
    Status.SUCCEEDED: ReasonCode.ALREADY_CANCELLED.label,
    Status.FAILED: ReasonCode.REFUSED_BEFORE.label,
}


def walk_through(sandbox: Sandbox) -> None:
    """Cancel the subsidies of the fully refunded orders, and print what happened to every order."""
    earlier = cancellations()
    print(f"A shop with {Order.objects.count()} orders; the sandbox plays WeChat Pay.\n")
    cancel_fully_refunded(sandbox, earlier=earlier)
    list_partly_refunded(earlier=earlier)
    now = cancellations()
    rows = [row(order, earlier=earlier, now=now) for order in orders().select_related("seller")]
    header = ["Order", "Seller", "Goods", "Refunded", "What happened, and WeChat's Request-ID"]
    print(table(header=header, rows=rows), end="\n\n")
    explain_refusals(now[key] for key in now if key not in earlier)


def cancellations() -> Cancellations:
    """All that have been asked for, by the key of their order."""
    return {each.order_pk: each for each in SubsidyCancellation.objects.order_by("pk")}


def cancel_fully_refunded(sandbox: Sandbox, *, earlier: Cancellations) -> None:
    """Have the subsidies cancelled of the fully refunded orders for which nobody asked before."""
    calls_before = len(sandbox.ledger)
    left = refunded_orders().filter(refunded_fen__gte=F("paid_fen")).exclude(pk__in=list(earlier))
    count = sum(why_not(order) is None for order in left)
    if count:
        services.cancel_subsidies(left, requested_by="make demo")
    services.process_due()
    calls = len(sandbox.ledger) - calls_before
    found = f"subsidies to cancel: {count}" if count else "there is nothing left to do"
    print(f"Fully refunded orders: {found}. Calls made: {calls}.\n")


def refunded_orders() -> QuerySet[Any]:
    """The orders of which anything came back, with what the shop's queryset adds to them."""
    everything: QuerySet[Any] = orders()
    return everything.filter(has_refund=True)


def why_not(order: Order) -> Reason | None:
    """What speaks against cancelling the order's subsidy: the words that staff would read, too."""
    adapter = adapter_for(Order)
    (target,) = adapter.targets(order)
    return adapter.why_not(order, target)


def list_partly_refunded(*, earlier: Cancellations) -> None:
    """Name the orders for which a smaller subsidy may still be owed; only staff can decide."""
    partly = refunded_orders().filter(refunded_fen__lt=F("paid_fen"))
    rows = [
        [[order.number], [order.title], *amounts(order)]
        for order in partly.exclude(pk__in=list(earlier))
    ]
    if rows:
        print("Partly refunded orders are left alone, staff decide:\n")
        header = ["Order", "Goods", "Refunded", "    Paid", " Subsidy"]
        print(table(header=header, rows=rows), end="\n\n")


def amounts(order: Any) -> list[list[str]]:
    """What was refunded, paid and subsidised, in yuan."""
    return [[f"{yuan(fen):>8}"] for fen in (order.refunded_fen, order.paid_fen, order.subsidy_fen)]


def row(order: Any, *, earlier: Cancellations, now: Cancellations) -> list[list[str]]:
    """The order's row in the table, a list of lines for each cell."""
    key = str(order.pk)
    words = what_happened(order, now.get(key), is_earlier=key in earlier)
    request_id = now[key].request_id if key in now else ""
    return [
        [*filter(None, [order.number, order.checkout])],
        [order.seller.name],
        [order.title],
        [refunded(order)],
        [*wrapped(words, at=WORDS_COLUMNS), *filter(None, [request_id])],
    ]


def refunded(order: Any) -> str:
    """How much of the order came back."""
    if not order.has_refund:
        return "nothing"
    count = order.refunds.filter(is_successful=True).count()
    how = f" ({count} refunds)" if count > 1 else ""
    if order.refunded_fen < order.paid_fen:
        return "partly" + how
    return "fully" + how


def what_happened(
    order: Order, cancellation: SubsidyCancellation | None, *, is_earlier: bool
) -> str:
    """In words: what became of its cancellation, or why there is none."""
    if cancellation is None:
        reason = why_not(order)
        return str(reason.message) if reason else ""
    status = Status(cancellation.status)
    words = WORDS_FOR_EARLIER.get(status) if is_earlier else None
    return str(words or status.label)


def explain_refusals(asked_now: Iterable[SubsidyCancellation]) -> None:
    """Say of each refused cancellation what WeChat Pay answered and what to do."""
    for each in asked_now:
        if each.status in (Status.FAILED, Status.NEEDS_REVIEW):
            print(f"{each.order_reference}: {each.error_code}: {each.error_message}", end="\n    ")
            lines = wrapped(str(advice(each.reason)), at=ADVICE_COLUMNS)
            print(*lines, sep="\n    ", end="\n\n")


def yuan(fen: int) -> str:
    """An amount of fen in yuan."""
    return f"¥{fen // 100}.{fen % 100:02}"
