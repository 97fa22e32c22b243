"""Cancellations and batches as CSV files."""

import csv
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation

from wechat_subsidies.admin import export
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import confirm_batch, work_on_batch
from wechat_subsidies.services.tabular import COLUMNS, read_lines

from .pages import CANCELLATIONS, batch_page, cancellation_page
from .rows import CANCELLED, REFUSED

pytestmark = pytest.mark.django_db(transaction=True)

EXPORT = CANCELLATIONS + "export/"


def bytes_of(answer):
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_of(answer):
    text = bytes_of(answer).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def test_the_list_is_exported_with_all_that_is_known(desk, ask):
    row = ask(
        **CANCELLED,
        paid_amount=1000,
        created_at="2026-11-23T02:00:00Z",
        request_id="08F7",
        scope="",
    )
    answer = desk.get(EXPORT)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="subsidy-cancellations-')
    (cells,) = rows_of(answer)
    assert tuple(cells) == COLUMNS
    assert cells["transaction_id"] == f"'{row.transaction_id}"
    assert (cells["status"], cells["proof"], cells["paid_amount"]) == (
        "succeeded",
        "wechat",
        "1000",
    )
    assert cells["created_at"] == "2026-11-23T10:00:00+08:00"
    assert cells["url"] == f"http://testserver{cancellation_page(row)}"
    assert cells["can_retry"] == "false"


def test_there_are_exports_where_use_tz_is_off(desk, draft, make_order, ask, settings):
    settings.USE_TZ = False
    ask()
    assert len(rows_of(desk.get(EXPORT))) == 1
    assert len(rows_of(desk.get(batch_page(draft(make_order()), "export")))) == 1


def test_a_spreadsheet_knows_the_encoding(desk, ask):
    ask()
    assert bytes_of(desk.get(EXPORT)).startswith("\ufeff".encode())


def test_the_export_is_narrowed_down_as_the_list_is(desk, ask):
    ask(number="N-1")
    ask(number="N-2", **REFUSED)
    for query in ("?status__exact=failed", "?q=N-2", "?status__exact=failed&p=3"):
        assert [cells["order_reference"] for cells in rows_of(desk.get(EXPORT + query))] == ["N-2"]


def test_a_filter_that_is_none_exports_nothing(desk, ask):
    ask()
    assert desk.get(EXPORT + "?created_from=yesterday").status_code == 404


def test_the_export_is_closed_to_others(onlooker, ask):
    ask()
    assert onlooker.get(EXPORT).status_code == 403


def test_what_is_outside_of_the_scopes_is_not_exported(desk, ask, settings):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: {"north"}}
    ask(number="N-1", scope="north")
    ask(number="N-2", scope="south")
    assert [cells["order_reference"] for cells in rows_of(desk.get(EXPORT))] == ["N-1"]


@pytest.mark.parametrize(
    "field", ["order_reference", "description", "error_message", "requested_by_name", "request_id"]
)
def test_no_text_is_a_formula(desk, ask, field):
    ask(**{field: "=1+1"})
    assert rows_of(desk.get(EXPORT))[0][field] == "'=1+1"


def test_an_export_can_be_asked_for(desk, make_order, tmp_path):
    orders = [make_order(number=number) for number in ("N-1", "00012", "=N+3")]
    from wechat_subsidies.services import cancel_subsidy_for_order, withdraw

    for order in orders:
        withdraw(cancel_subsidy_for_order(order, send="later"))
    data = bytes_of(desk.get(EXPORT))
    lines, problems = read_lines(data)
    assert problems == []
    assert [line.order_reference for line in lines] == ["=N+3", "00012", "N-1"]
    assert {line.transaction_id for line in lines} == {o.wechat_transaction_id for o in orders}
    file = tmp_path / "export.csv"
    file.write_bytes(data)
    call_command("cancel_subsidies", str(file))
    assert SubsidyCancellation.objects.filter(status="pending").count() == 3


def test_a_large_list_is_read_a_chunk_at_a_time(desk, ask, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    for number in range(5):
        ask(number=f"N-{number}")
    found = [cells["order_reference"] for cells in rows_of(desk.get(EXPORT))]
    assert found == ["N-4", "N-3", "N-2", "N-1", "N-0"]


def test_an_export_that_breaks_off_says_so_and_is_not_asked_for(desk, ask, monkeypatch, caplog):
    monkeypatch.setattr(export, "CHUNK", 1)
    ask(number="N-1")
    ask(number="N-2")
    written = iter([export.values_of])

    def broken(row, **values):
        return next(written)(row, **values)

    monkeypatch.setattr(export, "values_of", broken)
    data = bytes_of(desk.get(EXPORT))
    assert "INCOMPLETE" in data.decode().splitlines()[-1]
    assert "not written to its end" in caplog.text
    assert len(read_lines(data)[1]) == 1


def test_the_words_are_in_the_language_of_whoever_asked(desk, ask):
    ask(**REFUSED)
    answer = desk.get(EXPORT, headers={"Accept-Language": "zh-hans"})
    with translation.override("en"):
        (cells,) = rows_of(answer)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in cells["advice"])


def test_a_batch_is_exported_in_its_order_with_what_was_left_out(desk, draft, make_order, staff):
    first, second = make_order(number="N-1"), make_order(number="N-2", refunds=())
    with translation.override("en"):
        batch = draft(second, first)
    (left_out, to_send) = rows_of(desk.get(batch_page(batch, "export")))
    assert (left_out["order_reference"], left_out["status"]) == ("N-2", "excluded")
    assert (left_out["reason"], left_out["advice"][:23]) == (
        "not_refunded",
        "The order has no refund",
    )
    assert (to_send["order_reference"], to_send["status"]) == ("N-1", "draft")
    confirm_batch(batch, confirmed_by=staff)
    work_on_batch(batch.pk, seconds=-1)
    (_, asked) = rows_of(desk.get(batch_page(batch, "export")))
    assert (asked["status"], asked["requested_by_name"]) == ("pending", "lihua")
    assert asked["id"] == str(SubsidyCancellation.objects.get().pk)


def test_the_batch_of_somebody_else_is_not_exported(colleague, draft, make_order):
    assert colleague.get(batch_page(draft(make_order()), "export")).status_code == 404
