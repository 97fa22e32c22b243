import pytest

from example_project.shop.models import Order, Seller
from wechat_subsidies.api import asking
from wechat_subsidies.exceptions import ConcurrentRequest
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy

from .calls import codes, identifiers

WAYS = ["transaction_id", "order", "order_reference"]


def naming(order, *, way):
    bodies = {"order": {"order": order.pk}, "order_reference": {"order_reference": order.number}}
    return bodies.get(way) or identifiers(order)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("not_refunded", {"refunds": ()}),
        ("partly_refunded", {"refunds": (400,)}),
        ("blocked", {"is_profit_shared": True}),
    ],
)
def test_what_speaks_against_an_order_is_on_the_field_that_named_it(
    gateway, make_order, post, way, code, order
):
    response = post(naming(make_order(**order), way=way))
    assert (response.status_code, codes(response)) == (400, {way: [code]})
    assert not SubsidyCancellation.objects.exists()


def test_the_shops_own_words_are_passed_on(gateway, make_order, post):
    response = post({"order": make_order(subsidy_fen=0).pk})
    assert response.json()["fields"]["order"][0]["detail"] == "该订单没有补差"


def test_an_order_without_a_transaction_says_so(gateway, make_order, post):
    order = make_order(wechat_transaction_id="")
    assert codes(post({"order": order.pk})) == {"order": ["missing_transaction_id"]}


def test_an_order_without_a_sub_merchant_says_so(gateway, make_order, post):
    order = make_order()
    Seller.objects.update(wechat_mchid="")
    assert codes(post({"order": order.pk})) == {"order": ["missing_sub_mchid"]}


def test_what_the_caller_did_not_give_is_the_orders(gateway, make_order, post):
    order = make_order(wechat_transaction_id="with space")
    assert codes(post({"order": order.pk})) == {"order": ["invalid_characters"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_partly_refunded_order_takes_an_explicit_yes(gateway, make_order, post, way):
    order = make_order(refunds=(400,))
    assert post({**naming(order, way=way), "partial": True}).status_code == 202


@pytest.mark.parametrize("description", ["退款 🧧", "two\nlines", " "])
def test_a_description_that_wechat_pay_would_refuse_is_refused(
    gateway, make_order, post, description
):
    response = post({**identifiers(make_order()), "description": description})
    expected = "required" if description == " " else "invalid_characters"
    assert codes(response) == {"description": [expected]}


def test_a_merchant_that_the_settings_do_not_have_is_refused(gateway, db, post, change_settings):
    change_settings(ORDERS={})
    named = {"sub_mchid": "1900000109", "transaction_id": "1217752501", "merchant": "other"}
    assert codes(post(named)) == {"merchant": ["unknown_merchant"]}


def test_a_merchant_that_is_not_the_orders_is_refused(gateway, make_order, post):
    named = {**identifiers(make_order()), "merchant": "other"}
    assert codes(post(named)) == {"merchant": ["not_the_orders"]}


def test_an_order_of_several_transactions_is_to_be_named_by_one(
    gateway, make_order, post, change_settings
):
    change_settings(ORDERS="tests.api.adapters.EverySellersOrders")
    order = make_order(title="T1 T2")
    response = post({"order": order.pk}, HTTP_X_SELLERS=str(order.seller_id))
    assert codes(response) == {"order": ["several_transactions"]}
    assert "sub_mchid and transaction_id" in response.json()["detail"]


def test_one_of_several_transactions_can_be_asked_for(gateway, make_order, post, change_settings):
    change_settings(ORDERS="tests.api.adapters.EverySellersOrders")
    order = make_order(title="T1 T2")
    named = {**identifiers(order), "transaction_id": "T2"}
    assert post(named, HTTP_X_SELLERS=str(order.seller_id)).json()["transaction_id"] == "T2"


def test_another_merchants_cancellation_is_a_conflict(gateway, db, post, change_settings):
    merchants = {"default": gateway.merchant_settings(), "second": gateway.merchant_settings()}
    change_settings(ORDERS={}, MERCHANTS=merchants)
    named = {"sub_mchid": "1900000109", "transaction_id": "1217752501"}
    post(named)
    response = post({**named, "merchant": "second"})
    assert (response.status_code, codes(response)) == (409, {"": ["other_merchant"]})


def test_another_orders_cancellation_is_a_conflict(gateway, make_order, post):
    order = make_order()
    post(identifiers(order))
    other = make_order(wechat_transaction_id=order.wechat_transaction_id)
    response = post({"order": other.pk})
    assert (response.status_code, codes(response)) == (409, {"": ["other_order"]})
    assert order.number in response.json()["detail"]


def test_who_is_too_early_is_told_to_try_again(gateway, make_order, post, monkeypatch):
    def raced(**kwargs):
        raise ConcurrentRequest("being recorded")

    monkeypatch.setattr(asking.services, "cancel_subsidy", raced)
    response = post(identifiers(make_order()))
    assert (response.status_code, codes(response)) == (409, {"": ["try_again"]})
    assert response["Retry-After"] == "1"


def test_who_asks_and_how_is_recorded(gateway, make_order, post, caller):
    shown = post({**identifiers(make_order()), "refund_id": "R7", "description": "取消"}).json()
    assert (shown["source"], shown["requested_by"]) == ("api", caller.pk)
    assert (shown["requested_by_name"], shown["refund_id"]) == ("oms", "R7")
    assert shown["description"] == "取消"


def test_what_was_withdrawn_is_recorded_anew(gateway, make_order, post):
    order = make_order()
    post(identifiers(order))
    SubsidyCancellation.objects.update(status="withdrawn", send_after=None)
    response = post(identifiers(order))
    assert (response.status_code, response.json()["status"]) == (202, "pending")


def test_what_the_shops_own_code_asked_for_is_found(gateway, make_order, post):
    order = make_order()
    asked = cancel_subsidy(**identifiers(order))
    assert post({"order": order.pk}).json()["id"] == asked.pk


@pytest.mark.django_db(transaction=True)
def test_a_repeat_finds_it_though_the_order_would_be_refused_by_now(gateway, make_order, post):
    order = make_order()
    asked = post({"order": order.pk}).json()
    Order.objects.update(is_profit_shared=True)
    response = post({"order": order.pk})
    assert (response.status_code, response.json()) == (200, asked)
