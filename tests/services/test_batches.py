"""Batches: drafted, confirmed once, worked on bit by bit."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, OperationalError
from django.utils import timezone

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.exceptions import ConcurrentRequest, InvalidRequest
from wechat_subsidies.models import (
    CancellationBatch,
    CancellationBatchItem,
    CancellationEvent,
    SubsidyCancellation,
)
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import slices

ItemStatus = CancellationBatchItem.Status

pytestmark = pytest.mark.django_db(transaction=True)
MakeOrder = Callable[..., Order]


def codes(batch: CancellationBatch) -> list[str]:
    return [item.code or item.status for item in batch.items.order_by("position")]


def test_a_draft_says_of_each_order_what_would_happen(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    done = make_order()
    services.cancel_subsidy_for_order(done)
    make_order()
    make_order(refunds=(400,))
    make_order(refunds=())
    make_order(wechat_transaction_id="")
    make_order(is_profit_shared=True)
    batch = services.draft_batch(Order.objects.order_by("number"))
    assert codes(batch) == [
        "already_cancelled",
        "draft",
        "partly_refunded",
        "not_refunded",
        "missing_transaction_id",
        "blocked",
    ]
    assert batch.items.get(code="blocked").message == "该订单已分账"
    assert len(gateway.calls()) == 1  # that of the first order alone


def test_nothing_is_sent_before_it_is_confirmed(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    assert not services.work_on_batch(batch.pk)
    services.process_due()
    assert gateway.calls() == []


def test_a_confirmed_batch_is_worked_on(
    gateway: Sandbox, make_order: MakeOrder, staff: User
) -> None:
    orders = [make_order() for _ in range(3)]
    batch = services.draft_batch(orders, requested_by=staff, source="admin")
    assert services.confirm_batch(batch, confirmed_by=staff, description="双十一退款")
    assert gateway.calls() == []  # confirming only freezes it
    assert services.work_on_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.confirmed_by_name) == ("asked", "lihua")
    rows = SubsidyCancellation.objects.all()
    assert {row.status for row in rows} == {"succeeded"}
    assert {(row.description, row.source) for row in rows} == {("双十一退款", "admin")}
    assert all(item.newly_recorded for item in batch.items.all())


def test_a_batch_is_confirmed_once(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    assert services.confirm_batch(batch, confirmed_by="first")
    assert not services.confirm_batch(batch, confirmed_by="second", description="later")
    batch.refresh_from_db()
    assert (batch.confirmed_by_name, batch.description) == ("first", "")


def test_a_partly_refunded_order_is_sent_only_with_its_tick(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    ticked, unticked = make_order(refunds=(400,)), make_order(refunds=(400,))
    batch = services.draft_batch([ticked, unticked])
    item = batch.items.get(order_pk=str(ticked.pk))
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[item.pk])
    services.work_on_batch(batch.pk)
    assert SubsidyCancellation.objects.get().order_pk == str(ticked.pk)


@pytest.mark.parametrize("is_ticked", [True, False])
def test_what_was_withdrawn_is_asked_for_anew_only_with_its_tick(
    gateway: Sandbox, make_order: MakeOrder, is_ticked: bool
) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    batch = services.draft_batch([order, make_order()])
    item = batch.items.get(code="withdrawn")
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[item.pk] * is_ticked)
    services.work_on_batch(batch.pk)
    item.refresh_from_db()
    assert item.newly_recorded is is_ticked
    status = SubsidyCancellation.objects.for_order(order).get().status
    assert status == ("succeeded" if is_ticked else "withdrawn")


def test_a_yes_to_partly_refunded_orders_holds_for_those_withdrawn_before(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order(refunds=(400,))
    services.withdraw(services.cancel_subsidy_for_order(order, partial=True, send="later"))
    batch = services.draft_batch([order], partial=True)
    item = batch.items.get(code="withdrawn")
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[item.pk])
    services.work_on_batch(batch.pk)
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_an_order_withdrawn_and_ticked_is_judged_again_when_it_is_asked_for(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    batch = services.draft_batch([order])
    item = batch.items.get()
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[item.pk])
    order.refunds.all().delete()
    services.work_on_batch(batch.pk)
    item.refresh_from_db()
    assert (item.status, item.code, item.cancellation) == ("refused", "not_refunded", None)


def test_what_speaks_against_an_order_besides_its_withdrawal_is_said_first(
    make_order: MakeOrder,
) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    order.refunds.update(fen=1)
    assert services.draft_batch([order]).items.get().code == "partly_refunded"


def test_what_was_withdrawn_since_the_draft_stays_so(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order()
    batch = services.draft_batch([order, make_order()])
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"), note="搞错了")
    services.confirm_batch(batch, confirmed_by="lihua")
    services.work_on_batch(batch.pk)
    row = SubsidyCancellation.objects.for_order(order).get()
    assert (row.status, codes(batch)) == ("withdrawn", ["withdrawn", "asked"])
    assert list(CancellationEvent.objects.values_list("kind", flat=True)) == ["withdrawn"]
    item = batch.items.get(position=0)
    assert (item.status, item.cancellation, item.message) == ("refused", row, "")


@pytest.mark.parametrize("withdrawals", [1, 2])
def test_a_yes_is_to_the_withdrawal_that_was_seen(
    gateway: Sandbox, make_order: MakeOrder, withdrawals: int
) -> None:
    order = make_order()
    services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    batch = services.draft_batch([order])
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[batch.items.get().pk])
    for _ in range(withdrawals - 1):
        services.withdraw(services.cancel_subsidy_for_order(order, send="later"))
    services.work_on_batch(batch.pk)
    assert codes(batch) == (["asked"] if withdrawals == 1 else ["withdrawn"])


def test_a_draft_is_confirmed_within_a_day_or_not_at_all(make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(InvalidRequest) as refusal:
        services.confirm_batch(batch, confirmed_by="lihua")
    assert refusal.value.code == "draft_expired"
    batch.refresh_from_db()
    assert (batch.status, batch.is_expired) == ("draft", True)


def test_a_draft_is_renewed_with_its_orders_as_they_are_by_now(make_order: MakeOrder) -> None:
    orders = [make_order(refunds=()), make_order(), make_order()]
    old = services.draft_batch(reversed(orders), description="双十一退款", source="admin")
    orders[2].refunds.all().delete()
    new = services.renew_draft(old, requested_by="wangfang")
    assert list(new.items.values_list("order_pk", "code")) == [
        (str(orders[2].pk), "not_refunded"),
        (str(orders[1].pk), ""),
        (str(orders[0].pk), "not_refunded"),
    ]
    assert (new.description, new.requested_by_name) == ("双十一退款", "wangfang")
    assert (new.source, old.items.count()) == ("admin", 3)


def test_a_tick_cannot_override_what_else_speaks_against_an_order(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.draft_batch([make_order(refunds=()), make_order()])
    left_out = batch.items.get(code="not_refunded")
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[left_out.pk])
    left_out.refresh_from_db()
    assert left_out.status == ItemStatus.EXCLUDED


def test_a_batch_with_nothing_to_send_is_not_confirmed(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.draft_batch([make_order(refunds=())])
    with pytest.raises(InvalidRequest) as refusal:
        services.confirm_batch(batch, confirmed_by="lihua")
    assert refusal.value.code == "nothing_to_send"
    batch.refresh_from_db()
    assert batch.status == "draft"


def test_a_description_that_wechat_pay_would_refuse_is_refused_first(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.draft_batch([make_order()])
    with pytest.raises(InvalidRequest) as refusal:
        services.confirm_batch(batch, confirmed_by="lihua", description="退" * 81)
    assert refusal.value.fields["description"][0] == "too_long"


def test_what_became_of_the_order_since_the_draft_counts(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    shared, gone, fine = make_order(), make_order(), make_order()
    batch = services.draft_batch([shared, gone, fine])
    Order.objects.filter(pk=shared.pk).update(is_profit_shared=True)
    gone.refunds.all().delete()
    gone.delete()
    services.confirm_batch(batch, confirmed_by="lihua")
    services.work_on_batch(batch.pk)
    assert codes(batch) == ["blocked", "not_found", "asked"]


def test_two_orders_with_one_transaction_are_told_apart(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    first = make_order()
    twin = make_order(wechat_transaction_id=first.wechat_transaction_id)
    assert codes(services.draft_batch([first, twin])) == ["draft", "duplicate"]


def test_an_adapter_that_raises_for_one_order_leaves_the_others_alone(
    gateway: Sandbox,
    make_order: MakeOrder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, fine = make_order(), make_order()

    def why_no_cancellation(order: Order) -> str:
        if order.pk == broken.pk:
            raise LookupError("a shop's own mistake")
        return ""

    monkeypatch.setattr(Order, "why_no_cancellation", why_no_cancellation)
    batch = services.cancel_subsidies([broken, fine])
    assert codes(batch) == ["adapter_error", "asked"]
    assert "a shop's own mistake" in caplog.text


def test_a_batch_whose_orders_are_gone_does_not_hold_up_others(
    gateway: Sandbox, make_order: MakeOrder, caplog: pytest.LogCaptureFixture
) -> None:
    retired = services.cancel_subsidies([make_order()], send="later")
    fine = services.cancel_subsidies([make_order()], send="later")
    retired.items.update(order_model="shop.Retired")
    services.process_due()
    assert (codes(retired), codes(fine)) == (["adapter_error"], ["asked"])
    assert len(gateway.calls()) == 1
    assert "shop.Retired cannot be loaded" in caplog.text


def test_an_explicit_yes_holds_for_the_amounts_that_were_seen(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order(refunds=(900,))
    batch = services.draft_batch([order])
    services.confirm_batch(batch, confirmed_by="lihua", ticked_items=[batch.items.get().pk])
    order.refunds.update(fen=1)
    services.work_on_batch(batch.pk)
    assert codes(batch) == ["changed"]
    assert gateway.calls() == []


def test_an_order_that_is_left_out_does_not_make_another_a_duplicate(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    left_out = make_order(refunds=())
    twin = make_order(wechat_transaction_id=left_out.wechat_transaction_id)
    assert codes(services.draft_batch([left_out, twin])) == ["not_refunded", "draft"]


def test_an_item_says_with_which_description_it_was_sent(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.draft_batch([make_order()], description="草稿")
    services.confirm_batch(batch, confirmed_by="lihua", description="确认")
    services.work_on_batch(batch.pk)
    assert batch.items.get().description == SubsidyCancellation.objects.get().description == "确认"


def test_an_item_that_cannot_be_recorded_does_not_hold_up_its_neighbours(
    gateway: Sandbox, make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, fine = make_order(), make_order()
    whole = services.confirmed_items.record

    def record(wish: Any, **how: Any) -> SubsidyCancellation:
        if wish.request.transaction_id == bad.wechat_transaction_id:
            raise DataError("value too long")
        return whole(wish, **how)

    monkeypatch.setattr(services.confirmed_items, "record", record)
    assert codes(services.cancel_subsidies([bad, fine])) == ["adapter_error", "asked"]


def test_items_that_lost_a_deadlock_are_asked_for_again(
    gateway: Sandbox, make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors, whole = [OperationalError("deadlock")], services.confirmed_items.record

    def record(wish: Any, **how: Any) -> SubsidyCancellation:
        if errors:
            raise errors.pop()
        return whole(wish, **how)

    monkeypatch.setattr(services.confirmed_items, "record", record)
    assert codes(services.cancel_subsidies([make_order(), make_order()])) == ["asked", "asked"]


def test_an_item_somebody_else_is_recording_waits_for_the_next_slice(
    gateway: Sandbox, make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(wish: Any, **how: Any) -> SubsidyCancellation:
        raise ConcurrentRequest("try again")

    with monkeypatch.context() as patch:
        patch.setattr(services.confirmed_items, "record", record)
        batch = services.cancel_subsidies([make_order()])
    assert (batch.status, codes(batch)) == ("confirmed", ["draft"])
    services.process_due()
    assert codes(batch) == ["asked"]


def test_a_batch_that_fails_as_a_whole_does_not_hold_up_the_sweep(
    gateway: Sandbox,
    make_order: MakeOrder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    services.cancel_subsidies([make_order()], send="later")
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")

    def broken(items: Any, *, batch: CancellationBatch) -> None:
        raise DataError("out of range")

    monkeypatch.setattr(services.confirmed_items, "candidates_for", broken)
    services.process_due()
    assert len(gateway.calls("T1")) == 1
    assert "cannot be asked for" in caplog.text


def test_a_stopped_batch_is_not_asked_for(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.cancel_subsidies([make_order()], send="later")
    CancellationBatch.objects.update(status=CancellationBatch.Status.STOPPED)
    services.process_due()
    assert codes(batch) == ["draft"]
    assert gateway.calls() == []


def test_cancelling_many_by_code_sends_them(gateway: Sandbox, make_order: MakeOrder) -> None:
    for _ in range(3):
        make_order()
    make_order(refunds=())
    batch = services.cancel_subsidies(Order.objects.all(), requested_by="nightly")
    assert sorted(codes(batch)) == ["asked", "asked", "asked", "not_refunded"]
    assert len(gateway.calls()) == 3


def test_the_sweep_works_on_what_was_confirmed_and_left(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.cancel_subsidies([make_order(), make_order()], send="later")
    assert gateway.calls() == []
    services.process_due()
    batch.refresh_from_db()
    assert (batch.status, len(gateway.calls())) == ("asked", 2)


def test_one_slice_of_a_batch_is_worked_on_at_a_time(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batch = services.draft_batch([make_order()])
    services.confirm_batch(batch, confirmed_by="lihua")
    with services.slices.slice_of(batch.pk, seconds=20, using="default") as taken:
        assert taken == batch
        assert not services.work_on_batch(batch.pk)
    assert services.work_on_batch(batch.pk)


def test_working_twice_sends_once(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    services.confirm_batch(batch, confirmed_by="lihua")
    services.work_on_batch(batch.pk)
    services.work_on_batch(batch.pk)
    assert len(gateway.calls()) == 1


def test_once_stopped_no_other_batch_is_begun(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order()])
    services.confirm_batch(batch, confirmed_by="lihua")
    stop = threading.Event()
    stop.set()
    services.process_due(stop=stop)
    assert not SubsidyCancellation.objects.exists()


def test_a_batch_that_somebody_else_works_on_is_left_to_them(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    batches = [services.draft_batch([make_order()]) for _ in range(2)]
    for batch in batches:
        services.confirm_batch(batch, confirmed_by="lihua")
    with slices.slice_of(batches[0].pk, seconds=60, using="default"):
        slices.ask_for_confirmed_batches(stop=threading.Event())
    assert [batch.items.get().status for batch in batches] == ["draft", "asked"]
