from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=32, unique=True)
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=32)
    paid_fen = models.PositiveIntegerField()
    may_be_shared = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.number


class Refund(models.Model):
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    refund_id = models.CharField(max_length=64, unique=True)
    fen = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.refund_id
