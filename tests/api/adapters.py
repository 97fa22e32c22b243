"""Adapters as shops write them."""

from collections.abc import Collection, Sequence
from typing import Any

from django.http import HttpRequest

from example_project.shop.models import Order, Seller
from wechat_subsidies.orders import OrderAdapter, Target


class EverySellersOrders(OrderAdapter):
    """One transaction for each word of the title; callers see the sellers that their header names."""

    model = Order

    def targets(self, order: Any) -> Sequence[Target]:
        return [
            Target(sub_mchid=order.seller.wechat_mchid, transaction_id=each, has_refund=True)
            for each in order.title.split()
        ]

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        return Order.objects.filter(title__contains=transaction_id).first()

    def scope(self, order: Any) -> str:
        return str(order.seller_id)

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        return request.headers.get("X-Sellers", "").split(",")


class OpenSellers(OrderAdapter):
    """Sellers whom every caller sees."""

    model = Seller

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        return None

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        return None


class FailingOrders(EverySellersOrders):
    """One with a mistake in it."""

    def targets(self, order: Any) -> Sequence[Target]:
        raise ZeroDivisionError

    def scopes(self, request: HttpRequest) -> Collection[str] | None:
        return None
