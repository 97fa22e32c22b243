from django.contrib.auth.models import AbstractUser
from django.db import models


class Clerk(AbstractUser):
    till = models.PositiveSmallIntegerField(default=1)


class Sale(models.Model):
    number = models.CharField(max_length=32, unique=True)
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)
    was_refunded = models.BooleanField(default=False)
    paid_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.number
