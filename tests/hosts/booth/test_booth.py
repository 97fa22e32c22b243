"""A page of the shop's own leads to the preview; nothing is sent before it is confirmed there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..conftest import Run
from .models import Purchase

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.hosts.booth.urls")]

ORDERS = {
    "booth.Purchase": {
        "transaction_id": "transaction_id",
        "sub_mchid": "sub_mchid",
        "has_refund": "was_refunded",
    }
}


@pytest.fixture
def purchases(gateway: Sandbox, settings: Any) -> list[Purchase]:
    """Two, of which the first was refunded."""
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": ORDERS}
    return [
        Purchase.objects.create(
            sub_mchid="1900013401", transaction_id=f"B{number}", was_refunded=number == 0
        )
        for number in range(2)
    ]


@pytest.fixture
def seller(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def confirmed_batch(seller: Client) -> CancellationBatch:
    """From the shop's own page over the preview to the confirmation."""
    seller.post("/booth/cancel/")
    batch = CancellationBatch.objects.get()
    assert (
        seller.post(f"{batch.get_absolute_url()}confirm/", {"description": ""}).status_code == 302
    )
    return batch


def test_from_the_shops_own_page_to_the_cancellation(
    gateway: Sandbox, purchases: list[Purchase], seller: Client
) -> None:
    preview = seller.post("/booth/cancel/", follow=True)
    assert preview.status_code == 200
    assert str(purchases[0]) in preview.content.decode()
    assert gateway.calls() == []
    batch = CancellationBatch.objects.get()
    confirmed = seller.post(f"{batch.get_absolute_url()}confirm/", {"description": ""})
    assert confirmed.status_code in {200, 302}
    services.process_due()
    row = SubsidyCancellation.objects.get()
    assert (row.transaction_id, row.status) == ("B0", "succeeded")
    assert row.order_reference == str(purchases[0])


def test_the_batch_is_stopped_on_its_page_and_cron_leaves_it_at_that(
    gateway: Sandbox, purchases: list[Purchase], seller: Client, run: Run
) -> None:
    batch = confirmed_batch(seller)
    page = seller.post(f"{batch.get_absolute_url()}stop/", {"note": "选错了"}, follow=True)
    assert "Stopped by lihua, " in page.content.decode()
    said = run("cancel_refunded_subsidies", "--partial")
    assert said[0] == "There was nothing to ask for."
    services.process_due()
    assert gateway.calls() == []


def test_workers_send_what_is_confirmed_without_the_page(
    purchases: list[Purchase], workers: None, seller: Client
) -> None:
    confirmed_batch(seller)
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_cron_looks_at_the_refunded_alone_and_waits_for_a_yes(
    purchases: list[Purchase], run: Run
) -> None:
    said = run("cancel_refunded_subsidies")
    assert said[0] == "There was nothing to ask for."
    assert said[1].startswith("1 left out: ")
    assert run("cancel_refunded_subsidies", "--partial")[0].startswith("1 asked for")


def test_a_file_names_purchases_by_their_transactions(
    purchases: list[Purchase], ask_by_file: Run
) -> None:
    (said, _) = ask_by_file("order_reference", str(purchases[0]))
    assert "give sub_mchid and transaction_id" in said or "'reference' in their mapping" in said
    columns = "sub_mchid,transaction_id"
    (said, _) = ask_by_file(columns, "1900013401,B0", "1900013401,B1")
    assert said.startswith("Line 3: ")
    assert ask_by_file(columns, "1900013401,B0")[0].startswith("1 asked for")
