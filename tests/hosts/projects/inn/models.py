import uuid

from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=32, unique=True)
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)
    was_refunded = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class Stay(Order):
    """A night in a room, known by an integer."""


class Meal(Order):
    """A meal in the restaurant, whose software knows it by a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
