from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from .models import Return, Sale, Tenant

ORDERS = {
    "tenants.Sale": {
        "transaction_id": "transaction_id",
        "sub_mchid": "sub_mchid",
        "has_refund": "was_returned",  # annotated below
        "reference": "number",
        "merchant": "which_merchant",  # a method
        "scope": "tenant_id",
        "queryset": "tests.hosts.tenants.subsidies.sales",
    }
}


def sales(request: HttpRequest | None = None) -> QuerySet[Sale]:
    returned = Exists(Return.objects.filter(sale=OuterRef("pk")))
    found = Sale.objects.select_related("tenant").annotate(was_returned=returned)
    visible = None if request is None else tenants_of(request)
    return found if visible is None else found.filter(tenant__in=[int(key) for key in visible])


def tenants_of(request: HttpRequest) -> Collection[str] | None:
    if request.user.is_superuser:
        return None
    keys = Tenant.objects.filter(members__pk=request.user.pk).values_list("pk", flat=True)
    return [str(key) for key in keys]
