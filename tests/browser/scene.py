"""A shop in which something of everything has happened, and where all of it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..admin.pages import (
    BATCHES,
    CANCELLATIONS,
    ORDERS,
    PAUSES,
    batch_page,
    cancellation_page,
    pause_page,
)

REFUSED: Final = "refused_in_the_words_of_the_scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What people, shops and WeChat Pay write into our pages; `reference` is followed by a number."""

    reference: str = "SC20261123"
    seller: str = "云岭茶庄"
    title: str = "古树普洱 357g"
    description: str = "十一月退款"
    message: str = "订单已分账，不能取消补差。"
    note: str = "财务核对中，请稍候"
    name: str = "李华"


class Scene:
    """The shop, and who works there. The gateway knows the fault REFUSED."""

    def __init__(
        self, *, gateway: Sandbox, make_order: Callable[..., Order], texts: Texts, user: User
    ) -> None:
        self.gateway, self.make_order, self.texts, self.user = gateway, make_order, texts, user
        self.count = 0

    def pages(self) -> dict[str, str]:
        """Make it all happen. Returns where each of our pages is, by name."""
        refused, unknown, done = self.order(), self.order(), self.order()
        self.fault(REFUSED, refused)
        self.fault("drop_after", unknown)
        finished = self.confirmed(refused, unknown, done)
        services.work_on_batch(finished.pk)
        kinds = [
            self.order(),
            self.order(refunds=(300,)),
            self.order(refunds=()),
            self.order(subsidy_fen=0),
            self.order(wechat_transaction_id=""),
            refused,
            done,
        ]
        draft = self.draft(*kinds)
        stopped = self.confirmed(self.order(), self.order())
        services.stop_batch(stopped, stopped_by=self.user, note=self.texts.note)
        ended = services.pause(None, reason=self.texts.note, paused_by=self.user)
        services.resume(None, resumed_by=self.user)
        holds = services.pause("default", reason=self.texts.note, paused_by=self.user)
        waiting = self.confirmed(self.order())
        services.work_on_batch(waiting.pk)
        return {
            "orders": ORDERS,
            "cancellations": CANCELLATIONS,
            **{
                f"cancellation of {name}": cancellation_page(cancellation_of(order))
                for name, order in {"refused": refused, "unknown": unknown, "done": done}.items()
            },
            "batches": BATCHES,
            "preview": batch_page(draft),
            "finished batch": batch_page(finished),
            "waiting batch": batch_page(waiting),
            "stopped batch": batch_page(stopped),
            "pauses": PAUSES,
            "new pause": f"{PAUSES}add/",
            "pause that holds": pause_page(holds),
            "pause that ended": pause_page(ended),
        }

    def order(self, **fields: Any) -> Order:
        self.count += 1
        number = f"{self.texts.reference}{self.count}"
        order = self.make_order(number=number, title=self.texts.title, **fields)
        type(order.seller).objects.update(name=self.texts.seller)
        return order

    def draft(self, *orders: Order) -> CancellationBatch:
        batch = services.draft_batch(orders, requested_by=self.user, source="admin")
        CancellationBatch.objects.filter(pk=batch.pk).update(description=self.texts.description)
        return batch

    def confirmed(self, *orders: Order) -> CancellationBatch:
        batch = self.draft(*orders)
        services.confirm_batch(batch, confirmed_by=self.user, description=self.texts.description)
        return batch

    def fault(self, name: str, order: Order) -> None:
        """Have the gateway do this to the calls for an order."""
        self.gateway.faults.add(name, transaction_id=order.wechat_transaction_id)


def cancellation_of(order: Order) -> SubsidyCancellation:
    return SubsidyCancellation.objects.for_order(order).get()
