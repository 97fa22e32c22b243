"""Which rows of a list are asked for."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.utils import timezone

from example_project.shop.models import Seller
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidies, cancel_subsidy_for_order, draft_batch

from .calls import CANCELLATIONS, codes

BATCHES = "/api/subsidies/batches/"


def found(response):
    assert response.status_code == 200, response.json()
    return [each["id"] for each in response.json()["results"]]


@pytest.fixture
def rows(gateway, make_order):
    """Three: one refused, one cancelled, one that waits, each unlike the others."""
    wine = Seller.objects.create(name="酒铺", wechat_mchid="1900013402")
    orders = [make_order(), make_order(seller=wine), make_order()]
    asked = [cancel_subsidy_for_order(order, send="later") for order in orders]
    rows = SubsidyCancellation.objects
    rows.filter(pk=asked[0].pk).update(status="failed", reason="param_error", send_after=None)
    rows.filter(pk=asked[1].pk).update(
        status="succeeded", reason="cancelled", proof="wechat", send_after=None, scope="wine"
    )
    rows.filter(pk=asked[2].pk).update(merchant="second")
    for hours, row in enumerate(asked):
        moment = timezone.now() - timedelta(hours=10 - hours)
        rows.filter(pk=row.pk).update(created_at=moment, updated_at=moment)
    return [rows.get(pk=row.pk) for row in asked]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "failed"}, [0]),
        ({"status": "failed,succeeded"}, [1, 0]),
        ({"reason": "param_error"}, [0]),
        ({"reason": "param_error,not_sent"}, [0]),
        ({"merchant": "second"}, [2]),
        ({"merchant": "SECOND"}, []),
        ({"sub_mchid": "1900013402"}, [1]),
        ({"scope": "wine"}, [1]),
        ({"status": "failed", "sub_mchid": "1900013402"}, []),
        ({"ordering": "id"}, [0, 1, 2]),
        ({"ordering": "-updated_at"}, [2, 1, 0]),
        ({"ordering": "created_at", "status": "failed,pending"}, [0, 2]),
    ],
)
def test_a_list_has_what_is_asked_for(rows, api, query, expected):
    assert found(api.get(CANCELLATIONS, query)) == [rows[number].pk for number in expected]


@pytest.mark.parametrize(
    "names", [["transaction_id"], ["refund_id"], ["order_reference"], ["order", "order_model"]]
)
def test_a_list_is_narrowed_down_by_what_names_one(rows, api, names):
    columns = {"order": "order_pk"}
    query = {name: getattr(rows[1], columns.get(name, name)) for name in names}
    assert found(api.get(CANCELLATIONS, query)) == [rows[1].pk]


def test_an_orders_key_is_that_of_a_model_that_is_known(rows, api):
    query = {"order": rows[1].order_pk}
    assert found(api.get(CANCELLATIONS, query)) == [rows[1].pk]
    SubsidyCancellation.objects.filter(pk=rows[0].pk).update(
        order_model="gone.Order", order_pk=rows[1].order_pk
    )
    assert found(api.get(CANCELLATIONS, query)) == [rows[1].pk]
    named = {**query, "order_model": "gone.Order"}
    assert found(api.get(CANCELLATIONS, named)) == [rows[0].pk]


@pytest.mark.parametrize("column", ["created", "updated"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_a_range_has_its_beginning_and_not_its_end(rows, api, column, use_tz, settings):
    moments = [getattr(row, f"{column}_at").isoformat() for row in rows]
    settings.USE_TZ = use_tz
    if not use_tz:  # the columns then hold the site's own time
        for row in rows:
            moment = timezone.make_naive(row.created_at, timezone.get_default_timezone())
            rows_of = SubsidyCancellation.objects.filter(pk=row.pk)
            rows_of.update(created_at=moment, updated_at=moment)
    query = {f"{column}_since": moments[1], f"{column}_before": moments[2]}
    assert found(api.get(CANCELLATIONS, query)) == [rows[1].pk]
    query = {f"{column}_since": moments[1]}
    assert found(api.get(CANCELLATIONS, query)) == [rows[2].pk, rows[1].pk]


def test_the_cancellations_of_a_batch_can_be_asked_for(gateway, make_order, rows, api, caller):
    order = make_order()
    batch = cancel_subsidies([order], requested_by=caller, send="later")
    row = cancel_subsidy_for_order(order, send="later")
    batch.items.update(cancellation=row)
    assert found(api.get(CANCELLATIONS, {"batch": batch.pk})) == [row.pk]


def test_a_batch_of_somebody_elses_has_no_cancellations(gateway, make_order, api):
    order = make_order()
    batch = cancel_subsidies([order], requested_by="somebody", send="later")
    batch.items.update(cancellation=cancel_subsidy_for_order(order, send="later"))
    for key in (batch.pk, 987654):
        assert found(api.get(CANCELLATIONS, {"batch": key})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"sub_mchid": "1900013402"},
        {"transaction_id": "of the other"},
        {"scope": "wine"},
        {"status": "succeeded"},
    ],
)
def test_a_filter_finds_nothing_out_of_scope(rows, api, query, by_seller):
    if "transaction_id" in query:
        query = {"transaction_id": rows[1].transaction_id}
    outside = {"HTTP_X_SELLERS": str(Seller.objects.first().pk)}
    assert found(api.get(CANCELLATIONS, query)) == [rows[1].pk]
    assert found(api.get(CANCELLATIONS, query, **outside)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=done", {"status": ["unknown_value"]}),
        ("status=failed,", {"status": ["unknown_value"]}),
        ("status=", {"status": ["unknown_value"]}),
        ("status=" + "failed," * 60, {"status": ["too_many"]}),
        ("reason=because", {"reason": ["unknown_value"]}),
        ("sub_mchid=x y", {"sub_mchid": ["invalid_characters"]}),
        ("transaction_id=" + "1" * 65, {"transaction_id": ["too_long"]}),
        ("merchant=", {"merchant": ["required"]}),
        ("merchant=%00", {"merchant": ["invalid_characters"]}),
        ("order_reference=" + "1" * 129, {"order_reference": ["too_long"]}),
        ("batch=x", {"batch": ["invalid"]}),
        ("batch=0", {"batch": ["out_of_range"]}),
        ("batch=99999999999999999999", {"batch": ["out_of_range"]}),
        ("created_since=yesterday", {"created_since": ["invalid"]}),
        ("created_since=2026-11-23", {"created_since": ["invalid"]}),
        ("created_since=2026-11-23T08:00:00", {"created_since": ["invalid"]}),
        ("updated_since=2026-13-23T08:00:00Z", {"updated_since": ["invalid"]}),
        ("updated_since=0001-01-01T00:00:00%2B14:00", {"updated_since": ["invalid"]}),
        ("ordering=status", {"ordering": ["unknown_value"]}),
        ("stauts=failed", {"stauts": ["unknown_field"]}),
        ("status=failed&status=pending", {"status": ["repeated"]}),
    ],
)
def test_a_wrong_filter_is_refused_by_name(db, api, query, expected):
    response = api.get(f"{CANCELLATIONS}?{query}")
    assert (response.status_code, codes(response)) == (400, expected)


@pytest.fixture
def database_zone(monkeypatch):
    """Have the database keep moments in this time zone, as one that has no zones of its own may."""

    def use(zone):
        monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", zone)
        forget()

    def forget():
        for name in ("timezone", "timezone_name"):
            connection.__dict__.pop(name, None)

    yield use
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize("url", [CANCELLATIONS, BATCHES])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_a_moment_that_the_databases_time_zone_does_not_have_is_refused(
    db, api, database_zone, url, zone
):
    database_zone(zone)
    for name, moment in (
        ("created_since", "0001-01-01T00:00:00Z"),
        ("created_before", "9999-12-31T23:59:59Z"),
    ):
        response = api.get(url, {name: moment})
        assert (response.status_code, codes(response)) == (400, {name: ["invalid"]})


def test_what_the_hosts_formats_and_versions_take_is_theirs(db, api):
    assert api.get(CANCELLATIONS, {"format": "json", "version": "v1"}).status_code == 200


@pytest.fixture
def batches(gateway, make_order, caller):
    drafts = [draft_batch([make_order()], requested_by=caller) for _ in range(2)]
    asked = cancel_subsidies(
        [make_order(), make_order(refunds=())], requested_by=caller, send="later"
    )
    return [*drafts, asked]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"ordering": "id"}, [0, 1, 2]),
        ({"status": "draft"}, [1, 0]),
        ({"status": "draft,confirmed"}, [2, 1, 0]),
        ({"created_before": "2020-01-01T00:00:00Z"}, []),
        ({"created_since": "2020-01-01T00:00:00Z", "page_size": "1"}, [2]),
    ],
)
def test_a_list_of_batches_has_what_is_asked_for(batches, api, query, expected):
    assert found(api.get(BATCHES, query)) == [batches[number].pk for number in expected]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ({}, [0, 1]),
        ({"ordering": "-position"}, [1, 0]),
        ({"result": "waiting"}, [0]),
        ({"result": "refused,exists"}, [1]),
        ({"result": "asked"}, []),
        ({"code": "not_refunded"}, [1]),
    ],
)
def test_a_list_of_items_has_what_is_asked_for(batches, api, query, positions):
    page = api.get(f"{BATCHES}{batches[2].pk}/items/", query).json()
    assert [each["position"] for each in page["results"]] == positions


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("", {"status": "failed"}, {"status": ["unknown_value"]}),
        ("", {"sub_mchid": "1"}, {"sub_mchid": ["unknown_field"]}),
        ("", {"ordering": "-created_at"}, {"ordering": ["unknown_value"]}),
        ("items/", {"result": "done"}, {"result": ["unknown_value"]}),
        ("items/", {"status": "asked"}, {"status": ["unknown_field"]}),
    ],
)
def test_a_wrong_filter_of_batches_is_refused_by_name(batches, api, path, query, expected):
    base = f"{BATCHES}{batches[2].pk}/" if path else BATCHES
    response = api.get(f"{base}{path}?{urlencode(query)}")
    assert (response.status_code, codes(response)) == (400, expected)
