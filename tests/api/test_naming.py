import pytest
from django.db import models

from example_project.shop.models import Order
from wechat_subsidies.api.naming import is_unique
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.orders.mapped import MappedOrderAdapter

from .calls import codes, identifiers


def test_an_order_is_named_by_its_key(gateway, make_order, post):
    order = make_order()
    assert post({"order": order.pk}).json()["transaction_id"] == order.wechat_transaction_id


def test_a_key_may_be_text(gateway, make_order, post):
    order = make_order()
    assert post({"order": str(order.pk)}).json()["order_pk"] == str(order.pk)


def test_an_order_is_named_by_its_reference(gateway, make_order, post):
    order = make_order()
    shown = post({"order_reference": order.number}).json()
    assert (shown["order_pk"], shown["order_reference"]) == (str(order.pk), order.number)


def test_the_model_may_be_said_though_there_is_one(gateway, make_order, post):
    assert post({"order": make_order().pk, "order_model": "shop.order"}).status_code == 202


@pytest.mark.parametrize("key", [0, -1, 10**30, "", "x", "12x", "1.0", "９" * 200])
def test_an_order_that_does_not_exist_is_not_found(gateway, make_order, post, key):
    make_order()
    response = post({"order": key})
    expected = "required" if key == "" else "not_found"
    assert (response.status_code, codes(response)) == (400, {"order": [expected]})


def test_a_reference_that_does_not_exist_is_not_found(gateway, make_order, post):
    assert codes(post({"order_reference": "N9999"})) == {"order_reference": ["not_found"]}


def test_a_reference_in_another_case_is_another(gateway, make_order, post):
    make_order(number="abc")
    assert codes(post({"order_reference": "ABC"})) == {"order_reference": ["not_found"]}


def test_a_transaction_of_no_order_is_not_found(gateway, make_order, post):
    named = {**identifiers(make_order()), "transaction_id": "4200000000"}
    assert codes(post(named)) == {"transaction_id": ["not_found"]}
    assert not SubsidyCancellation.objects.exists()


def test_without_orders_identifiers_are_all_that_is_needed(gateway, db, post, change_settings):
    change_settings(ORDERS={})
    response = post({"sub_mchid": "1900000109", "transaction_id": "1217752501"})
    assert (response.status_code, response.json()["order_pk"]) == (202, "")


@pytest.mark.parametrize("way", ["order", "order_reference"])
def test_without_orders_none_can_be_named(gateway, db, post, change_settings, way):
    change_settings(ORDERS={})
    assert codes(post({way: "1"})) == {way: ["not_available"]}


def test_an_unknown_model_is_refused_with_those_that_are_known(gateway, make_order, post):
    response = post({"order": make_order().pk, "order_model": "shop.Seller"})
    assert codes(response) == {"order_model": ["unknown_model"]}
    assert "shop.Order" in response.json()["detail"]


def test_with_several_models_it_has_to_be_said_which(gateway, make_order, post, two_models):
    response = post({"order": make_order().pk})
    assert codes(response) == {"order_model": ["required"]}
    assert "shop.Order, shop.Seller" in response.json()["detail"]


def test_with_several_models_the_order_of_the_one_said_is_asked_for(
    gateway, make_order, post, two_models
):
    response = post({"order": make_order().pk, "order_model": "shop.Order"})
    assert response.json()["order_model"] == "shop.Order"


@pytest.mark.parametrize("path", [None, "title", "seller.id", "latest_refund_id", "__str__"])
def test_a_reference_that_may_name_several_orders_is_refused(
    gateway, make_order, post, change_orders, path
):
    change_orders(reference=path)
    response = post({"order_reference": make_order().number})
    assert codes(response) == {"order_reference": ["not_unique"]}


def test_an_adapter_of_the_shops_own_has_no_reference_to_look_for(
    gateway, make_order, post, change_settings
):
    change_settings(ORDERS="tests.api.adapters.EverySellersOrders")
    response = post({"order_reference": make_order().number})
    assert codes(response) == {"order_reference": ["not_unique"]}


def test_a_field_is_unique_by_itself_or_by_a_constraint_of_its_own():
    class Ticket(models.Model):
        number, shop, day = models.CharField(), models.CharField(), models.CharField()

        class Meta:
            app_label = "tests_api_naming"
            constraints = [
                models.UniqueConstraint(fields=["number"], name="one"),
                models.UniqueConstraint(fields=["shop", "day"], name="two"),
                models.UniqueConstraint(fields=["day"], name="some", condition=models.Q(shop="")),
            ]

        def __str__(self) -> str:
            return self.number

    fields = {field.name: is_unique(field) for field in Ticket._meta.concrete_fields}
    assert fields == {"id": True, "number": True, "shop": False, "day": False}


@pytest.fixture
def two_models(change_settings, settings):
    orders = settings.WECHAT_SUBSIDIES["ORDERS"]
    seller = {"transaction_id": "name", "sub_mchid": "wechat_mchid", "has_refund": "pk"}
    change_settings(ORDERS={**orders, "shop.Seller": seller})


def test_the_shops_order_has_a_unique_number():
    assert is_unique(Order._meta.get_field("number"))


@pytest.fixture
def fail(monkeypatch):
    """Have a method of the shop's adapter fail."""

    def broken(*args, **kwargs):
        raise LookupError("a shop's own mistake")

    return lambda method: monkeypatch.setattr(MappedOrderAdapter, method, broken)


WAYS = {
    "order": lambda order: {"order": order.pk},
    "order_reference": lambda order: {"order_reference": order.number},
    "transaction_id": identifiers,
}
FAILING = [
    *((way, method) for way in WAYS for method in ("targets", "why_not", "scope", "get_queryset")),
    ("transaction_id", "find"),
]


@pytest.mark.parametrize(("way", "method"), FAILING)
def test_an_order_at_which_the_shops_code_fails_is_refused(
    gateway, make_order, post, fail, caplog, way, method
):
    body = WAYS[way](make_order())
    fail(method)
    response = post(body)
    assert (response.status_code, codes(response)) == (400, {way: ["adapter_error"]})
    assert "a shop's own mistake" in caplog.text
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.parametrize("way", WAYS)
def test_an_order_whose_scope_fails_is_not_found_by_who_may_not_see_all(
    gateway, make_order, post, fail, by_seller, way
):
    order = make_order()
    fail("scope")
    response = post(WAYS[way](order), HTTP_X_SELLERS=str(order.seller_id))
    assert codes(response) == {way: ["not_found"]}


@pytest.mark.parametrize(
    ("field", "way", "method"),
    [
        ("orders", "order", "get_queryset"),
        ("items", "order", "get_queryset"),
        ("items", "transaction_id", "find_several"),
    ],
)
def test_a_batch_whose_orders_cannot_be_looked_for_is_refused(
    gateway, make_order, api, fail, field, way, method
):
    order = make_order()
    body = {"orders": [order.pk]} if field == "orders" else {"items": [WAYS[way](order)]}
    fail(method)
    response = api.post("/api/subsidies/batches/", body, format="json")
    assert (response.status_code, codes(response)) == (400, {field: ["adapter_error"]})
    assert not CancellationBatch.objects.exists()
