"""Orders in another database than all else; each view in a transaction on theirs alone."""

import pytest
from django.test import Client

from wechat_subsidies.exceptions import ForeignTransaction
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .life import Deliveries


class TestDeliveries(Deliveries):
    has_filter = False

    def test_a_view_of_the_shop_is_told_that_its_transaction_is_of_another_database(
        self, gateway: Sandbox
    ) -> None:
        self.make_order("N1")
        with pytest.raises(ForeignTransaction, match="open on the database “deliveries”"):
            Client().post("/refunded/N1/")
        assert not SubsidyCancellation.objects.exists()
        assert gateway.calls() == []
