"""What a file lists is looked through line by line, and asked for if all is well."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from example_project.shop.models import Order, Seller
from wechat_subsidies import services
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, Target
from wechat_subsidies.services import groups, listing, naming
from wechat_subsidies.services.listing import ListReport, cancel_listed
from wechat_subsidies.services.tabular import Line, Problem

from .adapters import Simple

MakeOrder = Callable[..., Order]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


class Combined(OrderAdapter):
    """Two transactions an order, and no way to look one up."""

    model = Order

    def targets(self, order: Order) -> list[Target]:
        ids = [f"{order.number}A", f"{order.number}B"]
        return [Target(sub_mchid="1", transaction_id=each, has_refund=True) for each in ids]


class CombinedAndFound(Combined):
    """The same, with a way."""

    def find_by_reference(self, reference: str) -> list[Order]:
        return list(Order.objects.filter(number=reference))


def listed(*lines: dict[str, str], **options: Any) -> ListReport:
    return cancel_listed(
        [Line(number=number, **line) for number, line in enumerate(lines, start=2)], **options
    )


def ids(order: Order) -> dict[str, str]:
    return {
        "sub_mchid": order.seller.wechat_mchid,
        "transaction_id": order.wechat_transaction_id,
    }


def named(order: Order) -> dict[str, str]:
    return {"order_reference": order.number}


def set_orders(settings: Any, orders: Any) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


def words(report: ListReport) -> list[str]:
    return [str(problem) for problem in report.problems]


def test_orders_are_asked_for_by_name_or_by_their_identifiers(
    make_order: MakeOrder, staff: User
) -> None:
    first, second = make_order(), make_order()
    report = listed(named(first), ids(second) | {"refund_id": "R1", "description": "补差"})
    assert (report.asked, report.problems) == (2, [])
    rows = SubsidyCancellation.objects.order_by("transaction_id")
    assert [row.order_reference for row in rows] == [first.number, second.number]
    assert [(row.source, row.status) for row in rows] == [("command", "pending")] * 2
    assert (rows[1].refund_id, rows[1].description) == ("R1", "补差")
    assert rows[0].refund_id == first.refunds.get().refund_id


def test_who_asks_is_recorded(make_order: MakeOrder, staff: User) -> None:
    listed(named(make_order()), requested_by=staff)
    assert SubsidyCancellation.objects.get().requested_by == staff


def test_nothing_is_asked_for_where_one_line_has_a_problem(make_order: MakeOrder) -> None:
    report = listed(named(make_order()), {"order_reference": "N9"})
    assert (report.asked, report.ready) == (0, 1)
    assert words(report) == ["Line 3: There is no order N9."]
    assert not SubsidyCancellation.objects.exists()


def test_bad_lines_may_be_skipped(make_order: MakeOrder) -> None:
    report = listed(
        {"order_reference": "N9"},
        named(make_order()),
        skip_bad=True,
        problems=[Problem(1, "first of all")],
    )
    assert report.asked == 1
    assert words(report) == ["Line 1: first of all", "Line 2: There is no order N9."]


def test_a_dry_run_records_nothing(make_order: MakeOrder) -> None:
    report = listed(named(make_order()), dry_run=True)
    assert (report.ready, report.asked) == (1, 0)
    assert not SubsidyCancellation.objects.exists()


def test_a_file_may_be_given_twice(make_order: MakeOrder) -> None:
    lines = [named(make_order()), ids(make_order())]
    listed(*lines)
    again = listed(*lines)
    assert (again.asked, again.recorded_before, again.problems) == (0, {"pending": 2}, [])


def test_what_was_withdrawn_is_asked_for_anew(make_order: MakeOrder) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    lines = [named(order), named(make_order())]
    report = listed(*lines, dry_run=True)
    assert (report.ready, report.withdrawn_before) == (2, 1)
    report = listed(*lines)
    assert (report.asked, report.withdrawn_before) == (2, 1)
    assert set(SubsidyCancellation.objects.values_list("status", flat=True)) == {"pending"}


def test_what_somebody_else_asks_for_anew_meanwhile_is_not_counted_as_ours(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))

    def slower(*args: Any, **options: Any) -> Any:
        services.cancel_subsidy_for_order(order, send="later")
        return groups.record_group(*args, **options)

    monkeypatch.setattr(listing, "record_group", slower)
    report = listed(named(order))
    assert (report.ready, report.asked, report.withdrawn_before) == (1, 0, 0)
    assert report.recorded_before == {"pending": 1}


def test_what_is_not_to_be_cancelled_is_said_line_by_line(make_order: MakeOrder) -> None:
    report = listed(
        named(make_order(refunds=())),
        ids(make_order(is_profit_shared=True)),
        named(make_order(wechat_transaction_id="")),
        named(make_order(wechat_transaction_id="")),
        named(make_order(refunds=(400,))),
    )
    assert [problem.code for problem in report.problems] == [
        "not_refunded",
        "blocked",
        "missing_transaction_id",
        "missing_transaction_id",
        "partly_refunded",
    ]
    assert "Line 3: 该订单已分账" in words(report)


def test_a_cancellation_that_is_there_is_no_matter_of_its_order_any_more(
    make_order: MakeOrder,
) -> None:
    order = make_order()
    services.cancel_subsidy_for_order(order)
    Order.objects.update(is_profit_shared=True)
    assert listed(named(order)).recorded_before == {"succeeded": 1}


def test_partly_refunded_orders_need_a_yes(make_order: MakeOrder) -> None:
    assert listed(named(make_order(refunds=(400,))), partial=True).asked == 1


def test_a_transaction_that_is_named_twice_is_named_with_both_lines(
    make_order: MakeOrder,
) -> None:
    order = make_order()
    assert words(listed(named(order), ids(order))) == [
        "Line 3: It is the same transaction as in line 2."
    ]


def test_a_transaction_that_no_order_has_is_named(make_order: MakeOrder) -> None:
    wrong = ids(make_order()) | {"sub_mchid": "1900000000"}
    assert words(listed(wrong)) == ["Line 2: No order has this transaction."]


def test_a_transaction_of_another_order_than_the_line_says_is_named(
    make_order: MakeOrder,
) -> None:
    one, other = make_order(), make_order()
    (said,) = words(listed(ids(one) | named(other)))
    assert said.endswith(f"that of the order {one.number}, not of {other.number}.")
    assert listed(ids(one) | named(one)).asked == 1


def test_a_reference_that_several_orders_have_is_named(
    make_order: MakeOrder, settings: Any
) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    set_orders(settings, {"shop.Order": {**mapping, "reference": "title"}})
    make_order(), make_order()
    (said,) = words(listed({"order_reference": "龙井茶"}))
    assert said == "Line 2: 2 orders are called 龙井茶; give sub_mchid and transaction_id."


def test_a_reference_differs_by_its_case(make_order: MakeOrder) -> None:
    make_order(number="ab")
    assert words(listed({"order_reference": "AB"})) == ["Line 2: There is no order AB."]


def test_a_reference_that_became_a_number_is_said_to_be_one() -> None:
    assert "A spreadsheet seems" in words(listed({"order_reference": "2.02E+15"}))[0]


@pytest.mark.parametrize("path", [None, "why_no_cancellation"])
def test_orders_that_cannot_be_looked_up_by_reference_say_what_to_do(
    make_order: MakeOrder, settings: Any, path: str | None
) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    set_orders(settings, {"shop.Order": {**mapping, "reference": path}})
    assert "Have 'reference' in their mapping name a field" in words(listed(named(make_order())))[0]


def test_an_adapter_that_cannot_says_what_to_write(make_order: MakeOrder, settings: Any) -> None:
    set_orders(settings, {"shop.Order": f"{__name__}.Combined"})
    report = listed(named(make_order()), ids(make_order()))
    assert "Combined has no find_by_reference()" in words(report)[0]
    assert "Combined has no find()" in words(report)[1]


def test_a_combined_order_is_named_by_its_transactions(
    make_order: MakeOrder, settings: Any
) -> None:
    set_orders(settings, {"shop.Order": f"{__name__}.CombinedAndFound"})
    assert "The order holds 2 WeChat Pay transactions" in words(listed(named(make_order())))[0]


def test_without_orders_in_the_settings_transactions_are_taken_as_they_are(
    settings: Any,
) -> None:
    set_orders(settings, {})
    report = listed({"sub_mchid": "1", "transaction_id": "T1"}, {"order_reference": "N1"})
    assert words(report) == [
        "Line 3: The shop's orders are not known here; give sub_mchid and transaction_id."
    ]
    assert listed({"sub_mchid": "1", "transaction_id": "T1"}).asked == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"transaction_id": "4200…"}, "transaction_id"),
        ({"transaction_id": "4" * 65}, "transaction_id"),
        ({"refund_id": "R 1"}, "refund_id"),
        ({"description": "退" * 81}, "description"),
    ],
)
def test_what_wechat_pay_would_refuse_is_named(
    make_order: MakeOrder, values: dict[str, str], field: str
) -> None:
    assert words(listed(ids(make_order()) | values))[0].startswith(f"Line 2: {field}: ")


def test_a_merchant_that_is_not_the_orders_is_named(make_order: MakeOrder, settings: Any) -> None:
    merchants = settings.WECHAT_SUBSIDIES["MERCHANTS"]
    both = {**merchants, "second": merchants["default"]}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": both}
    order = make_order()
    assert "belongs to the merchant “default”" in words(listed(named(order), merchant="second"))[0]
    line = named(order) | {"merchant": "second"}
    assert "says merchant “second”, and it would be asked of “default”" in words(listed(line))[0]
    with pytest.raises(InvalidRequest, match="no merchant “third”"):
        listed(named(order), merchant="third")


def test_the_default_merchant_may_be_named_and_others_orders_are_not_its(
    make_order: MakeOrder, settings: Any, monkeypatch: Any
) -> None:
    merchants = settings.WECHAT_SUBSIDIES["MERCHANTS"]
    both = {**merchants, "second": merchants["default"]}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": both}
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    set_orders(settings, {"shop.Order": {**mapping, "merchant": "which_merchant"}})
    monkeypatch.setattr(Order, "which_merchant", "second", raising=False)
    order = make_order()
    (said,) = words(listed(named(order), merchant="default"))
    assert said.endswith("belongs to the merchant “second”, not to “default”.")
    assert listed(named(order)).asked == 1


def test_what_is_recorded_under_another_merchant_is_named(
    make_order: MakeOrder, settings: Any
) -> None:
    order = make_order()
    services.cancel_subsidy_for_order(order, send="later")
    SubsidyCancellation.objects.update(merchant="former")
    assert "under the merchant “former”" in words(listed(named(order)))[0]


def test_an_order_that_cannot_be_read_is_a_problem_of_its_line(
    make_order: MakeOrder, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = make_order(), make_order()

    def why_no_cancellation(order: Order) -> str:
        if order.pk == broken.pk:
            raise LookupError("a shop's own mistake")
        return ""

    monkeypatch.setattr(Order, "why_no_cancellation", why_no_cancellation)
    report = listed(named(broken), named(fine), skip_bad=True)
    assert (report.asked, [problem.code for problem in report.problems]) == (1, ["adapter_error"])
    assert "a shop's own mistake" in caplog.text


def test_a_lookup_that_fails_is_a_problem_of_its_line(
    make_order: MakeOrder, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**identifiers: Any) -> None:
        raise LookupError("a shop's own mistake")

    monkeypatch.setattr(naming, "find_order", fail)
    assert listed(ids(make_order())).problems[0].code == "adapter_error"
    assert "a shop's own mistake" in caplog.text


def test_what_becomes_of_an_order_between_the_two_looks_counts(make_order: MakeOrder) -> None:
    order = make_order()

    def share(report: ListReport) -> None:
        Order.objects.update(is_profit_shared=True)

    report = listed(named(order), on_progress=share)
    assert (report.ready, report.asked) == (1, 0)
    assert words(report) == ["Line 2: 该订单已分账"]


def test_what_cannot_be_recorded_is_a_problem_of_its_line(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    def insert(wish: Any, **how: Any) -> None:
        raise ValueError("cannot be stored")

    monkeypatch.setattr(groups, "insert", insert)
    report = listed({"order_reference": "N9"}, named(make_order()), skip_bad=True)
    assert [(each.line, each.code) for each in report.problems] == [
        (2, "not_found"),
        (3, "adapter_error"),
    ]


def test_many_lines_are_asked_for_a_few_at_a_time(make_order: MakeOrder, monkeypatch: Any) -> None:
    monkeypatch.setattr(listing, "CHUNK", 2)
    progress: list[int] = []
    lines = [named(make_order()) for _ in range(3)]
    report = listed(*lines, on_progress=lambda report: progress.append(report.looked_at))
    assert (report.asked, progress) == (3, [2, 3, 5, 6])


def test_an_order_without_a_sub_merchant_is_a_problem_of_its_line(make_order: MakeOrder) -> None:
    nameless = Seller.objects.create(name="书店", wechat_mchid="")
    report = listed(named(make_order(seller=nameless)))
    assert [problem.code for problem in report.problems] == ["missing_sub_mchid"]


@pytest.mark.parametrize(
    ("scope", "code"),
    [(lambda *args: {}["seller"], "adapter_error"), (lambda *args: "s" * 65, "invalid")],
)
def test_a_scope_that_cannot_be_kept_is_a_problem_of_its_line(
    make_order: MakeOrder, settings: Any, monkeypatch: Any, scope: Any, code: str
) -> None:
    set_orders(settings, "tests.services.adapters.Simple")
    monkeypatch.setattr(Simple, "scope", scope)
    report = listed(named(make_order()))
    assert [problem.code for problem in report.problems] == [code]
