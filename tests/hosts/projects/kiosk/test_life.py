"""Views in transactions, moments without a time zone, and no other admin site than the shop's."""

from datetime import datetime, timedelta

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..life import API, Life
from .models import Sale


class TestSales(Life):
    model = Sale
    site = "backoffice"

    def test_a_batch_of_the_shops_own_code_leads_to_the_shops_own_site(self) -> None:
        batch = services.draft_batch([self.make_order("N1")])
        assert batch.get_absolute_url() == f"/backoffice/wechat_subsidies/{self.path_of(batch)}"

    def path_of(self, batch: CancellationBatch) -> str:
        return f"cancellationbatch/{batch.pk}/"

    def test_a_view_of_the_shop_has_it_sent_after_its_commit(self, gateway: Sandbox) -> None:
        self.make_order("N1")
        assert Client().post("/refunded/N1/").json() == {"status": "pending"}
        assert SubsidyCancellation.objects.get().status == "succeeded"
        assert len(gateway.calls()) == 1

    def test_what_a_broken_view_rolls_back_is_not_sent(self, gateway: Sandbox) -> None:
        self.make_order("N1")
        client = Client(raise_request_exception=False)
        assert client.post("/broken/N1/").status_code == 500
        assert not SubsidyCancellation.objects.exists()
        assert gateway.calls() == []

    def test_moments_are_the_shops_local_ones_in_the_admin_and_have_their_offset_in_the_api(
        self, desk: Client
    ) -> None:
        row = services.cancel_subsidy_for_order(self.make_order("N1"))
        row.refresh_from_db()
        assert row.created_at.tzinfo is None
        told = desk.get(f"{API}cancellations/{row.pk}/").json()["created_at"]
        assert datetime.fromisoformat(told) == timezone.make_aware(row.created_at)
        assert desk.get(self.cancellation(row)).status_code == 200

    def test_orders_paid_long_ago_and_refunded_just_now_are_told_apart(self, desk: Client) -> None:
        long_ago = timezone.now() - timedelta(days=200)
        self.make_order("N1", paid_at=long_ago, refunded_at=long_ago)
        self.make_order("N2", paid_at=timezone.now(), refunded_at=timezone.now())
        listed = desk.get(self.orders(), {"subsidy_state": "old"})
        assert [sale.number for sale in listed.context["cl"].result_list] == ["N1"]
        assert "paid 200 days ago" in listed.content.decode()
        call_command("cancel_refunded_subsidies", "--partial", "--older-than", "2h", verbosity=0)
        assert SubsidyCancellation.objects.get().transaction_id == "T-N1"
