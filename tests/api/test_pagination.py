from base64 import b64encode
from urllib.parse import urlencode

import pytest

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


@pytest.mark.parametrize(
    ("wanted", "size"), [("", 50), ("3", 3), ("200", 200), ("201", 200), ("0", 50), ("x", 50)]
)
def test_a_page_has_the_size_asked_for_within_bounds(keys, api, wanted, size):
    assert len(shown(api.get(CANCELLATIONS, {"page_size": wanted}).json())) == size


def test_what_is_added_meanwhile_does_not_shift_the_next_page(keys, api):
    first = api.get(CANCELLATIONS).json()
    SubsidyCancellation.objects.create(
        sub_mchid="2", transaction_id="new", send_after=EPOCH, asked_at=EPOCH
    )
    assert shown(api.get(first["next"]).json()) == keys[50:100]


def cursor(**parts):
    return b64encode(urlencode(parts).encode()).decode()


@pytest.mark.parametrize(
    "made_up",
    ["x", "é", cursor(p="abc"), cursor(p="１"), cursor(p="9" * 19), cursor(p="-1")],
)
def test_a_made_up_cursor_is_refused(db, api, made_up):
    response = api.get(CANCELLATIONS, {"cursor": made_up})
    assert (response.status_code, codes(response)) == (400, {"cursor": ["invalid"]})


def test_a_cursor_beyond_the_end_is_an_empty_page(db, api):
    assert shown(api.get(CANCELLATIONS, {"cursor": cursor(p="9" * 18)}).json()) == []
