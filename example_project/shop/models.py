"""The shop: sellers, their orders, and the refunds of the orders in a table of their own."""

from django.db import models


class Seller(models.Model):
    """A seller on the platform: a sub-merchant (二级商户) of WeChat Pay's."""

    name = models.CharField("名称", max_length=64)
    wechat_mchid = models.CharField("二级商户号", max_length=32, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "商家"

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """An order of one seller. Those of a combined order (合单) share their `checkout`."""

    number = models.CharField("订单号", max_length=32, unique=True)
    checkout = models.CharField("合单号", max_length=32, blank=True, db_index=True)
    seller = models.ForeignKey(Seller, verbose_name="商家", on_delete=models.PROTECT)
    title = models.CharField("商品", max_length=100)
    wechat_transaction_id = models.CharField(
        "微信支付订单号", max_length=64, blank=True, db_index=True
    )
    paid_fen = models.PositiveIntegerField("实付（分）", default=0)
    subsidy_fen = models.PositiveIntegerField("补差（分）", default=0)
    paid_at = models.DateTimeField("付款时间", null=True, blank=True, db_index=True)
    is_profit_shared = models.BooleanField("已分账", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number

    def why_no_cancellation(self) -> str:
        """Why the shop does not want the subsidy cancelled; empty if it may be."""
        if not self.subsidy_fen:
            return "该订单没有补差"
        return "该订单已分账" if self.is_profit_shared else ""


class Refund(models.Model):
    """A refund of an order at WeChat Pay; an order may have several."""

    order = models.ForeignKey(
        Order, verbose_name="订单", on_delete=models.PROTECT, related_name="refunds"
    )
    refund_id = models.CharField("微信退款单号", max_length=64, unique=True)
    fen = models.PositiveIntegerField("退款（分）")
    is_successful = models.BooleanField("退款成功", default=True)
    refunded_at = models.DateTimeField("退款时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "退款"

    def __str__(self) -> str:
        return self.refund_id


class ProfitSharing(models.Model):
    """An order that was handed over to be profit-shared (分账): once, however often it is asked for."""

    order = models.OneToOneField(Order, verbose_name="订单", on_delete=models.PROTECT)
    begun_at = models.DateTimeField("开始时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "分账"

    def __str__(self) -> str:
        return self.order.number
