import pytest
from django.core.exceptions import ImproperlyConfigured

from example_project.shop.models import Order, Seller
from example_project.shop.subsidies import orders
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders.mapped import MappedOrderAdapter
from wechat_subsidies.scoping import as_stored
from wechat_subsidies.services import (
    cancel_subsidy,
    cancel_subsidy_for_order,
    draft_batch,
    withdraw,
)

from .calls import CANCELLATIONS, codes, identifiers


@pytest.fixture
def mine(by_seller, make_order):
    return make_order()


@pytest.fixture
def theirs(by_seller, make_order):
    return make_order(seller=Seller.objects.create(name="酒铺", wechat_mchid="1900013402"))


@pytest.fixture
def as_me(mine):
    return {"HTTP_X_SELLERS": str(mine.seller_id)}


def test_the_list_has_what_is_in_scope(gateway, mine, theirs, api, as_me):
    asked = cancel_subsidy_for_order(mine)
    cancel_subsidy_for_order(theirs)
    shown = api.get(CANCELLATIONS, **as_me).json()["results"]
    assert [each["id"] for each in shown] == [asked.pk]


def test_who_has_no_scopes_to_keep_to_sees_all(gateway, mine, theirs, api):
    for order in (mine, theirs):
        cancel_subsidy_for_order(order)
    assert len(api.get(CANCELLATIONS).json()["results"]) == 2


def test_what_is_out_of_scope_answers_like_what_never_existed(gateway, theirs, api, as_me):
    hidden = cancel_subsidy_for_order(theirs)
    assert api.get(f"{CANCELLATIONS}{hidden.pk}/").status_code == 200
    out_of_scope = api.get(f"{CANCELLATIONS}{hidden.pk}/", **as_me)
    never = api.get(f"{CANCELLATIONS}{hidden.pk + 1}/", **as_me)
    assert (out_of_scope.status_code, out_of_scope.content) == (404, never.content)


@pytest.mark.parametrize("way", ["transaction_id", "order", "order_reference"])
def test_an_order_out_of_scope_answers_like_what_never_existed(gateway, theirs, post, as_me, way):
    bodies = {"order": {"order": theirs.pk}, "order_reference": {"order_reference": theirs.number}}
    body = bodies.get(way) or identifiers(theirs)
    hidden = post(body, **as_me)
    theirs.refunds.all().delete()
    theirs.delete()
    never = post(body, **as_me)
    assert (hidden.status_code, hidden.content) == (400, never.content)
    assert codes(hidden) == {way: ["not_found"]}
    assert not SubsidyCancellation.objects.exists()


def test_an_order_that_the_queryset_hides_from_a_request_is_not_found(
    gateway, make_order, post, change_orders
):
    change_orders(queryset=lambda request: orders().none() if request else orders())
    order = make_order()
    assert codes(post(identifiers(order))) == {"transaction_id": ["not_found"]}
    assert codes(post({"order": order.pk})) == {"order": ["not_found"]}


def test_the_queryset_is_given_djangos_request_with_the_apis_user(
    gateway, make_order, post, caller, change_orders
):
    users = []

    def of_request(request):
        users.append(request and request.user)
        return orders(request)

    change_orders(queryset=of_request)
    post(identifiers(make_order()))
    assert users[0] == caller


def test_an_order_in_scope_can_be_asked_for(gateway, mine, post, as_me):
    response = post(identifiers(mine), **as_me)
    assert (response.status_code, response.json()["scope"]) == (202, str(mine.seller_id))


def test_what_another_seller_asked_for_is_a_conflict_without_a_word_on_it(
    gateway, mine, theirs, post, as_me
):
    cancel_subsidy_for_order(theirs)
    Order.objects.filter(pk=mine.pk).update(
        seller=mine.seller, wechat_transaction_id=theirs.wechat_transaction_id
    )
    SubsidyCancellation.objects.update(sub_mchid=mine.seller.wechat_mchid)
    response = post({"order": mine.pk}, **as_me)
    assert (response.status_code, codes(response)) == (409, {"": ["other_order"]})
    assert theirs.number not in response.content.decode()


