"""A shop in which something of everything has happened, and where all of it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User

from example_project.shop.models import Order
from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..admin.pages import (
    BATCHES,
    CANCELLATIONS,
    ORDERS,
    PAUSES,
    batch_page,
    cancellation_page,
    decision_page,
    pause_page,
)

HOME: Final = "/admin/wechat_subsidies/"
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
        done, refused, unknown, contradicted, stated = (self.order() for _ in range(5))
        self.fault("drop_after", unknown)
        for order in (contradicted, stated):  # it was carried out, we do not hear of it, ask again
            self.fault("drop_after", order, times=1)
        for order in (refused, contradicted, stated):
            self.fault(REFUSED, order)
        finished = self.confirmed(done, refused, unknown, contradicted, stated)
        for _ in range(2):
            services.work_on_batch(finished.pk)
            SubsidyCancellation.objects.filter(status="pending").update(
                send_after=clock.now("default")
            )
        services.resolve(
            cancellation_of(stated), succeeded=True, note=self.texts.note, resolved_by=self.user
        )
        preview = batch_page(self.draft(*self.all_kinds(), refused, done))
        return {
            "home": HOME,
            "orders": ORDERS,
            "cancellations": CANCELLATIONS,
            "cancelled": cancellation_page(cancellation_of(done)),
            "refused": cancellation_page(cancellation_of(refused)),
            "unknown": cancellation_page(cancellation_of(unknown)),
            "to be reviewed": cancellation_page(cancellation_of(contradicted)),
            "resolved": cancellation_page(cancellation_of(stated)),
            "to retry": decision_page(cancellation_of(refused), "retry"),
            "to resolve": decision_page(cancellation_of(contradicted), "resolve"),
            "to reopen": decision_page(cancellation_of(stated), "reopen"),
            "batches": BATCHES,
            "finished batch": batch_page(finished),
            "preview": preview,
            "one group": f"{preview}?group=send",
            "expired draft": batch_page(self.expired()),
            "stopped batch": batch_page(self.stopped()),
            **self.pauses(),
            **self.waiting(),
        }

    def all_kinds(self) -> list[Order]:
        """An order that may be sent, and others that may not."""
        return [
            self.order(),
            self.order(refunds=(300,)),
            self.order(refunds=()),
            self.order(subsidy_fen=0),
            self.order(wechat_transaction_id=""),
        ]

    def expired(self) -> CancellationBatch:
        draft = self.draft(self.order())
        CancellationBatch.objects.filter(pk=draft.pk).update(
            created_at=draft.created_at - timedelta(days=2)
        )
        return draft

    def stopped(self) -> CancellationBatch:
        batch = self.confirmed(self.order(), self.order())
        services.stop_batch(batch, stopped_by=self.user, note=self.texts.note)
        return batch

    def pauses(self) -> dict[str, str]:
        ended = services.pause(None, reason=self.texts.note, paused_by=self.user)
        services.resume(None, resumed_by=self.user)
        holds = services.pause("default", reason=self.texts.note, paused_by=self.user)
        return {
            "pauses": PAUSES,
            "new pause": f"{PAUSES}add/",
            "pause that holds": pause_page(holds),
            "pause that ended": pause_page(ended),
        }

    def waiting(self) -> dict[str, str]:
        """What waits because sending is paused."""
        order = self.order()
        batch = self.confirmed(order)
        services.work_on_batch(batch.pk)
        return {
            "waiting batch": batch_page(batch),
            "to withdraw": decision_page(cancellation_of(order), "withdraw"),
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

    def fault(self, name: str, order: Order, *, times: int | None = None) -> None:
        """Have the gateway do this to the calls for an order."""
        self.gateway.faults.add(name, transaction_id=order.wechat_transaction_id, times=times)


def cancellation_of(order: Order) -> SubsidyCancellation:
    return SubsidyCancellation.objects.for_order(order).get()
