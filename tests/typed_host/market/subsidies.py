"""How this shop's orders become transactions of WeChat Pay."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet
from django.http import HttpRequest

from wechat_subsidies.orders import OrderAdapter, Reason, Target

from .models import Order


class OrderSubsidies(OrderAdapter):
    model = Order

    def get_queryset(self, request: HttpRequest | None = None) -> QuerySet[Order]:
        return Order.objects.prefetch_related("refunds")

    def candidates(self) -> QuerySet[Order]:
        return Order.objects.filter(refunds__isnull=False).distinct()

    def targets(self, order: Order) -> Sequence[Target]:
        refunds = list(order.refunds.all())
        return [
            Target(
                sub_mchid=order.sub_mchid,
                transaction_id=order.transaction_id,
                has_refund=bool(refunds),
                refund_id=refunds[-1].refund_id if refunds else "",
                paid_amount=order.paid_fen,
                refunded_amount=sum(refund.fen for refund in refunds),
                reference=order.number,
            )
        ]

    def why_not(self, order: Order, target: Target) -> Reason | None:
        return super().why_not(order, target)

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Order | None:
        found = self.get_queryset(request)
        return found.filter(sub_mchid=sub_mchid, transaction_id=transaction_id).first()

    def find_by_reference(self, reference: str) -> Sequence[Order]:
        return list(self.get_queryset().filter(number=reference))

    def scope(self, order: Order) -> str:
        return order.sub_mchid

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        return None

    def admin_url(self, order_pk: str, *, site_name: str = "admin") -> str:
        return f"https://support.market.example/orders/{order_pk}/"