def test_an_order_that_changed_hands_shows_nothing_of_before(gateway, mine, theirs, post, as_me):
    cancel_subsidy_for_order(theirs)
    SubsidyCancellation.objects.update(sub_mchid=mine.seller.wechat_mchid)
    Order.objects.filter(pk=theirs.pk).update(seller=mine.seller)
    response = post({"order": theirs.pk}, **as_me)
    assert (response.status_code, codes(response)) == (409, {"": ["other_order"]})
    assert "requested_by" not in response.content.decode()


@pytest.mark.parametrize("status", ["pending", "withdrawn"])
def test_what_was_recorded_out_of_sight_is_left_alone(
    gateway, mine, theirs, post, as_me, status, django_capture_on_commit_callbacks
):
    hidden = cancel_subsidy_for_order(theirs, send="later")
    if status == "withdrawn":
        withdraw(hidden)
    SubsidyCancellation.objects.update(sub_mchid=mine.seller.wechat_mchid)
    Order.objects.filter(pk=theirs.pk).update(seller=mine.seller)
    before = SubsidyCancellation.objects.values().get()
    with django_capture_on_commit_callbacks(execute=True):
        response = post({"order": theirs.pk}, **as_me)
    assert (response.status_code, codes(response)) == (409, {"": ["other_order"]})
    assert SubsidyCancellation.objects.values().get() == before
    assert not gateway.calls()


def test_what_belongs_to_no_order_is_for_those_who_may_see_all(gateway, by_seller, post, api):
    by_seller(ORDERS={})
    named = {"sub_mchid": "1900000109", "transaction_id": "1217752501"}
    assert codes(post(named, HTTP_X_SELLERS="1")) == {"transaction_id": ["not_found"]}
    assert post(named).status_code == 202
    assert api.get(CANCELLATIONS, HTTP_X_SELLERS="1").json()["results"] == []


def test_an_adapter_decides_for_its_own_orders(gateway, make_order, post, api, change_settings):
    change_settings(ORDERS="tests.api.adapters.EverySellersOrders")
    order = make_order(title="T1")
    me = {"HTTP_X_SELLERS": str(order.seller_id)}
    assert post({"order": order.pk}, **me).status_code == 202
    assert len(api.get(CANCELLATIONS, **me).json()["results"]) == 1
    assert api.get(CANCELLATIONS, HTTP_X_SELLERS="0").json()["results"] == []


def test_models_that_answer_differently_are_each_filtered_by_their_own_answer(
    gateway, mine, theirs, api, as_me, by_seller, settings
):
    for order in (mine, theirs):
        cancel_subsidy_for_order(order)
    SubsidyCancellation.objects.filter(order_pk=theirs.pk).update(order_model="shop.Seller")
    orders = settings.WECHAT_SUBSIDIES["ORDERS"]
    by_seller(ORDERS={**orders, "shop.Seller": "tests.api.adapters.OpenSellers"})
    assert len(api.get(CANCELLATIONS, **as_me).json()["results"]) == 2
    cancel_subsidy(sub_mchid="1900000109", transaction_id="of-no-order")
    assert len(api.get(CANCELLATIONS, **as_me).json()["results"]) == 2


def test_a_draft_for_a_request_keeps_to_its_scopes_whatever_the_queryset_does(
    gateway, mine, theirs, as_me, rf
):
    batch = draft_batch([mine, theirs], http_request=rf.get("/", **as_me))
    assert list(batch.items.values_list("code", "order_reference")) == [
        ("", mine.number),
        ("not_found", ""),
    ]


def test_an_order_whose_scope_cannot_be_read_is_not_found(gateway, mine, post, as_me, monkeypatch):
    def failing(adapter, order):
        raise ZeroDivisionError

    monkeypatch.setattr(MappedOrderAdapter, "scope", failing)
    assert codes(post({"order": mine.pk}, **as_me)) == {"order": ["not_found"]}


def test_scopes_are_compared_as_they_are_stored():
    assert as_stored([1, "b"]) == {"1", "b"}
    assert as_stored(None) is None


def test_a_single_text_is_not_taken_for_scopes():
    with pytest.raises(ImproperlyConfigured, match="returned the text “12”"):
        as_stored("12")
