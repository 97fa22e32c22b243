"""An order is never looked up by the key of another model."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps

from example_project.shop.models import Order
from wechat_subsidies.orders import ImpossibleTarget, adapter_for, targets_of
from wechat_subsidies.orders.keys import shares_key
from wechat_subsidies.orders.mapped import MappedOrderAdapter

MAPPING = {
    "transaction_id": "wechat_transaction_id",
    "sub_mchid": "seller.wechat_mchid",
    "has_refund": "pk",
}


class Family:
    """Models derived from the shop's orders."""

    def __init__(self) -> None:
        class Gift(Order):
            class Meta:
                app_label = "shop"

        class Parcel(Order):
            code = models.AutoField(primary_key=True)
            order = models.OneToOneField(Order, models.CASCADE, parent_link=True)

            class Meta:
                app_label = "shop"

        class LateOrder(Order):
            class Meta:
                app_label = "shop"
                proxy = True

        class Invoice(models.Model):
            order = models.OneToOneField(Order, models.CASCADE, primary_key=True)

            class Meta:
                app_label = "shop"

            def __str__(self) -> str:
                return f"invoice of {self.order}"

        self.gift, self.parcel, self.proxy, self.invoice = Gift, Parcel, LateOrder, Invoice


@pytest.fixture
def family() -> Iterator[Family]:
    with isolate_apps("example_project.shop"):
        yield Family()
    Order._meta._expire_cache()


def test_derived_models_share_the_key_unless_they_have_their_own(family: Family) -> None:
    assert shares_key(Order, Order)
    assert shares_key(family.gift, Order)
    assert shares_key(family.proxy, Order)
    assert shares_key(Order, family.proxy)
    assert not shares_key(family.parcel, Order)
    assert not shares_key(Order, family.gift)
    assert not shares_key(family.invoice, Order)  # points to an order, and is none


def test_a_derived_model_with_a_key_of_its_own_needs_an_entry(family: Family) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"no entry for shop\.Parcel"):
        adapter_for(family.parcel)
    assert adapter_for(family.gift) is adapter_for(family.proxy) is adapter_for(Order)


def test_an_order_with_a_key_of_its_own_is_refused_at_run_time(family: Family) -> None:
    with pytest.raises(ImpossibleTarget, match="not known by that model's key"):
        targets_of(adapter_for(Order), family.parcel(number="P1"))


def test_a_proxy_is_recorded_as_the_model_that_it_stands_for(family: Family) -> None:
    assert MappedOrderAdapter(family.proxy, MAPPING).label == "shop.Order"


def test_an_adapter_at_another_models_label_is_refused(settings: Any) -> None:
    path = "tests.api.adapters.EverySellersOrders"
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Refund": path}}
    with pytest.raises(ImproperlyConfigured, match=r"'shop\.Refund'.* is for shop\.Order"):
        adapter_for(Order)
