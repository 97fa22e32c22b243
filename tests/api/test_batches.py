"""Batches: asked for or drafted, confirmed, followed, stopped; and of each item what became of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from example_project.shop.models import Order, Seller
from wechat_subsidies.models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from wechat_subsidies.services import (
    cancel_subsidies,
    cancel_subsidy,
    cancel_subsidy_for_order,
    draft_batch,
    process_due,
    withdraw,
)

from .calls import codes, identifiers

BATCHES = "/api/subsidies/batches/"
sending = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post_batch(api):
    def send(body, path="", **headers):
        return api.post(f"{BATCHES}{path}", body, format="json", **headers)

    return send


def results(response):
    return [(each["result"], each["code"]) for each in response.json()["items"]]


def counted(batch, of="item_counts"):
    return {name: count for name, count in batch[of].items() if count}


# Asking


@sending
def test_a_batch_of_orders_is_asked_for_and_sent_by_the_sweep(
    gateway, make_order, post_batch, api, caller
):
    response = post_batch({"orders": [make_order().pk, str(make_order().pk)]})
    assert response.status_code == 202
    assert results(response) == [("asked", "")] * 2
    assert gateway.calls() == []
    process_due()
    shown = api.get(response["Location"]).json()
    assert counted(shown, of="cancellation_counts") == {"succeeded": 2}
    assert (shown["is_final"], shown["requested_by"], shown["source"]) == (True, caller.pk, "api")


def test_a_batch_says_where_it_is_and_when_to_look(gateway, make_order, post_batch, api):
    response = post_batch({"orders": [make_order().pk]})
    assert response["Location"] == response.json()["url"]
    assert int(response["Retry-After"]) > 0
    assert api.get(response.json()["items_url"]).json()["results"] == response.json()["items"]


def test_each_item_says_what_became_of_it(gateway, make_order, post_batch):
    known, twice = make_order(), make_order()
    there = cancel_subsidy_for_order(known, send="later")
    response = post_batch(
        {
            "items": [
                identifiers(twice),
                {"order": make_order().pk},
                {"order_reference": make_order().number, "description": "取消", "refund_id": "R7"},
                {"order_reference": known.number},
                {"order": twice.pk},
                {"order": make_order(refunds=()).pk},
                {"order": make_order(refunds=(400,)).pk},
                {"order": make_order(refunds=(400,)).pk, "partial": True},
                {"order": make_order(is_profit_shared=True).pk},
                {"order": 987654},
                {"order_reference": "N9999"},
                {"sub_mchid": "1", "transaction_id": "42"},
                {**identifiers(make_order()), "merchant": "other"},
                {"order": make_order().pk, "description": "🧧"},
            ]
        }
    )
    assert results(response) == [
        ("asked", ""),
        ("asked", ""),
        ("asked", ""),
        ("exists", "in_progress"),
        ("duplicate", "duplicate"),
        ("refused", "not_refunded"),
        ("refused", "partly_refunded"),
        ("asked", ""),
        ("refused", "blocked"),
        ("refused", "not_found"),
        ("refused", "not_found"),
        ("refused", "not_found"),
        ("refused", "not_the_orders"),
        ("refused", "invalid"),
    ]
    items = response.json()["items"]
    assert [each["position"] for each in items] == list(range(14))
    assert items[3]["cancellation"]["id"] == there.pk
    assert all(each["detail"] for each in items if each["code"])
    assert (items[9]["order_pk"], items[10]["order_reference"]) == ("987654", "N9999")
    assert (items[11]["sub_mchid"], items[11]["transaction_id"]) == ("1", "42")
    own = SubsidyCancellation.objects.get(description="取消")
    assert own.refund_id == "R7"
    assert SubsidyCancellation.objects.count() == 5
    assert gateway.calls() == []


def test_duplicates_make_one_row(gateway, make_order, post_batch):
    order = make_order()
    same = [{"order": order.pk}, identifiers(order), {"order_reference": order.number}]
    assert results(post_batch({"items": same}))[1:] == [("duplicate", "duplicate")] * 2
    assert SubsidyCancellation.objects.count() == 1


def test_an_order_listed_twice_says_so(gateway, make_order, post_batch):
    key = make_order().pk
    assert results(post_batch({"orders": [key, key]})) == [
        ("asked", ""),
        ("duplicate", "duplicate"),
    ]


def test_the_batchs_yes_and_words_are_those_of_its_items(gateway, make_order, post_batch):
    first, second = make_order(refunds=(400,)), make_order(refunds=(400,))
    items = [{"order": first.pk}, {"order": second.pk, "description": "单独"}]
    response = post_batch({"items": items, "partial": True, "description": "双十一"})
    assert [each["description"] for each in response.json()["items"]] == ["双十一", "单独"]
    assert all(each["partial"] for each in response.json()["items"])


def test_an_item_may_say_no_to_what_the_batch_says_yes_to(gateway, make_order, post_batch):
    first, second = make_order(refunds=(400,)), make_order(refunds=(400,))
    items = [{"order": first.pk}, {"order": second.pk, "partial": False}]
    response = post_batch({"items": items, "partial": True})
    assert results(response) == [("asked", ""), ("refused", "partly_refunded")]


def test_without_orders_transactions_are_all_that_is_needed(
    gateway, db, post_batch, change_settings
):
    change_settings(ORDERS={})
    items = [
        {"sub_mchid": "1900000109", "transaction_id": "T1", "refund_id": "R1"},
        {"sub_mchid": "1900000109", "transaction_id": "T2", "description": "取消"},
        {"sub_mchid": "1900000109", "transaction_id": "T3", "merchant": "other"},
        {"sub_mchid": "1900000109", "transaction_id": "T1"},
    ]
    response = post_batch({"items": items})
    assert [each["result"] for each in response.json()["items"]] == [
        "asked",
        "asked",
        "refused",
        "duplicate",
    ]
    assert response.json()["items"][2]["code"] == "unknown_merchant"
    rows = SubsidyCancellation.objects.order_by("pk").values_list("refund_id", "description")
    assert list(rows) == [("R1", "订单退款"), ("", "取消")]


@sending
def test_transactions_without_orders_are_sent(gateway, post_batch, change_settings):
    change_settings(ORDERS={})
    post_batch({"items": [{"sub_mchid": "1900000109", "transaction_id": "T1"}]})
    process_due()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_a_draft_without_orders_is_held_to_them_once_they_are_known(
    gateway, make_order, post_batch, change_settings, settings
):
    order = make_order()
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]
    change_settings(ORDERS={})
    items = [identifiers(order), {"sub_mchid": "1", "transaction_id": "T1"}]
    draft = post_batch({"items": items, "draft": True}).json()
    change_settings(ORDERS=mapping)
    post_batch({}, path=f"{draft['id']}/confirm/")
    stored = CancellationBatchItem.objects.order_by("position")
    assert list(stored.values_list("status", "code")) == [("asked", ""), ("refused", "not_found")]


@pytest.mark.parametrize("way", ["order", "order_reference"])
def test_without_orders_none_can_be_named(gateway, db, post_batch, change_settings, way):
    change_settings(ORDERS={})
    response = post_batch({"items": [{"sub_mchid": "1", "transaction_id": "T"}, {way: "1"}]})
    assert codes(response) == {f"items.1.{way}": ["not_available"]}
    assert codes(post_batch({"orders": [1]})) == {"orders": ["not_available"]}


def test_an_order_of_several_transactions_is_one_item_for_each(
    gateway, make_order, post_batch, change_settings
):
    change_settings(ORDERS="tests.api.adapters.EverySellersOrders")
    order = make_order(title="T1 T2")
    mine = {"HTTP_X_SELLERS": str(order.seller_id)}
    named = [{"order": order.pk}, {**identifiers(order), "transaction_id": "T2"}]
    assert results(post_batch({"items": named}, **mine)) == [
        ("refused", "several_transactions"),
        ("asked", ""),
    ]
    response = post_batch({"orders": [order.pk]}, **mine)
    assert [each["result"] for each in response.json()["items"]] == ["asked", "exists"]


def test_a_repeat_finds_what_is_there(gateway, make_order, post_batch):
    body = {"orders": [make_order().pk]}
    post_batch(body)
    assert results(post_batch(body)) == [("exists", "in_progress")]
    assert SubsidyCancellation.objects.count() == 1


# Wrong bodies


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"orders": ["required"]}),
        ({"orders": []}, {"orders": ["empty"]}),
        ({"items": []}, {"items": ["empty"]}),
        ({"orders": None}, {"orders": ["null"]}),
        ({"orders": 1}, {"orders": ["not_a_list"]}),
        ({"orders": {}}, {"orders": ["not_a_list"]}),
        ({"orders": [1, None]}, {"orders.1": ["null"]}),
        ({"orders": [True, "x"]}, {"orders.0": ["wrong_type"]}),
        ({"orders": [1], "items": [{"order": 1}]}, {"items": ["not_together"]}),
        (
            {"items": [{"order": 1}], "order_model": "shop.Order"},
            {"order_model": ["not_together"]},
        ),
        ({"orders": [1], "order_model": "shop.Seller"}, {"order_model": ["unknown_model"]}),
        ({"items": [{"order": 1}, 7]}, {"items.1": ["invalid"]}),
        ({"items": [{"transaction_id": "1"}]}, {"items.0.sub_mchid": ["required"]}),
        (
            {"items": [{"order": 1, "refundid": "x"}]},
            {"items.0.refundid": ["unknown_field"]},
        ),
        (
            {"items": [{"order": 1, "order_model": "shop.Seller"}]},
            {"items.0.order_model": ["unknown_model"]},
        ),
        ({"orders": [1], "draft": "yes"}, {"draft": ["wrong_type"]}),
        ({"orders": [1], "partial": 1}, {"partial": ["wrong_type"]}),
        ({"orders": [1], "description": "🧧"}, {"description": ["invalid_characters"]}),
        ({"orders": [1], "description": "退" * 81}, {"description": ["too_long"]}),
        ({"orders": [1], "name": "x"}, {"name": ["unknown_field"]}),
        ([], {"": ["invalid"]}),
    ],
)
def test_a_wrong_body_is_refused_by_field(gateway, db, post_batch, body, expected):
    response = post_batch(body)
    assert (response.status_code, codes(response)) == (400, expected)
    assert not CancellationBatch.objects.exists()


@pytest.mark.parametrize("field", ["orders", "items"])
def test_a_batch_that_is_too_large_has_its_code(gateway, db, post_batch, change_settings, field):
    change_settings(API={"MAX_BATCH": 2})
    response = post_batch({field: ["not looked at"] * 3})
    assert (response.status_code, codes(response)) == (400, {field: ["batch_too_large"]})
    assert "2" in response.json()["detail"]


def test_an_answer_names_some_of_many_errors(gateway, db, post_batch):
    response = post_batch({"items": [{} for _ in range(500)]})
    assert response.status_code == 400
    assert len(codes(response)) < 100


# Drafts


@pytest.fixture
def withdrawn(gateway, make_order):
    """An order whose cancellation was withdrawn."""
    order = make_order()
    withdraw(cancel_subsidy_for_order(order, send="later"))
    return order


def test_what_was_withdrawn_takes_an_explicit_yes(withdrawn, post_batch):
    response = post_batch({"orders": [withdrawn.pk]})
    assert results(response) == [("exists", "withdrawn")]
    response = post_batch({"orders": [withdrawn.pk], "withdrawn": True})
    assert results(response) == [("asked", "")]
    assert SubsidyCancellation.objects.get().status == "pending"


@pytest.mark.parametrize("body", [{"withdrawn": True}, {"ticked_items": [0]}])
def test_a_draft_is_confirmed_with_a_yes_to_what_was_withdrawn(withdrawn, post_batch, body):
    draft = post_batch({"orders": [withdrawn.pk], "draft": True}).json()
    path = f"{draft['id']}/confirm/"
    assert codes(post_batch({"partial": True}, path=path)) == {"": ["nothing_to_send"]}
    assert counted(post_batch(body, path=path).json()) == {"total": 1, "asked": 1}


def test_what_was_withdrawn_since_the_draft_is_not_asked_for_again(
    gateway, make_order, post_batch, api
):
    order = make_order()
    draft = post_batch({"orders": [order.pk], "draft": True}).json()
    row = withdraw(cancel_subsidy_for_order(order, send="later"))
    body = {"withdrawn": True, "ticked_items": [0]}  # a yes to what was seen, and this was not
    shown = post_batch(body, path=f"{draft['id']}/confirm/").json()
    assert counted(shown) == {"total": 1, "exists": 1}
    (item,) = api.get(draft["items_url"]).json()["results"]
    assert (item["code"], item["cancellation"]["id"]) == ("withdrawn", row.pk)
    row.refresh_from_db()
    assert row.status == "withdrawn"


def test_a_partly_refunded_order_that_was_withdrawn_takes_a_yes_to_both(
    gateway, make_order, post_batch
):
    order = make_order(refunds=(400,))
    withdraw(cancel_subsidy_for_order(order, partial=True, send="later"))
    draft = post_batch({"orders": [order.pk], "draft": True}).json()
    path = f"{draft['id']}/confirm/"
    for body in ({"partial": True}, {"withdrawn": True}):
        assert codes(post_batch(body, path=path)) == {"": ["nothing_to_send"]}
    both = post_batch({"partial": True, "withdrawn": True}, path=path).json()
    assert counted(both) == {"total": 1, "asked": 1}


def test_a_draft_that_is_too_old_is_not_confirmed(draft, post_batch):
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(days=2))
    response = post_batch({}, path=f"{draft.json()['id']}/confirm/")
    assert (response.status_code, codes(response)) == (409, {"": ["draft_expired"]})


@pytest.fixture
def draft(gateway, make_order, post_batch):
    orders = [make_order(), make_order(refunds=(400,)), make_order(refunds=(300,))]
    return post_batch({"orders": [order.pk for order in orders], "draft": True})


@sending
def test_a_draft_says_what_would_happen_and_nothing_does(gateway, draft):
    assert draft.status_code == 202
    assert "Retry-After" not in draft
    assert (draft.json()["status"], draft.json()["is_final"]) == ("draft", False)
    assert [each["result"] for each in draft.json()["items"]] == ["waiting", "refused", "refused"]
    process_due()
    assert not SubsidyCancellation.objects.exists()


@sending
@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({}, [0]),
        ({"ticked_items": [1]}, [0, 1]),
        ({"partial": True}, [0, 1, 2]),
    ],
)
def test_a_draft_is_confirmed_with_an_explicit_yes(draft, post_batch, body, asked):
    response = post_batch({**body, "description": "确认"}, path=f"{draft.json()['id']}/confirm/")
    assert (response.status_code, response.json()["status"]) == (202, "asked")
    assert response["Location"] == draft.json()["url"]
    stored = CancellationBatchItem.objects.filter(status="asked").order_by("position")
    assert list(stored.values_list("position", flat=True)) == asked
    assert set(stored.values_list("description", flat=True)) == {"确认"}


def test_confirming_twice_does_it_once(draft, post_batch, caller):
    path = f"{draft.json()['id']}/confirm/"
    first, second = post_batch({}, path=path), post_batch({"partial": True}, path=path)
    assert first.json() == second.json()
    assert first.json()["confirmed_by_name"] == "oms"
    assert counted(second.json()) == {"total": 3, "asked": 1, "refused": 2}


def test_a_draft_with_nothing_to_send_is_not_confirmed(gateway, make_order, post_batch):
    draft = post_batch({"orders": [make_order(refunds=()).pk], "draft": True}).json()
    response = post_batch({}, path=f"{draft['id']}/confirm/")
    assert (response.status_code, codes(response)) == (409, {"": ["nothing_to_send"]})


def test_a_stopped_batch_is_not_confirmed(draft, post_batch):
    path = draft.json()["id"]
    post_batch({"note": "误操作"}, path=f"{path}/stop/")
    response = post_batch({}, path=f"{path}/confirm/")
    assert (response.status_code, codes(response)) == (409, {"": ["stopped"]})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"partial": "yes"}, {"partial": ["wrong_type"]}),
        ({"ticked_items": ["1"]}, {"ticked_items.0": ["wrong_type"]}),
        ({"ticked_items": [True]}, {"ticked_items.0": ["wrong_type"]}),
        ({"ticked_items": [-1]}, {"ticked_items.0": ["out_of_range"]}),
        ({"ticked_items": [10**30]}, {"ticked_items.0": ["out_of_range"]}),
        ({"ticked_items": []}, {"ticked_items": ["empty"]}),
        ({"ticked_items": [1, 7]}, {"ticked_items": ["out_of_range"]}),
        ({"description": "two\nlines"}, {"description": ["invalid_characters"]}),
        ({"note": "x"}, {"note": ["unknown_field"]}),
    ],
)
def test_a_wrong_confirmation_is_refused_by_field(draft, post_batch, body, expected):
    response = post_batch(body, path=f"{draft.json()['id']}/confirm/")
    assert (response.status_code, codes(response)) == (400, expected)
    assert CancellationBatch.objects.get().status == "draft"


# Following and stopping


@pytest.fixture
def batch(gateway, make_order, post_batch):
    return post_batch({"orders": [make_order().pk, make_order().pk]}).json()


def test_a_stopped_batch_withdraws_what_waits(batch, post_batch):
    response = post_batch({"note": "误操作"}, path=f"{batch['id']}/stop/")
    shown = response.json()
    assert (response.status_code, shown["status"], shown["is_final"]) == (200, "stopped", True)
    assert (shown["stopped_by_name"], shown["stop_note"]) == ("oms", "误操作")
    assert counted(shown, of="cancellation_counts") == {"withdrawn": 2}
    assert post_batch({"note": "again"}, path=f"{batch['id']}/stop/").json() == shown


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "required"), ({"note": " "}, "required"), ({"note": 1}, "wrong_type")],
)
def test_a_batch_is_stopped_with_a_note(batch, post_batch, body, code):
    response = post_batch(body, path=f"{batch['id']}/stop/")
    assert (response.status_code, codes(response)) == (400, {"note": [code]})


def test_the_list_has_the_newest_first(gateway, make_order, post_batch, api):
    made = [post_batch({"orders": [make_order().pk]}).json()["id"] for _ in range(3)]
    shown = api.get(BATCHES).json()["results"]
    assert [each["id"] for each in shown] == made[::-1]
    assert "items" not in shown[0]


def test_items_come_in_pages_in_their_order(gateway, make_order, post_batch, api):
    batch = post_batch({"orders": [make_order().pk for _ in range(5)]}).json()
    page = api.get(batch["items_url"], {"page_size": 2}).json()
    positions = [each["position"] for each in page["results"]]
    while page["next"]:
        page = api.get(page["next"]).json()
        positions += [each["position"] for each in page["results"]]
    assert positions == [0, 1, 2, 3, 4]


def test_a_batch_says_that_nobody_is_sending(batch, api):
    assert not api.get(batch["url"]).json()["nobody_is_sending"]
    longer_ago = SubsidyCancellation.objects.first().send_after.replace(year=2025)
    SubsidyCancellation.objects.update(send_after=longer_ago)
    assert api.get(batch["url"]).json()["nobody_is_sending"]
    process_due(limit=0)
    assert not api.get(batch["url"]).json()["nobody_is_sending"]


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_batch_that_nobody_has_come_to_says_so_whatever_the_time_zone(
    gateway, make_order, caller, api, settings, use_tz
):
    settings.USE_TZ = use_tz
    batch = cancel_subsidies([make_order()], requested_by=caller, send="later")
    url = f"{BATCHES}{batch.pk}/"
    shown = api.get(url).json()
    assert (shown["is_final"], shown["nobody_is_sending"]) == (False, False)
    assert shown["confirmed_at"].endswith("Z")
    CancellationBatch.objects.update(confirmed_at=batch.confirmed_at - timedelta(minutes=6))
    assert api.get(url).json()["nobody_is_sending"]


def test_words_are_in_the_language_of_the_reader(gateway, make_order, post_batch, api):
    order = make_order(refunds=())
    batch = post_batch({"orders": [order.pk]}, HTTP_ACCEPT_LANGUAGE="en").json()
    chinese = api.get(batch["items_url"], HTTP_ACCEPT_LANGUAGE="zh-hans").json()["results"]
    assert "refund" in batch["items"][0]["detail"]
    assert "退款" in chinese[0]["detail"]


# Whose they are


@pytest.fixture
def other(make_user):
    client = APIClient()
    client.force_authenticate(make_user("wang", "cancel_subsidy"))
    return client


POSTS = {"confirm/": {}, "stop/": {"note": "x"}}


@pytest.mark.parametrize("path", ["", "items/", "confirm/", "stop/"])
def test_a_batch_of_somebody_elses_answers_like_what_never_existed(batch, other, path):
    def call(key):
        url = f"{BATCHES}{key}/{path}"
        return other.post(url, POSTS[path], format="json") if path in POSTS else other.get(url)

    hidden, never = call(batch["id"]), call(987654)
    assert (hidden.status_code, hidden.content) == (404, never.content)
    assert other.get(BATCHES).json()["results"] == []
    assert CancellationBatch.objects.get().status == "asked"


def test_who_may_see_all_batches_works_on_those_of_others(batch, make_user):
    client = APIClient()
    client.force_authenticate(make_user("wang", "cancel_subsidy", "view_all_batches"))
    assert client.get(batch["url"]).status_code == 200
    response = client.post(f"{batch['url']}stop/", {"note": "x"}, format="json")
    assert response.json()["stopped_by_name"] == "wang"


@pytest.mark.parametrize("permissions", [[], ["view_subsidycancellation"], ["view_all_batches"]])
def test_batches_are_for_those_who_may_cancel(batch, make_user, permissions):
    client = APIClient()
    client.force_authenticate(make_user("wang", *permissions))
    answers = [client.get(url) for url in (BATCHES, batch["url"], batch["items_url"])]
    answers += [client.post(BATCHES, {"orders": [1]}, format="json")]
    answers += [client.post(f"{batch['url']}{path}", body) for path, body in POSTS.items()]
    assert {each.status_code for each in answers} == {403}


class Machine:
    is_authenticated = True

    def __init__(self, name):
        self.name = name

    def __str__(self):
        return self.name


@pytest.mark.parametrize(
    ("mine", "theirs"), [("erp", "oms"), ("erp", "ERP"), ("", "erp"), ("x" * 200, "x" * 201)]
)
def test_a_batch_of_no_user_of_the_site_belongs_to_its_name(
    gateway, make_order, change_settings, mine, theirs
):
    change_settings(API={"PERMISSION_CLASSES": [AllowAny]})
    clients = [APIClient(), APIClient()]
    for client, name in zip(clients, (mine, theirs), strict=True):
        client.force_authenticate(Machine(name))
    batch = clients[0].post(BATCHES, {"orders": [make_order().pk]}, format="json").json()
    assert len(batch["requested_by_name"]) <= 150
    assert clients[0].get(batch["url"]).status_code == 200
    assert clients[1].get(batch["url"]).status_code == 404


def test_a_batch_of_the_shops_own_code_is_no_machines(gateway, make_order, change_settings):
    change_settings(API={"PERMISSION_CLASSES": [AllowAny]})
    batch = draft_batch([make_order()], requested_by="erp")
    client = APIClient()
    client.force_authenticate(Machine("erp"))
    assert client.get(f"{BATCHES}{batch.pk}/").status_code == 404


# Scopes


@pytest.fixture
def mine(by_seller, make_order):
    order = make_order()
    return order, {"HTTP_X_SELLERS": str(order.seller_id)}


@pytest.fixture
def theirs(by_seller, make_order):
    return make_order(seller=Seller.objects.create(name="酒铺", wechat_mchid="1900013402"))


@pytest.mark.parametrize("way", ["transaction_id", "order", "order_reference"])
def test_an_order_out_of_scope_is_an_item_like_what_never_existed(
    gateway, mine, theirs, post_batch, way
):
    _, as_me = mine
    cancel_subsidy_for_order(theirs)
    bodies = {"order": {"order": theirs.pk}, "order_reference": {"order_reference": theirs.number}}
    body = {"items": [bodies.get(way) or identifiers(theirs)]}
    hidden = post_batch(body, **as_me).json()["items"]
    SubsidyCancellation.objects.all().delete()
    theirs.refunds.all().delete()
    theirs.delete()
    assert hidden == post_batch(body, **as_me).json()["items"]
    assert (hidden[0]["code"], hidden[0]["cancellation"]) == ("not_found", None)


def test_a_batch_with_an_item_out_of_scope_does_not_exist(gateway, mine, theirs, post_batch, api):
    order, as_me = mine
    both = post_batch({"orders": [order.pk, theirs.pk]}).json()
    own = post_batch({"orders": [order.pk, 987654]}, **as_me).json()
    assert api.get(both["url"]).status_code == 200
    assert api.get(both["url"], **as_me).status_code == 404
    assert [each["id"] for each in api.get(BATCHES, **as_me).json()["results"]] == [own["id"]]


def test_who_sees_all_batches_sees_those_within_their_scopes(
    gateway, mine, theirs, post_batch, make_user
):
    order, as_me = mine
    within = post_batch({"orders": [order.pk]}).json()
    post_batch({"orders": [theirs.pk]})
    post_batch({"orders": [order.pk, 987654]})  # tells what somebody else looked for
    client = APIClient()
    client.force_authenticate(make_user("wang", "cancel_subsidy", "view_all_batches"))
    shown = client.get(BATCHES, **as_me).json()["results"]
    assert [each["id"] for each in shown] == [within["id"]]


def test_a_cancellation_out_of_scope_is_not_told_of(gateway, mine, theirs, post_batch):
    order, as_me = mine
    hidden = cancel_subsidy_for_order(theirs)
    Order.objects.filter(pk=theirs.pk).update(seller=order.seller)
    SubsidyCancellation.objects.update(sub_mchid=order.seller.wechat_mchid)
    response = post_batch({"orders": [theirs.pk]}, **as_me)
    (item,) = response.json()["items"]
    assert (item["result"], item["code"], item["cancellation"]) == ("refused", "other_order", None)
    assert counted(response.json()) == {"total": 1, "refused": 1}
    assert counted(response.json(), of="cancellation_counts") == {}
    assert str(hidden.pk) not in item["detail"]


def test_a_conflict_found_later_is_told_without_a_word_on_the_other_order(
    gateway, mine, theirs, post_batch, api
):
    order, as_me = mine
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    cancel_subsidy_for_order(theirs)
    SubsidyCancellation.objects.update(
        sub_mchid=order.seller.wechat_mchid, transaction_id=order.wechat_transaction_id
    )
    post_batch({}, path=f"{draft['id']}/confirm/", **as_me)
    (item,) = api.get(draft["items_url"], **as_me).json()["results"]
    assert (item["result"], item["code"]) == ("refused", "other_order")
    assert theirs.number not in item["detail"]
    assert theirs.number in api.get(draft["items_url"]).json()["results"][0]["detail"]


def test_a_cancellation_without_an_order_is_not_counted_for_who_cannot_see_it(
    gateway, mine, post_batch, by_seller, settings
):
    order, as_me = mine
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    by_seller(ORDERS={})
    cancel_subsidy(**identifiers(order), send="later")  # by somebody who sees everything
    by_seller(ORDERS=mapping)
    shown = post_batch({}, path=f"{draft['id']}/confirm/", **as_me).json()
    assert counted(shown, of="cancellation_counts") == {}
    assert CancellationBatchItem.objects.get().cancellation is not None


def test_what_was_withdrawn_out_of_sight_since_the_draft_is_left_alone(
    gateway, mine, post_batch, api
):
    order, as_me = mine
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    withdraw(cancel_subsidy_for_order(order, send="later"), note="of somebody else")
    SubsidyCancellation.objects.update(scope="elsewhere")
    before = SubsidyCancellation.objects.values().get()
    post_batch({}, path=f"{draft['id']}/confirm/", **as_me)
    assert SubsidyCancellation.objects.values().get() == before
    (item,) = api.get(draft["items_url"], **as_me).json()["results"]
    assert (item["result"], item["code"], item["cancellation"]) == ("refused", "other_order", None)


def test_what_is_shown_as_refused_is_counted_and_found_as_that(
    gateway, mine, theirs, post_batch, api
):
    order, as_me = mine
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    cancel_subsidy_for_order(order, description="机密", send="later")
    SubsidyCancellation.objects.update(scope="elsewhere")
    shown = post_batch({}, path=f"{draft['id']}/confirm/", **as_me).json()
    assert counted(shown) == {"total": 1, "refused": 1}
    assert counted(api.get(draft["url"]).json()) == {"total": 1, "exists": 1}  # who sees everything

    def found(**query):
        return len(api.get(draft["items_url"], query, **as_me).json()["results"])

    assert "机密" not in str(api.get(draft["items_url"], **as_me).json())
    assert (found(result="refused"), found(result="exists")) == (1, 0)
    assert (found(code="other_order"), found(code="in_progress")) == (1, 0)


def test_a_conflict_is_found_by_the_code_that_is_shown(gateway, mine, post_batch, api):
    order, as_me = mine
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    cancel_subsidy_for_order(order, send="later")
    SubsidyCancellation.objects.update(merchant="another")
    post_batch({}, path=f"{draft['id']}/confirm/", **as_me)

    def found(code, **headers):
        return len(api.get(draft["items_url"], {"code": code}, **headers).json()["results"])

    assert (found("other_merchant", **as_me), found("other_order", **as_me)) == (0, 1)
    assert (found("other_merchant"), found("other_order")) == (1, 0)


def test_an_order_that_changed_hands_since_the_draft_is_left_out(gateway, mine, theirs, post_batch):
    order, as_me = mine
    draft = post_batch({"orders": [order.pk], "draft": True}, **as_me).json()
    Order.objects.filter(pk=order.pk).update(seller=theirs.seller)
    CancellationBatchItem.objects.update(sub_mchid=theirs.seller.wechat_mchid)
    post_batch({}, path=f"{draft['id']}/confirm/", **as_me)
    assert CancellationBatchItem.objects.get().code == "changed"
    assert not SubsidyCancellation.objects.exists()


def test_what_belongs_to_no_order_is_not_found_by_who_may_not_see_all(
    gateway, by_seller, post_batch
):
    by_seller(ORDERS={})
    body = {"items": [{"sub_mchid": "1900000109", "transaction_id": "T1"}]}
    assert results(post_batch(body, HTTP_X_SELLERS="1")) == [("refused", "not_found")]
    assert results(post_batch(body)) == [("asked", "")]
