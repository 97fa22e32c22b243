"""How many queries each address takes, and that no list takes more of them for more rows."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidies, cancel_subsidy_for_order
from wechat_subsidies.services.slices import ask_for_batch

from .calls import CANCELLATIONS, codes, identifiers

BATCHES = "/api/subsidies/batches/"


@pytest.fixture(autouse=True)
def warm(db, api):
    """The caller's permissions, which are read once, are read."""
    cache.clear()
    api.get(CANCELLATIONS)


@pytest.fixture
def count(api):
    """The queries of a call; those by which SQLite begins and ends transactions are none."""

    def made_by(method, url, body=None, **headers):
        send = getattr(api, method)
        arguments = [] if body is None else [body, "json"]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = send(url, *arguments, **headers)
        assert response.status_code < 400, codes(response)
        asked = [each["sql"] for each in queries]
        return len([sql for sql in asked if "SAVEPOINT" not in sql])

    return made_by


@pytest.fixture
def make_batch(gateway, make_order, caller):
    def make(size):
        batch = cancel_subsidies(
            [make_order() for _ in range(size)], requested_by=caller, send="later"
        )
        ask_for_batch(batch.pk)
        return f"{BATCHES}{batch.pk}/"

    return make


def is_asked_for_the_time():
    """Whether the database's clock is one that is asked."""
    return connection.vendor != "sqlite"


@pytest.mark.parametrize("size", [1, 20])
def test_lists_of_cancellations_take_one(gateway, make_order, count, size):
    for _ in range(size):
        cancel_subsidy_for_order(make_order(), send="later")
    assert count("get", CANCELLATIONS) == 1
    assert count("get", f"{CANCELLATIONS}?status=pending&ordering=-updated_at") == 1
    assert count("get", f"{CANCELLATIONS}?batch=1") == 1


def test_one_cancellation_takes_one(gateway, make_order, count):
    row = cancel_subsidy_for_order(make_order(), send="later")
    assert count("get", f"{CANCELLATIONS}{row.pk}/") == 1


@pytest.mark.parametrize("size", [1, 20])
def test_a_batch_takes_a_few_however_large_it_is(make_batch, count, size):
    url = make_batch(size)
    # The batch, its items by result, its cancellations by status, the last sweep (and the clock).
    assert count("get", url) == 4 + is_asked_for_the_time()
    # The batch, its items, their cancellations.
    assert count("get", f"{url}items/") == 3


@pytest.mark.parametrize("size", [1, 5])
def test_the_list_of_batches_takes_as_many_as_one(make_batch, count, size):
    for _ in range(size):
        make_batch(1)
    assert count("get", BATCHES) == 4 + is_asked_for_the_time()


def test_a_batch_that_is_over_is_not_asked_whether_it_waits(make_batch, count):
    url = make_batch(2)
    SubsidyCancellation.objects.update(status="withdrawn", send_after=None)
    assert count("get", url) == 3


@pytest.mark.parametrize("way", ["transaction_id", "order", "order_reference"])
def test_asking_takes_as_many_however_the_order_is_named(gateway, make_order, count, way):
    order = make_order()
    bodies = {"order": {"order": order.pk}, "order_reference": {"order_reference": order.number}}
    made = count("post", CANCELLATIONS, bodies.get(way) or identifiers(order))
    # The order twice, whether it is recorded twice (the second time with the clock), the row.
    assert made == 5


@pytest.mark.parametrize(
    ("decision", "body", "made"),
    [("retry", {}, 8), ("withdraw", {}, 7), ("resolve", {"succeeded": True, "note": "x"}, 7)],
)
def test_a_decision_takes_few(
    gateway, make_order, api, caller, make_user, count, decision, body, made
):
    row = cancel_subsidy_for_order(make_order(), send="later")
    if decision != "withdraw":
        change = {"status": "needs_review", "send_after": None, "in_doubt": True}
        SubsidyCancellation.objects.filter(pk=row.pk).update(**change)
    user = make_user("li", "cancel_subsidy", "resolve_cancellation")
    api.force_authenticate(user)
    user.has_perm("wechat_subsidies.cancel_subsidy")
    url = f"{CANCELLATIONS}{row.pk}/{decision}/"
    # Among them the row five times: for the caller, held, and read before, after and once committed.
    is_timed = is_asked_for_the_time() and decision != "withdraw"
    assert count("post", url, body) == made + is_timed


@pytest.mark.parametrize("named_by", ["orders", "order", "order_reference", "transaction_id"])
def test_a_draft_takes_as_many_for_twenty_orders_as_for_two(gateway, make_order, count, named_by):
    def body(size):
        orders = [make_order() for _ in range(size)]
        ways = {
            "orders": lambda order: order.pk,
            "order": lambda order: {"order": order.pk},
            "order_reference": lambda order: {"order_reference": order.number},
            "transaction_id": identifiers,
        }
        items = [ways[named_by](order) for order in orders]
        return {"orders" if named_by == "orders" else "items": items, "draft": True}

    assert count("post", BATCHES, body(2)) == count("post", BATCHES, body(20)) <= 12


def test_a_key_takes_four_more(gateway, make_order, count):
    clocks = 2 * is_asked_for_the_time()
    plain = count("post", CANCELLATIONS, identifiers(make_order()))
    # Its row before the work; that held, and what it is about, where that is recorded; the status.
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    order = make_order()
    keyed = count("post", CANCELLATIONS, identifiers(order), **key)
    assert keyed - plain in range(4, 5 + clocks)
    # The row that is there, what it is about, and that as it is now.
    assert count("post", CANCELLATIONS, identifiers(order), **key) <= 4 + clocks
