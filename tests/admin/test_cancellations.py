import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wechat_subsidies.admin import paging
from wechat_subsidies.models import CancellationAttempt, CancellationEvent
from wechat_subsidies.orders.mapped import MappedOrderAdapter

from .pages import CANCELLATIONS, ORDERS, cancellation_page

pytestmark = pytest.mark.django_db


def references(client, query=""):
    return [str(row) for row in client.get(CANCELLATIONS + query).context["cl"].result_list]


def attempt(cancellation, **fields):
    return CancellationAttempt.objects.create(
        **{
            "uuid": "c0ffee00-0000-4000-8000-000000000000",
            "cancellation": cancellation,
            "claim_token": "c0ffee00-0000-4000-8000-000000000001",
            "mchid": "1900000001",
            "host": "api.mch.weixin.qq.com",
            "started_at": 1_700_000_000_000_000,
            "ended_at": 1_700_000_000_123_000,
            "request_body": b'{"transaction_id":"42"}',
            "outcome": "succeeded",
            "reason": "cancelled",
            "http_status": 200,
        }
        | fields
    )


def test_the_list_is_open_to_those_who_may_see_cancellations(desk, ask):
    ask(number="N-1")
    assert references(desk) == ["N-1"]


def test_the_list_is_open_to_those_who_may_only_ask_for_them(colleague, ask):
    ask(number="N-1")
    assert references(colleague) == ["N-1"]


def test_a_cancellation_of_no_order_is_called_by_its_transaction(desk, ask):
    cancellation = ask(order_reference="")
    link = f'<a href="{cancellation_page(cancellation)}">{cancellation.transaction_id}</a>'
    assert link in desk.get(CANCELLATIONS).content.decode()


def test_the_list_is_closed_to_others(onlooker, ask):
    assert onlooker.get(CANCELLATIONS).status_code == 403


def test_the_detail_is_closed_to_others(onlooker, ask):
    assert onlooker.get(cancellation_page(ask())).status_code == 403


@pytest.mark.parametrize("rest", ["add/", "{pk}/delete/"])
def test_cancellations_are_not_added_or_deleted(desk, ask, rest):
    url = CANCELLATIONS + rest.format(pk=ask().pk)
    assert [desk.get(url).status_code, desk.post(url).status_code] == [403, 403]


def test_cancellations_are_not_changed(desk, ask):
    cancellation = ask()
    answer = desk.post(cancellation_page(cancellation), {"status": "succeeded", "proof": "wechat"})
    assert answer.status_code == 403
    cancellation.refresh_from_db()
    assert cancellation.status == "pending"


@pytest.mark.parametrize(
    "field", ["transaction_id", "refund_id", "order_reference", "request_id", "sub_mchid"]
)
def test_search_finds_exact_values_only(desk, ask, field):
    ask(number="N-2")
    ask(number="N-1", **{field: "Abc123"})
    assert len(references(desk, "?q=Abc123")) == 1
    assert references(desk, "?q=Abc12") == []


def test_search_finds_the_request_id_of_any_call(desk, ask):
    attempt(ask(number="N-1", request_id="LAST"), request_id="FIRST")
    ask(number="N-2")
    assert references(desk, "?q=FIRST") == ["N-1"]


@pytest.mark.parametrize("typed", ["+0012+A+", "0012+A"])
def test_search_takes_a_reference_with_blanks_as_one(desk, ask, typed):
    ask(number="0012 A")
    ask(number="A")
    assert references(desk, f"?q={typed}") == ["0012 A"]


def test_search_takes_an_id_as_an_export_has_it(desk, ask):
    cancellation = ask(number="N-1")
    assert references(desk, f"?q='{cancellation.transaction_id}") == ["N-1"]


def test_an_empty_search_finds_everything(desk, ask):
    ask(number="N-1")
    assert references(desk, "?q=+") == ["N-1"]


def test_the_list_is_filtered_by_status(desk, ask):
    ask(number="N-1")
    assert b'href="?status__exact=failed"' in desk.get(CANCELLATIONS).content
    ask(number="N-2", status="failed", send_after=None)
    assert references(desk, "?status__exact=failed") == ["N-2"]


