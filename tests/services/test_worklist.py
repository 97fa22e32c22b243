"""What is left to do is found and asked for, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, adapter_for
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import groups, worklist
from wechat_subsidies.services.worklist import cancel_refunded

MakeOrder = Callable[..., Order]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


def asked_for() -> set[str]:
    return set(SubsidyCancellation.objects.values_list("order_reference", flat=True))


def mapped(settings: Any, **paths: Any) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    orders = {"shop.Order": {**mapping, **paths}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


@pytest.fixture
def refunded_at(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime | None]:
    """The shop tells when its orders were refunded: as written in here, by number."""
    moments: dict[str, datetime | None] = {}
    tell = property(lambda order: moments[order.number])
    monkeypatch.setattr(Order, "refund_moment", tell, raising=False)
    mapped(settings, refunded_at="refund_moment")
    return moments


def test_refunded_orders_are_asked_for_and_sent_by_the_sweep(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    orders = [make_order(), make_order()]
    make_order(refunds=())
    report = cancel_refunded()
    assert (report.orders, report.asked) == (2, 2)
    assert gateway.calls() == []
    assert services.process_due().outcomes == {"succeeded": 2}
    row = SubsidyCancellation.objects.for_order(orders[0]).get()
    assert (row.source, row.requested_by_name) == ("auto", "")


def test_once_more_there_is_nothing_left_to_do(make_order: MakeOrder) -> None:
    make_order()
    cancel_refunded()
    report = cancel_refunded()
    assert (report.asked, report.recorded_before) == (0, 1)


def test_what_was_withdrawn_stays_so(make_order: MakeOrder) -> None:
    row = services.cancel_subsidy_for_order(make_order(), send="later")
    services.withdraw(row, requested_by="lihua")
    assert cancel_refunded().recorded_before == 1
    row.refresh_from_db()
    assert row.status == "withdrawn"


def test_what_a_stopped_batch_did_not_come_to_is_left_alone_as_well(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.cancel_subsidies([make_order(), make_order()], send="later")
    services.stop_batch(batch, stopped_by="lihua", note="选错了")
    report = cancel_refunded()
    assert (report.asked, report.left_out) == (0, {"stopped": 2})


def test_a_draft_that_was_stopped_says_nothing_of_its_orders(make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    services.stop_batch(batch, stopped_by="lihua", note="选错了")
    assert cancel_refunded().asked == 1


def test_what_is_not_to_be_cancelled_is_counted_by_its_reason(make_order: MakeOrder) -> None:
    make_order(refunds=(400,))
    make_order(is_profit_shared=True)
    make_order(wechat_transaction_id="")
    assert cancel_refunded().left_out == {
        "partly_refunded": 1,
        "blocked": 1,
        "missing_transaction_id": 1,
    }


def test_partly_refunded_orders_need_a_yes(make_order: MakeOrder, settings: Any) -> None:
    make_order(refunds=(400,))
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    assert cancel_refunded(partial=True).asked == 0
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "ask"}
    assert cancel_refunded(partial=True).asked == 1


def test_a_dry_run_records_nothing(make_order: MakeOrder) -> None:
    order, told = make_order(), []
    assert cancel_refunded(dry_run=True, on_wish=told.append).asked == 1
    assert asked_for() == set()
    assert [candidate.target.reference for candidate in told] == [order.number]


def test_the_limit_bounds_what_is_recorded(make_order: MakeOrder, monkeypatch: Any) -> None:
    monkeypatch.setattr(worklist, "CHUNK", 2)
    numbers = [make_order().number for _ in range(5)]
    assert cancel_refunded(limit=3).asked == 3
    assert asked_for() == set(numbers[:3])
    assert cancel_refunded(limit=3).asked == 2


def test_many_are_worked_through_by_key_a_few_at_a_time(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    monkeypatch.setattr(worklist, "CHUNK", 2)
    for number in "ZYXWV":
        make_order(number=number)
    progress: list[int] = []
    assert cancel_refunded(on_progress=lambda report: progress.append(report.orders)).asked == 5
    assert progress == [2, 4, 5]


def test_an_order_that_cannot_be_read_is_left_out_and_the_rest_goes_on(
    make_order: MakeOrder, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = make_order(), make_order()

    def why_no_cancellation(order: Order) -> str:
        if order.pk == broken.pk:
            raise LookupError("a shop's own mistake")
        return ""

    monkeypatch.setattr(Order, "why_no_cancellation", why_no_cancellation)
    report = cancel_refunded()
    assert (report.asked, report.left_out) == (1, {"adapter_error": 1})
    assert asked_for() == {fine.number}
    assert "a shop's own mistake" in caplog.text


def test_orders_that_cannot_be_loaded_do_not_hold_up_others(
    make_order: MakeOrder, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worklist, "CHUNK", 1)
    broken, fine = make_order(), make_order()
    whole = worklist.load_orders

    def load(adapter: OrderAdapter, keys: list[Any]) -> dict[str, Any]:
        if broken.pk in keys:
            raise LookupError("a shop's own mistake")
        return whole(adapter, keys)

    monkeypatch.setattr(worklist, "load_orders", load)
    assert cancel_refunded().left_out == {"adapter_error": 1}
    assert asked_for() == {fine.number}
    assert "a shop's own mistake" in caplog.text


def test_candidates_that_change_as_they_are_worked_through_are_refused(
    make_order: Any, monkeypatch: Any, caplog: Any
) -> None:
    def candidates(adapter: OrderAdapter) -> Any:
        place = Window(RowNumber(), partition_by="seller", order_by="-pk")
        return Order.objects.annotate(place=place).filter(place=1)

    make_order()
    monkeypatch.setattr(type(adapter_for(Order)), "candidates", candidates)
    report = worklist.cancel_refunded()
    assert (report.orders, report.unread) == (0, ["shop.Order"])
    assert "filtered by a window function" in caplog.text


def test_candidates_that_cannot_be_read_are_named(
    monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def candidates(adapter: OrderAdapter) -> Any:
        raise LookupError("a shop's own mistake")

    monkeypatch.setattr(type(adapter_for(Order)), "candidates", candidates)
    assert cancel_refunded().unread == ["shop.Order"]
    assert worklist.count_candidates() == 0
    assert "a shop's own mistake" in caplog.text


def test_two_orders_with_one_transaction_are_asked_for_once(make_order: MakeOrder) -> None:
    first = make_order()
    make_order(wechat_transaction_id=first.wechat_transaction_id)
    assert cancel_refunded().left_out == {"duplicate": 1}
    assert asked_for() == {first.number}


def test_a_row_somebody_else_recorded_meanwhile_is_left_as_it_is(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    row = services.cancel_subsidy_for_order(make_order(), send="later")
    services.withdraw(row, requested_by="lihua")
    monkeypatch.setattr(worklist, "recorded_for", lambda found, using: {})  # read too early
    report = cancel_refunded()
    assert (report.asked, report.recorded_before) == (0, 1)
    row.refresh_from_db()
    assert row.status == "withdrawn"


def test_a_group_that_lost_a_deadlock_is_tried_again(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    make_order(), make_order()
    errors, whole = [OperationalError("deadlock")], groups.insert

    def insert(wish: Any, **how: Any) -> SubsidyCancellation:
        row = whole(wish, **how)
        if errors:
            raise errors.pop()
        return row

    monkeypatch.setattr(groups, "insert", insert)
    report = cancel_refunded()
    assert (report.asked, report.left_out) == (2, {})


def test_what_cannot_be_recorded_does_not_hold_up_its_neighbours(
    make_order: MakeOrder, monkeypatch: Any
) -> None:
    bad, fine = make_order(), make_order()
    whole = groups.insert

    def insert(wish: Any, **how: Any) -> SubsidyCancellation:
        if wish.request.transaction_id == bad.wechat_transaction_id:
            raise ValueError("cannot be stored")
        return whole(wish, **how)

    monkeypatch.setattr(groups, "insert", insert)
    report = cancel_refunded()
    assert (report.asked, report.left_out) == (1, {"adapter_error": 1})
    assert asked_for() == {fine.number}


def test_a_fresh_refund_is_left_alone(make_order: MakeOrder, refunded_at: Any) -> None:
    old, fresh, undated = make_order(), make_order(), make_order()
    now = timezone.now()
    refunded_at[old.number] = now - timedelta(hours=3)
    refunded_at[fresh.number] = now - timedelta(hours=1)
    refunded_at[undated.number] = None
    report = cancel_refunded(older_than=timedelta(hours=2))
    assert (report.asked, report.recent, report.undated) == (1, 1, 1)
    assert asked_for() == {old.number}
    assert cancel_refunded().asked == 2


def without_moments(settings: Any) -> None:
    mapping = dict(settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"])
    del mapping["refunded_at"]
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Order": mapping}}


def test_a_shop_that_does_not_say_when_is_told_what_to_add(settings: Any) -> None:
    without_moments(settings)
    with pytest.raises(InvalidRequest, match=r"'shop\.Order'\] does not say .*'refunded_at'"):
        cancel_refunded(older_than=timedelta(hours=2))


def test_a_model_that_has_no_orders_is_named(make_order: MakeOrder) -> None:
    with pytest.raises(InvalidRequest, match=r"“shop\.Refund”; there are: shop\.Order"):
        cancel_refunded(model="shop.Refund")
    make_order()
    assert cancel_refunded(model="shop.order").asked == 1


def test_without_orders_in_the_settings_it_says_so(settings: Any) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {}}
    with pytest.raises(InvalidRequest, match="ORDERS"):
        cancel_refunded()


@pytest.mark.parametrize(("way", "asked"), [("ask", 0), ("refuse", 0), ("allow", 1)])
def test_orders_of_which_nobody_knows_whether_they_are_partly_refunded_wait_for_a_yes(
    settings: Any, make_order: MakeOrder, way: str, asked: int
) -> None:
    mapped(settings, paid_amount=None, refunded_amount=None)
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": way}
    make_order(refunds=(1,))
    report = cancel_refunded()
    assert (report.asked, report.left_out["amounts_unknown"]) == (asked, 1 - asked)
    assert cancel_refunded(partial=True).asked == 1 - asked
