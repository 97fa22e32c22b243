"""The demo's sellers, orders and refunds: one order of every kind that the shop may meet."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from wechat_subsidies import sandbox as wechatpay
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

from .models import Order, Refund, Seller

TEA, PORCELAIN, BOOKS, FRUIT = "云岭茶庄", "江南瓷坊", "老巷书店", "山野果园"
SELLERS = {
    TEA: "1900013511",
    PORCELAIN: "1900013522",
    BOOKS: "1900013533",
    FRUIT: "",  # has not signed up with WeChat Pay yet
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An order to put into the shop; amounts in fen, `refunds` one by one."""

    number: str
    seller: str
    title: str
    paid: int
    subsidy: int = 0
    refunds: tuple[int, ...] = ()
    days: int = 3  # since it was paid; refunded a day later
    checkout: str = ""
    is_profit_shared: bool = False
    paid_with_wechat: bool = True

    @property
    def transaction_id(self) -> str:
        """WeChat Pay's number of the order, in the shape of real ones."""
        return f"420000100120261122{self.number[2:]:0>10}" if self.paid_with_wechat else ""

    def refund_id(self, position: int) -> str:
        """WeChat Pay's number of one of the refunds, in the shape of real ones."""
        return f"503000100120261122{self.number[2:]:0>7}{position:04}"


PAID = (Example(number="SC1001", seller=TEA, title="古树普洱 357g", paid=26800, subsidy=2000),)
PARTLY_REFUNDED = (
    Example(
        number="SC1002",
        seller=PORCELAIN,
        title="青花盖碗",
        paid=12800,
        subsidy=1000,
        refunds=(3000,),
    ),
    Example(
        number="SC1003",
        seller=BOOKS,
        title="《茶经》校注",
        paid=9600,
        subsidy=800,
        refunds=(1600, 2000),
        days=163,  # of the 180 for which its funds stay frozen
    ),
)
FULLY_REFUNDED = (
    Example(
        number="SC1004",
        seller=TEA,
        title="正山小种 250g",
        paid=15800,
        subsidy=1500,
        refunds=(15800,),
    ),
    Example(
        number="SC1005",
        seller=PORCELAIN,
        title="手绘茶壶「梅」",
        paid=19900,
        subsidy=2000,
        refunds=(5000, 14900),
    ),
    Example(
        number="SC1006", seller=BOOKS, title="《随园食单》", paid=4500, subsidy=500, refunds=(4500,)
    ),
    # One checkout (合单) of two sellers: a transaction of its own for each.
    Example(
        number="SC1007",
        seller=PORCELAIN,
        title="白瓷公道杯",
        paid=8800,
        subsidy=600,
        refunds=(8800,),
        checkout="HD2001",
    ),
    Example(
        number="SC1008",
        seller=BOOKS,
        title="《瓷器鉴赏》",
        paid=6800,
        subsidy=400,
        refunds=(6800,),
        checkout="HD2001",
    ),
)
CANCELLED_YESTERDAY = (
    Example(
        number="SC1009",
        seller=TEA,
        title="茉莉花茶 100g",
        paid=5800,
        subsidy=500,
        refunds=(5800,),
    ),
)
# WeChat Pay will refuse it: profit-shared there, which the shop has not heard of.
REFUSED_BY_WECHAT_PAY = (
    Example(
        number="SC1010", seller=TEA, title="安溪铁观音", paid=32000, subsidy=3000, refunds=(32000,)
    ),
)
NOT_TO_BE_CANCELLED = (
    Example(
        number="SC1011",
        seller=PORCELAIN,
        title="汝窑茶盘",
        paid=45000,
        subsidy=4000,
        refunds=(45000,),
        is_profit_shared=True,
    ),
    Example(number="SC1012", seller=BOOKS, title="《茶馆》剧本", paid=3200, refunds=(3200,)),
    Example(
        number="SC1013",
        seller=TEA,
        title="竹制茶则",
        paid=2900,
        subsidy=300,
        refunds=(2900,),
        paid_with_wechat=False,
    ),
    Example(
        number="SC1014", seller=FRUIT, title="高山脆柿 5斤", paid=4900, subsidy=500, refunds=(4900,)
    ),
)
EXAMPLES = (
    *PAID,
    *PARTLY_REFUNDED,
    *FULLY_REFUNDED,
    *CANCELLED_YESTERDAY,
    *REFUSED_BY_WECHAT_PAY,
    *NOT_TO_BE_CANCELLED,
)


def seed(sandbox: wechatpay.Sandbox) -> None:
    """Put into the shop what is missing of all this, and make the sandbox know the shop's orders.

    What is there already is left as it is.
    """
    add_admin()
    for example in EXAMPLES:
        add_order(example)
    for order in Order.objects.exclude(wechat_transaction_id="").exclude(seller__wechat_mchid=""):
        introduce(order, sandbox)
    for example in CANCELLED_YESTERDAY:
        cancel_as_yesterday(example)


def add_admin() -> None:
    """An account with a password that everybody knows: for a demo, and nowhere else."""
    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", password="admin", first_name="演示管理员")


def add_order(example: Example) -> None:
    """Put one order into the shop, with its seller and its refunds."""
    seller, _ = Seller.objects.get_or_create(
        name=example.seller, defaults={"wechat_mchid": SELLERS[example.seller]}
    )
    paid_at = timezone.now() - timedelta(days=example.days)
    order, is_new = Order.objects.get_or_create(
        number=example.number,
        defaults={
            "seller": seller,
            "checkout": example.checkout,
            "title": example.title,
            "wechat_transaction_id": example.transaction_id,
            "paid_fen": example.paid,
            "subsidy_fen": example.subsidy,
            "paid_at": paid_at,
            "is_profit_shared": example.is_profit_shared,
        },
    )
    if is_new:
        Refund.objects.bulk_create(
            Refund(
                order=order,
                refund_id=example.refund_id(position),
                fen=fen,
                refunded_at=paid_at + timedelta(days=1),
            )
            for position, fen in enumerate(example.refunds, start=1)
        )


def introduce(order: Order, sandbox: wechatpay.Sandbox) -> None:
    """Make the sandbox, which forgets when it ends, know an order as WeChat Pay would."""
    refused = {example.number for example in REFUSED_BY_WECHAT_PAY}
    sandbox.add_order(
        sub_mchid=order.seller.wechat_mchid,
        transaction_id=order.wechat_transaction_id,
        refunds=[
            wechatpay.Refund(
                refund_id=refund.refund_id,
                amount=refund.fen,
                status="SUCCESS" if refund.is_successful else "PROCESSING",
            )
            for refund in order.refunds.all()
        ],
        profit_shared=order.is_profit_shared or order.number in refused,
        subsidy_mark=order.subsidy_fen > 0,
        cancelled=SubsidyCancellation.objects.for_order(order)
        .filter(status=SubsidyCancellation.Status.SUCCEEDED)
        .exists(),
    )


def cancel_as_yesterday(example: Example) -> None:
    """Have the subsidy cancelled before the demo begins, unless somebody asked for it already."""
    order = Order.objects.get(number=example.number)
    if not SubsidyCancellation.objects.for_order(order).exists():
        cancel_subsidy_for_order(order, description="昨日退款", requested_by="李华（财务）")
