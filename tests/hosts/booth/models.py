from django.db import models


class Purchase(models.Model):
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)
    was_refunded = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"No. {self.pk}"
