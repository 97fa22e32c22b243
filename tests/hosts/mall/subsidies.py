from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from wechat_subsidies.orders import OrderAdapter, Target

from .models import Checkout


class CheckoutAdapter(OrderAdapter):
    model = Checkout

    def get_queryset(self, request: HttpRequest | None = None) -> QuerySet[Any]:
        return Checkout.objects.prefetch_related("parts__refunds")

    def targets(self, order: Any) -> Sequence[Target]:
        return [
            Target(
                sub_mchid=part.sub_mchid,
                transaction_id=part.transaction_id,
                has_refund=bool(refunds := [r for r in part.refunds.all() if r.is_successful]),
                refund_id=max(refunds, key=lambda refund: refund.pk).refund_id if refunds else "",
                reference=order.number,
            )
            for part in order.parts.all()
        ]

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        parts = {"parts__transaction_id": transaction_id, "parts__sub_mchid": sub_mchid}
        return self.get_queryset(request).filter(**parts).first()
