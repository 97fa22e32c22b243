"""A page of the shop's own leads to the preview; nothing is sent before it is confirmed there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .models import Purchase

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.hosts.booth.urls")]

ORDERS = {
    "booth.Purchase": {
        "transaction_id": "transaction_id",
        "sub_mchid": "sub_mchid",
        "has_refund": "was_refunded",
    }
}


def test_from_the_shops_own_page_to_the_cancellation(
    gateway: Sandbox, settings: Any, staff: User
) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": ORDERS}
    for number, was_refunded in enumerate([True, False]):
        Purchase.objects.create(
            sub_mchid="1900013401", transaction_id=f"B{number}", was_refunded=was_refunded
        )
    client = Client()
    client.force_login(staff)
    preview = client.post("/booth/cancel/", follow=True)
    assert preview.status_code == 200
    assert "No. 1" in preview.content.decode()
    assert gateway.calls() == []
    batch = CancellationBatch.objects.get()
    confirmed = client.post(f"{batch.get_absolute_url()}confirm/", {"description": ""})
    assert confirmed.status_code in {200, 302}
    services.process_due()
    row = SubsidyCancellation.objects.get()
    assert (row.transaction_id, row.status, row.order_reference) == ("B0", "succeeded", "No. 1")
