from django.db import models


class Depot(models.Model):
    sub_mchid = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.sub_mchid


class Delivery(models.Model):
    number = models.CharField(max_length=32, unique=True)
    depot = models.ForeignKey(Depot, on_delete=models.PROTECT)
    transaction_id = models.CharField(max_length=64, db_index=True)
    was_refunded = models.BooleanField(default=False)
    why_not = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return self.number
