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

    def candidates(self) -> QuerySet[Any]:
        return Checkout.objects.filter(parts__refunds__is_successful=True).distinct()

    def targets(self, order: Any) -> Sequence[Target]:
        return [self.target(order, part) for part in order.parts.all()]

    def target(self, order: Any, part: Any) -> Target:
        refunds = [refund for refund in part.refunds.all() if refund.is_successful]
        newest = max(refunds, key=lambda refund: refund.pk, default=None)
        return Target(
            sub_mchid=part.sub_mchid,
            transaction_id=part.transaction_id,
            has_refund=newest is not None,
            refund_id=newest.refund_id if newest else "",
            refunded_at=newest.moment if newest else None,
            paid_amount=part.paid_fen,
            refunded_amount=sum(refund.fen for refund in refunds),
            reference=order.number,
        )

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        parts = {"parts__transaction_id": transaction_id, "parts__sub_mchid": sub_mchid}
        return self.get_queryset(request).filter(**parts).first()

    def find_by_reference(self, reference: str) -> Sequence[Any]:
        return self.get_queryset().filter(number=reference)