def test_the_list_is_filtered_by_merchant_where_there_are_several(desk, ask, settings):
    merchants = settings.WECHAT_SUBSIDIES["MERCHANTS"]
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "MERCHANTS": {**merchants, "second": merchants["default"]},
    }
    ask(number="N-1")
    ask(number="N-2", merchant="second")
    assert b'href="?merchant=second"' in desk.get(CANCELLATIONS).content
    assert references(desk, "?merchant=second") == ["N-2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?sub_mchid=1900000009", ["N-2"]),
        ("?sub_mchid=", ["N-2", "N-1"]),
        ("?source__exact=command", ["N-2"]),
        ("?created_from=2026-11-02", ["N-1"]),
        ("?created_to=2026-11-01", ["N-2"]),
        ("?created_from=2026-11-01&created_to=2026-11-02", ["N-2"]),
        ("?sub_mchid=1900000009&created_from=2026-11-02", []),
    ],
)
def test_the_list_is_narrowed_down(desk, ask, query, found):
    ask(number="N-1", created_at="2026-11-02T16:00:00Z")  # the 3rd in Asia/Shanghai
    ask(
        number="N-2",
        created_at="2026-10-31T16:00:00Z",  # the 1st
        sub_mchid="1900000009",
        source="command",
    )
    assert references(desk, query) == found


@pytest.mark.parametrize("page", [CANCELLATIONS, CANCELLATIONS + "export/"])
@pytest.mark.parametrize("query", ["?created_to=9999-12-31", "?created_from=0001-01-01"])
def test_a_day_beyond_what_can_be_reckoned_with_is_not_taken_for_any(desk, ask, page, query):
    ask()
    assert desk.get(page + query).status_code in (302, 404)


def test_a_day_that_is_none_is_not_taken_for_any(desk, ask):
    ask()
    assert desk.get(CANCELLATIONS + "?created_from=yesterday").url == f"{CANCELLATIONS}?e=1"


def test_filters_keep_each_other_and_the_search(desk, ask):
    page = desk.get(CANCELLATIONS + "?status__exact=pending&q=x&sub_mchid=19&p=1").content.decode()
    form = page.split('class="subsidies-filter"')[2].split("</form>")[0]  # that of the days
    assert form.count('type="hidden"') == 3
    for name, value in (("status__exact", "pending"), ("q", "x"), ("sub_mchid", "19")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in form


def test_the_list_is_not_counted_to_the_end(desk, ask, monkeypatch):
    monkeypatch.setattr(paging, "MOST", 2)
    for number in range(3):
        ask(number=f"N-{number}")
    page = desk.get(CANCELLATIONS)
    assert "More than 2: the newest are shown." in page.content.decode()
    ask(number="N-3", status="failed", send_after=None)
    page = desk.get(CANCELLATIONS + "?status__exact=failed")
    assert "More than" not in page.content.decode()


def test_the_list_counts_no_facets(desk, ask):
    ask()
    assert desk.get(CANCELLATIONS + "?_facets=True").context["cl"].add_facets is False


def test_the_list_is_counted_as_far_as_it_is_shown(desk, ask):
    ask()
    with CaptureQueriesContext(connection) as queries:
        desk.get(CANCELLATIONS)
    counts = [q["sql"] for q in queries if "COUNT(*)" in q["sql"] and "WHERE" not in q["sql"]]
    assert counts
    assert all("LIMIT 10001" in sql for sql in counts)


def test_what_is_outside_of_the_scopes_does_not_exist(desk, ask, settings):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: {"north"}}
    ask(number="N-1", scope="north")
    outside = ask(number="N-2", scope="south")
    assert references(desk) == ["N-1"]
    assert desk.get(cancellation_page(outside)).url == "/admin/"


def test_an_adapter_may_limit_a_request_by_itself(desk, ask, monkeypatch):
    monkeypatch.setattr(MappedOrderAdapter, "scopes", lambda adapter, request: {"north"})
    ask(number="N-1", scope="north")
    ask(number="N-2", scope="south")
    ask(number="N-3", scope="", order_model="")
    assert references(desk) == ["N-1"]


def test_scopes_hold_without_orders_in_the_settings(desk, ask, settings):
    ask(number="N-1", scope="north")
    ask(number="N-2", scope="south")
    settings.WECHAT_SUBSIDIES = {"SCOPES": lambda request: {"north"}}
    assert references(desk) == ["N-1"]


