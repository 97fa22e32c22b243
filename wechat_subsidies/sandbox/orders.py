"""The orders that the gateway knows, and the rules of cancelling their subsidies.

Source: pay.weixin.qq.com/doc/v3/partner/4012477639 and pay.weixin.qq.com/wiki/doc/apiv3_partner/
apis/chapter7_5_3.shtml. How a repeated cancellation is answered is documented nowhere.
"""

import threading
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from wechat_subsidies.sandbox.messages import RefusalError, error

Repeat = Literal["success", "invalid_request"]
RefundStatus = Literal["SUCCESS", "CLOSED", "PROCESSING", "ABNORMAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund of an order: WeChat Pay's number, its status and its amount in fen."""

    refund_id: str
    status: RefundStatus = "SUCCESS"
    amount: int = 100

    def __post_init__(self) -> None:
        if self.status not in get_args(RefundStatus):
            known = ", ".join(get_args(RefundStatus))
            raise ValueError(
                f"Refund {self.refund_id}: status {self.status!r}, not one of {known}."
            )

    @property
    def has_happened(self) -> bool:
        """Whether money goes back: one that is closed or stuck gives nothing to cancel for."""
        return self.status in ("SUCCESS", "PROCESSING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The parameters of a cancel call, by which a repeat is recognised."""

    sub_mchid: str
    transaction_id: str
    refund_id: str | None
    description: str


@dataclass(slots=True, kw_only=True)
class Order:
    """One transaction of one sub-merchant.

    `refunded` without `refunds` means a refund whose number is not known yet: the first one that
    a call names becomes it. `mchid` None means that any platform may call for the order.
    """

    sub_mchid: str
    transaction_id: str
    mchid: str | None = None
    refunded: bool = True
    refunds: list[Refund] = field(default_factory=list)
    profit_shared: bool = False
    subsidy_mark: bool = True
    cancelled: bool = False
    cancellation: Cancellation | None = None

    @property
    def has_refund(self) -> bool:
        """Whether a refund has happened, the condition of every cancellation."""
        if self.refunds:
            return any(refund.has_happened for refund in self.refunds)
        return self.refunded

    def owns_refund(self, refund_id: str) -> bool:
        """Say whether the refund is this order's, learning its number if none is known yet."""
        if not self.refunds:
            self.refunds.append(Refund(refund_id=refund_id))
        return any(refund.refund_id == refund_id for refund in self.refunds)


class Orders:
    """All orders by transaction, guarded by one lock.

    `create` makes orders on first sight. `repeat` is how a repeat of a successful cancellation
    with the same parameters is answered: again with "success", or with "invalid_request".
    """

    def __init__(self, *, create: bool, repeat: Repeat) -> None:
        self.create = create
        self.repeat = repeat
        self._orders: dict[str, Order] = {}
        self._lock = threading.Lock()

    @property
    def repeat(self) -> Repeat:
        """How a repeated cancellation is answered."""
        return self._repeat

    @repeat.setter
    def repeat(self, value: Repeat) -> None:
        if value not in get_args(Repeat):
            raise ValueError(
                f"repeat is {value!r} and must be one of {', '.join(get_args(Repeat))}."
            )
        self._repeat = value

    def add(self, order: Order) -> None:
        """Put an order there, in place of an earlier one with its transaction_id."""
        with self._lock:
            self._orders[order.transaction_id] = order

    def all(self) -> list[Order]:
        """Return copies of all orders, as they were first seen."""
        with self._lock:
            return [_copy(order) for order in self._orders.values()]

    def get(self, transaction_id: str) -> Order | None:
        """Return a copy of one order, None if it is not known."""
        with self._lock:
            order = self._orders.get(transaction_id)
            return order and _copy(order)

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._orders.clear()

    def is_cancelled(self, *, sub_mchid: str, transaction_id: str) -> bool:
        """Say whether the subsidy of the sub-merchant's order is cancelled; no such order: no."""
        with self._lock:
            order = self._orders.get(transaction_id)
            return bool(order and order.sub_mchid == sub_mchid and order.cancelled)

    def cancel(self, wanted: Cancellation, *, mchid: str) -> bool:
        """Cancel a subsidy and return True; return False if that was done by the same call before.

        Raises RefusalError with the gateway's answer where a rule is broken.
        """
        with self._lock:
            order = self._find(wanted, mchid=mchid)
            if order.cancelled:
                self._check_repeat(order, wanted)
                return False
            _check_rules(order, wanted)
            order.cancelled = True
            order.cancellation = wanted
            return True

    def refund(self, *, refund_id: str, sub_mchid: str, mchid: str) -> tuple[Order, Refund]:
        """Return a refund and its order. Raises RefusalError with a 404 where there is none."""
        with self._lock:
            found = [
                (order, refund)
                for order in self._orders.values()
                if order.sub_mchid == sub_mchid and order.mchid in (None, mchid)
                for refund in order.refunds
                if refund.refund_id == refund_id
            ]
        if not found:
            message = f"Sub-merchant {sub_mchid} has no refund {refund_id}."
            raise RefusalError(error(404, "RESOURCE_NOT_EXISTS", message))
        return found[0]

    def _find(self, wanted: Cancellation, *, mchid: str) -> Order:
        order = self._orders.get(wanted.transaction_id)
        if order is None and self.create:
            order = Order(
                sub_mchid=wanted.sub_mchid, transaction_id=wanted.transaction_id, mchid=mchid
            )
            self._orders[wanted.transaction_id] = order
        if order is None or order.sub_mchid != wanted.sub_mchid or order.mchid not in (None, mchid):
            message = (
                f"Sub-merchant {wanted.sub_mchid} has no order {wanted.transaction_id} "
                f"under merchant {mchid}."
            )
            raise RefusalError(error(404, "ORDER_NOT_EXIST", message))
        return order

    def _check_repeat(self, order: Order, wanted: Cancellation) -> None:
        if order.cancellation not in (None, wanted):
            raise _invalid_request(order, "was cancelled before with other parameters")
        if self.repeat == "invalid_request":
            raise _invalid_request(order, "has had its subsidy cancelled already")


def _copy(order: Order) -> Order:
    return replace(order, refunds=list(order.refunds))


def _check_rules(order: Order, wanted: Cancellation) -> None:
    if not order.subsidy_mark:
        raise _invalid_request(order, "was placed without a subsidy mark")
    if not order.has_refund:
        raise _invalid_request(order, "has no refund, which a cancellation requires")
    if order.profit_shared:
        raise _invalid_request(order, "has been profit-shared already")
    if wanted.refund_id is not None and not order.owns_refund(wanted.refund_id):
        raise _invalid_request(order, f"has no refund {wanted.refund_id}")


def _invalid_request(order: Order, why: str) -> RefusalError:
    return RefusalError(error(400, "INVALID_REQUEST", f"Order {order.transaction_id} {why}."))
