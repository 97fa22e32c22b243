import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from django.utils import timezone

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.models.fields import EPOCH

from .calls import CANCELLATIONS, codes


@pytest.fixture
def keys(db):
    rows = [
        SubsidyCancellation(
            sub_mchid="1", transaction_id=str(number), send_after=EPOCH, asked_at=EPOCH
        )
        for number in range(210)
    ]
    SubsidyCancellation.objects.bulk_create(rows)
    return list(SubsidyCancellation.objects.order_by("-pk").values_list("pk", flat=True))


def shown(page):
    return [each["id"] for each in page["results"]]


def test_pages_follow_each_other(keys, api):
    page, seen = api.get(CANCELLATIONS).json(), []
    while page["next"]:
        seen += shown(page)
        page = api.get(page["next"]).json()
    assert seen + shown(page) == keys


def test_a_page_leads_back(keys, api):
    first = api.get(CANCELLATIONS).json()
    second = api.get(first["next"]).json()
    assert shown(api.get(second["previous"]).json()) == shown(first)


@pytest.mark.parametrize(("wanted", "size"), [(None, 50), ("3", 3), ("200", 200), ("10.0", 10)])
def test_a_page_has_the_size_asked_for(keys, api, wanted, size):
    query = {} if wanted is None else {"page_size": wanted}
    assert len(shown(api.get(CANCELLATIONS, query).json())) == size


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("", "invalid"),
        ("x", "invalid"),
        ("1.5", "invalid"),
        ("0", "out_of_range"),
        ("201", "out_of_range"),
        ("9" * 2000, "too_long"),
    ],
)
def test_a_size_that_no_page_has_is_refused(db, api, wanted, code):
    response = api.get(CANCELLATIONS, {"page_size": wanted})
    assert (response.status_code, codes(response)) == (400, {"page_size": [code]})


def test_what_is_added_meanwhile_does_not_shift_the_next_page(keys, api):
    first = api.get(CANCELLATIONS).json()
    SubsidyCancellation.objects.create(
        sub_mchid="2", transaction_id="new", send_after=EPOCH, asked_at=EPOCH
    )
    assert shown(api.get(first["next"]).json()) == keys[50:100]


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("ordering", ["updated_at", "-updated_at", "created_at", "-created_at"])
def test_rows_of_the_same_moment_are_on_one_page_each(keys, api, ordering, use_tz, settings):
    settings.USE_TZ = use_tz
    moment = timezone.now()
    SubsidyCancellation.objects.update(updated_at=moment, created_at=moment)
    SubsidyCancellation.objects.filter(pk=keys[100]).update(
        updated_at=moment + timedelta(hours=1), created_at=moment + timedelta(hours=1)
    )
    page = api.get(CANCELLATIONS, {"ordering": ordering, "page_size": 20}).json()
    forwards = shown(page)
    while page["next"]:
        page = api.get(page["next"]).json()
        forwards += shown(page)
    backwards = shown(page)
    while page["previous"]:
        page = api.get(page["previous"]).json()
        backwards = shown(page) + backwards
    column = ordering.lstrip("-")
    sign = "-" if ordering.startswith("-") else ""
    expected = SubsidyCancellation.objects.order_by(f"{sign}{column}", f"{sign}id")
    assert forwards == backwards == list(expected.values_list("pk", flat=True))


def cursor(*parts):
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    ("ordering", "made_up"),
    [
        ("-id", "x"),
        ("-id", "é"),
        ("-id", ""),
        ("-id", "A" * 10_000),
        ("-id", urlsafe_b64encode(b"\xff\xff\xff").decode()),
        ("-id", urlsafe_b64encode(b"{}").decode()),
        ("-id", urlsafe_b64encode(b"[" * 300).decode()),
        ("-id", cursor("id", True, 1, 1)),
        ("-id", cursor("id", False, 1, 1, False)),
        ("-id", cursor("id", True, 1, "1", False)),
        ("-id", cursor("id", True, 1, 2**63, False)),
        ("-id", cursor("id", True, 1, -1, False)),
        ("-id", cursor("id", True, 1, 1, "no")),
        ("-id", cursor("updated_at", True, 1, 1, False)),
        ("-updated_at", cursor("updated_at", True, 1, 1, False)),
        ("-updated_at", cursor("updated_at", True, "never", 1, False)),
        ("-updated_at", cursor("updated_at", True, "2026-11-23T00:00:00", 1, False)),
        ("-updated_at", cursor("updated_at", True, None, 1, False)),
        ("updated_at", cursor("updated_at", False, "0001-01-01T00:00:00+14:00", 1, False)),
        ("-updated_at", cursor("updated_at", True, "9999-12-31T23:59:59-12:00", 1, False)),
    ],
)
def test_a_made_up_cursor_is_refused(db, api, ordering, made_up):
    response = api.get(CANCELLATIONS, {"cursor": made_up, "ordering": ordering})
    assert response.status_code == 400
    assert list(codes(response)) == ["cursor"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_a_cursor_of_a_moment_that_no_zone_has_is_refused(db, api, settings, zone, moment):
    settings.USE_TZ, settings.TIME_ZONE = False, zone
    made_up = cursor("updated_at", False, moment, 1, False)
    response = api.get(CANCELLATIONS, {"cursor": made_up, "ordering": "updated_at"})
    assert (response.status_code, codes(response)) == (400, {"cursor": ["invalid"]})


def test_a_cursor_beyond_the_end_is_an_empty_page(keys, api):
    page = api.get(CANCELLATIONS, {"cursor": cursor("id", True, 0, 0, False)}).json()
    assert page == {"next": None, "previous": None, "results": []}


def test_a_query_that_is_not_escaped_goes_on_to_the_next_page(keys, api):
    SubsidyCancellation.objects.update(order_reference="订单")
    raw = "order_reference=订单&page_size=1".encode().decode("latin-1")
    first = api.get(CANCELLATIONS, QUERY_STRING=raw).json()
    assert len(api.get(first["next"]).json()["results"]) == 1
