from django.conf import settings
from django.db import models


class Tenant(models.Model):
    name = models.CharField(max_length=32)
    merchant = models.CharField(max_length=32, default="default")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL)

    def __str__(self) -> str:
        return self.name


class Sale(models.Model):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    number = models.CharField(max_length=32, unique=True)
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return self.number

    def which_merchant(self) -> str:
        """The name in MERCHANTS of the platform merchant that this tenant sells under."""
        return self.tenant.merchant


class Return(models.Model):
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="returns")

    def __str__(self) -> str:
        return f"of {self.sale}"
