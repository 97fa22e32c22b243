"""An adapter of whole orders, in which tests make mistakes."""

from collections.abc import Sequence
from typing import Any

from example_project.shop.models import Order
from wechat_subsidies.orders import OrderAdapter, Target


class Simple(OrderAdapter):
    """Each order is one refunded transaction."""

    model = Order

    def targets(self, order: Any) -> Sequence[Target]:
        target = Target(
            sub_mchid=order.seller.wechat_mchid,
            transaction_id=order.wechat_transaction_id,
            has_refund=True,
            reference=order.number,
        )
        return [target]

    def find(self, *, sub_mchid: str, transaction_id: str, request: Any = None) -> Any:
        return Order.objects.filter(wechat_transaction_id=transaction_id).first()

    def find_by_reference(self, reference: str) -> Any:
        return Order.objects.filter(number=reference)
