"""Cancellations in another database than the orders; each view in a transaction on both."""

import pytest
from django.db import OperationalError, ProgrammingError
from django.test import Client

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .life import Deliveries


class TestDeliveries(Deliveries):
    has_filter = False

    def test_there_are_no_tables_of_ours_beside_the_orders(self) -> None:
        with pytest.raises((OperationalError, ProgrammingError)):
            SubsidyCancellation.objects.using("default").exists()

    def test_a_view_of_the_shop_has_it_sent_after_its_commit(self, gateway: Sandbox) -> None:
        self.make_order("N1")
        assert Client().post("/refunded/N1/").json() == {"status": "pending"}
        assert SubsidyCancellation.objects.get().status == "succeeded"

    def test_what_a_broken_view_rolls_back_is_not_sent(self, gateway: Sandbox) -> None:
        self.make_order("N1")
        client = Client(raise_request_exception=False)
        assert client.post("/broken/N1/").status_code == 500
        assert not SubsidyCancellation.objects.exists()
        assert gateway.calls() == []
