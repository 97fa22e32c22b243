import uuid

from django.db import models
from django.utils import timezone


class Checkout(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return self.number


class Part(models.Model):
    checkout = models.ForeignKey(Checkout, on_delete=models.CASCADE, related_name="parts")
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)
    paid_fen = models.PositiveIntegerField(default=1000)

    def __str__(self) -> str:
        return self.transaction_id


class PartRefund(models.Model):
    """Several refunds of a part, in a table of their own, successful or not."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="refunds")
    refund_id = models.CharField(max_length=64)
    fen = models.PositiveIntegerField(default=1000)
    is_successful = models.BooleanField(default=True)
    moment = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.refund_id
