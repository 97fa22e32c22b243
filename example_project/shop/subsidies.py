"""The orders as wechat_subsidies sees them: with what their refunds come to."""

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from .models import Order, Refund


def orders(request: HttpRequest | None = None) -> QuerySet[Order]:
    """All orders, each with has_refund, refunded_fen, refunded_at and latest_refund_id."""
    successful = Refund.objects.filter(order=OuterRef("pk"), is_successful=True)
    total = successful.order_by().values("order").annotate(total=Sum("fen")).values("total")
    latest = successful.order_by("-pk")
    return Order.objects.annotate(
        has_refund=Exists(successful),
        refunded_fen=Coalesce(Subquery(total), 0),
        refunded_at=Subquery(latest.values("refunded_at")[:1]),
        latest_refund_id=Subquery(latest.values("refund_id")[:1]),
    )