def test_the_detail_says_what_was_asked_and_what_became_of_it(desk, ask):
    cancellation = ask(
        status="failed",
        send_after=None,
        reason="result_fail",
        error_code="INVALID_REQUEST",
        error_message="订单未退款",
        request_id="08F78BB5-1",
    )
    page = desk.get(cancellation_page(cancellation)).content.decode()
    for words in (
        "Refused by WeChat Pay",
        "WeChat Pay answered FAIL without a reason.",
        "INVALID_REQUEST",
        "订单未退款",
        "08F78BB5-1",
        bytes(cancellation.request_body).decode().replace('"', "&quot;"),
        "¥2.00",
        f'<a href="{ORDERS}{cancellation.order_pk}/change/">N-1</a>',
    ):
        assert words in page


def test_what_a_person_found_not_cancelled_was_refused_by_nobody(desk, ask):
    cancellation = ask(status="failed", send_after=None, proof="person")
    page = desk.get(cancellation_page(cancellation)).content.decode()
    assert "Subsidy not cancelled (stated by a person)" in page


def test_the_detail_shows_each_call(desk, ask):
    cancellation = ask()
    attempt(
        cancellation,
        request_id="08F78BB5-1",
        key_id="PUB_KEY_ID_01",
        error_code="SYSTEM_ERROR",
        error_message="系统错误",
        answer_body='{"result":"成功"}'.encode(),
        answer_headers={"Wechatpay-Nonce": "abc"},
    )
    page = desk.get(cancellation_page(cancellation)).content.decode()
    for words in (
        "Cancelled, proven by signature",
        "WeChat Pay has cancelled the subsidy.",
        "0.123 s",
        "api.mch.weixin.qq.com",
        "HTTP 200",
        "08F78BB5-1",
        "PUB_KEY_ID_01",
        "<code>SYSTEM_ERROR</code> 系统错误",
        "{&quot;transaction_id&quot;:&quot;42&quot;}",
        "{&quot;result&quot;:&quot;成功&quot;}",
        "&quot;Wechatpay-Nonce&quot;: &quot;abc&quot;",
    ):
        assert words in page


def test_the_detail_shows_what_people_did_among_the_calls(desk, ask):
    cancellation = ask()
    attempt(cancellation)
    CancellationEvent.objects.create(
        cancellation=cancellation, kind="retried", actor_name="王芳", note="<u>退款已到账</u>"
    )
    page = desk.get(cancellation_page(cancellation)).content.decode()
    for words in ("<strong>Retried</strong>", "王芳", "&lt;u&gt;退款已到账&lt;/u&gt;"):
        assert words in page
    assert page.index("王芳") < page.index("Cancelled, proven by signature")


@pytest.mark.parametrize("use_tz", [True, False])
def test_moments_are_shown_in_local_time(desk, ask, settings, use_tz):
    settings.USE_TZ = use_tz
    cancellation = ask()
    attempt(cancellation)
    page = desk.get(cancellation_page(cancellation)).content.decode()
    assert "2023-11-15 06:13:20" in page  # 1,700,000,000 seconds after 1970, in Asia/Shanghai


def test_a_call_without_an_answer_is_shown(desk, ask):
    cancellation = ask()
    attempt(cancellation, outcome="not_sent", http_status=None, failure="refused: <x>")
    page = desk.get(cancellation_page(cancellation)).content.decode()
    assert "refused: &lt;x&gt;" in page
    assert "<details>" not in page


@pytest.mark.parametrize("field", ["order_reference", "error_message", "resolution_note"])
def test_markup_in_a_cancellation_is_text(desk, ask, field):
    page = desk.get(cancellation_page(ask(**{field: "<u>hi</u>"}))).content.decode()
    assert "&lt;u&gt;hi&lt;/u&gt;" in page
    assert "<u>hi</u>" not in page


@pytest.mark.parametrize(
    "field", ["host", "error_code", "error_message", "error_detail", "request_id", "key_id"]
)
def test_markup_in_a_call_is_text(desk, ask, field):
    cancellation = ask()
    attempt(cancellation, **{"error_code": "X", field: "<u>hi</u>"})
    page = desk.get(cancellation_page(cancellation)).content.decode()
    assert "&lt;u&gt;hi&lt;/u&gt;" in page
    assert "<u>hi</u>" not in page


@pytest.mark.parametrize("field", ["request_body", "answer_body"])
def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(desk, ask, field):
    cancellation = ask()
    attempt(cancellation, **{field: b"\xff<u>"})
    page = desk.get(cancellation_page(cancellation)).content.decode()
    assert "\ufffd&lt;u&gt;" in page
