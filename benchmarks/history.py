"""The newest part of a shop's history: its last 10,000 cancellations, and what belongs to them.

It holds the same however long the history is: what waits to be sent or for a person does not grow
with what is over. What came before is copied from it (copies.py).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User

from example_project.shop.models import Order, Refund, Seller
from wechat_subsidies.models import (
    CancellationAttempt,
    CancellationBatch,
    CancellationBatchItem,
    SubsidyCancellation,
)

from .gateway import MCHID

PART: Final = 10_000  # cancellations
OF_BATCH: Final = 100
BATCHES: Final = PART // OF_BATCH
SELLERS: Final = 100
TO_CANCEL: Final = 150  # refunded orders for which nobody has asked yet
SPAN: Final = timedelta(minutes=1_000_000)  # nearly two years, however long the history is
INSERTED: Final = 1_000  # rows of an INSERT

# Of a hundred cancellations these have not succeeded.
OTHERWISE: Final = {7: "pending", 42: "failed", 84: "withdrawn"}
SELDOM: Final = 500  # of so many one awaits review


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a cancellation in history, counted from 1, and what follows from it.

    The order's key is twice its number; between two of them is room for one that was not refunded.
    """

    number: int
    newest: int
    now: datetime

    @property
    def order(self) -> int:
        """The key of its order."""
        return 2 * self.number

    @property
    def at(self) -> datetime:
        """When it was asked for."""
        return self.now - (self.newest - self.number) * SPAN / self.newest

    @property
    def seller(self) -> int:
        """The key of the order's seller."""
        return 1 + self.number % SELLERS

    @property
    def texts(self) -> dict[str, str]:
        """What orders and their transactions are called."""
        return {
            "sub_mchid": sub_mchid(self.seller),
            "transaction_id": f"42{self.order:012}",
            "refund_id": f"50{self.order:012}",
            "order_model": "shop.Order",
            "order_pk": str(self.order),
            "order_reference": f"N{self.order:012}",
        }


def sub_mchid(seller: int) -> str:
    """The sub-merchant's ID of a seller."""
    return f"19{seller:08}"


AMOUNTS: Final = {"paid_amount": 10_000, "refunded_amount": 10_000, "subsidy_amount": 2_000}


def newest_part(count: int) -> Iterator[list[Any]]:
    """The newest part of a history of so many cancellations, model by model."""
    now = datetime.now().astimezone()
    places = [Place(number, count, now) for number in range(count - PART + 1, count + 1)]
    unasked = [Place(number, count, now) for number in range(count + 1, count + TO_CANCEL + 1)]
    yield [root()]
    yield sellers()
    yield [order(each, key=each.order) for each in places + unasked]
    yield [order(each, key=each.order + 1) for each in places if each.number % 4 == 0]
    yield [refund(each) for each in places + unasked]
    yield [cancellation(each) for each in places]
    yield [attempt(each) for each in places if status(each.number) != "pending"]
    yield [batch(key, now) for key in range(batch_of(count) - BATCHES + 1, batch_of(count) + 1)]
    yield [item(each) for each in places]


def status(number: int) -> str:
    """The status of a cancellation."""
    return "needs_review" if number % SELDOM == 0 else OTHERWISE.get(number % 100, "succeeded")


def root() -> User:
    """Whoever asked for all of it."""
    return User(pk=1, username="root", is_staff=True, is_superuser=True, is_active=True)


def sellers() -> list[Seller]:
    """All sellers: as many however long the history is."""
    return [Seller(pk=n, name=f"S{n}", wechat_mchid=sub_mchid(n)) for n in range(1, SELLERS + 1)]


def order(place: Place, *, key: int) -> Order:
    """An order, paid three days before it was refunded, if it was."""
    return Order(
        pk=key,
        number=f"N{key:012}",
        seller_id=place.seller,
        title="商品",
        wechat_transaction_id=f"42{key:012}",
        paid_fen=AMOUNTS["paid_amount"],
        subsidy_fen=AMOUNTS["subsidy_amount"],
        paid_at=place.at - timedelta(days=3),
    )


def refund(place: Place) -> Refund:
    """The whole refund of an order."""
    return Refund(
        pk=place.number,
        order_id=place.order,
        refund_id=place.texts["refund_id"],
        fen=AMOUNTS["refunded_amount"],
        refunded_at=place.at,
    )


def cancellation(place: Place) -> SubsidyCancellation:
    """One, asked for from the admin or by the API."""
    now = status(place.number)
    is_sent, has_succeeded = now not in {"pending", "withdrawn"}, now == "succeeded"
    return SubsidyCancellation(
        pk=place.number,
        merchant="default",
        mchid=MCHID,
        **place.texts,
        **AMOUNTS,
        description="订单退款",
        request_body=body(place),
        status=now,
        proof="wechat" if has_succeeded else "",
        reason="cancelled" if has_succeeded else "",
        result="SUCCESS" if has_succeeded else "",
        request_id=f"R{place.number:012}" if is_sent else "",
        attempt_count=int(is_sent),
        send_after=place.at if now == "pending" else None,
        asked_at=place.at,
        first_called_at=place.at if is_sent else None,
        source="api" if place.number % 10 == 0 else "admin",
        requested_by_id=1,
        requested_by_name="root",
        created_at=place.at,
        updated_at=place.at,
        completed_at=place.at if has_succeeded else None,
    )


def body(place: Place, **more: str) -> bytes:
    """The bytes of a request; with `result`, of an answer."""
    names = ("sub_mchid", "transaction_id", "refund_id")
    fields = {name: place.texts[name] for name in names} | {"description": "订单退款", **more}
    return json.dumps(fields, ensure_ascii=False).encode()


def attempt(place: Place) -> CancellationAttempt:
    """The one call of a cancellation."""
    has_succeeded = status(place.number) == "succeeded"
    return CancellationAttempt(
        pk=place.number,
        uuid=UUID(f"00000000-0000-4000-8000-{place.number:012}"),
        cancellation_id=place.number,
        claim_token=UUID(int=0),
        mchid=MCHID,
        started_at=place.at,
        ended_at=place.at,
        request_body=body(place),
        outcome="succeeded" if has_succeeded else "refused",
        reason="cancelled" if has_succeeded else "refused",
        http_status=200 if has_succeeded else 400,
        request_id=f"R{place.number:012}",
        answer_body=body(place, result="SUCCESS") if has_succeeded else None,
    )


def batch_of(number: int) -> int:
    """The key of the batch in which a cancellation was asked for."""
    return (number - 1) // OF_BATCH + 1


def batch(key: int, now: datetime) -> CancellationBatch:
    """A batch all of whose items were asked for."""
    who: dict[str, Any] = {"requested_by_id": 1, "requested_by_name": "root"}
    return CancellationBatch(pk=key, status="asked", source="admin", created_at=now, **who)


def item(place: Place) -> CancellationBatchItem:
    """The item of a batch that became a cancellation."""
    return CancellationBatchItem(
        pk=place.number,
        batch_id=batch_of(place.number),
        position=(place.number - 1) % OF_BATCH,
        status="asked",
        merchant="default",
        **place.texts,
        **AMOUNTS,
        description="订单退款",
        cancellation_id=place.number,
        newly_recorded=True,
        asked_at=place.at,
    )
