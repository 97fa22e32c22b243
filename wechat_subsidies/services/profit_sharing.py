"""The question that comes after a cancellation."""

from django.db import models, router

from ..models import SubsidyCancellation
from ..orders import adapter_for, as_written
from .eligibility import targets_for


def may_share_profit(order: models.Model) -> bool:
    """Whether the subsidies of all the order's transactions are cancelled.

    WeChat Pay lets an order be profit-shared once its subsidy has been cancelled. False also where
    a cancellation is on its way, was refused or waits for review.
    """
    adapter = adapter_for(type(order))
    loaded = as_written(adapter.get_queryset()).filter(pk=order.pk).first()
    found = targets_for(adapter, loaded) if loaded is not None else []
    targets = {(target.sub_mchid, target.transaction_id) for target in found}
    cancelled = SubsidyCancellation.objects.using(router.db_for_write(SubsidyCancellation)).filter(
        transaction_id__in=[transaction_id for _, transaction_id in targets],
        status=SubsidyCancellation.Status.SUCCEEDED,
    )
    return bool(targets) and targets <= set(cancelled.values_list("sub_mchid", "transaction_id"))
