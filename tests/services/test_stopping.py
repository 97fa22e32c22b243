"""Batches that are stopped: before, while and after their items are asked for."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from example_project.shop.models import Order
from wechat_subsidies import clock, services
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import (
    CancellationBatch,
    CancellationBatchItem,
    CancellationEvent,
    MerchantPace,
    SubsidyCancellation,
)
from wechat_subsidies.models.fields import EPOCH
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.claiming import give_back
from wechat_subsidies.services import confirmed_items, slices, stopping

from ..sender.claims import unhurried_claims

Status = SubsidyCancellation.Status
MakeOrder = Callable[..., Order]

pytestmark = pytest.mark.django_db(transaction=True)


def stop(batch: CancellationBatch, *, stopped_by: object = "lihua") -> bool:
    return services.stop_batch(batch, stopped_by=stopped_by, note="选错了")


def ask_for_items(batch: CancellationBatch) -> None:
    """Turn the items into cancellations, without sending any."""
    slices.ask_for_confirmed_batches(stop=threading.Event())


def statuses() -> list[str]:
    return sorted(SubsidyCancellation.objects.values_list("status", flat=True))


def items(batch: CancellationBatch) -> set[tuple[str, str]]:
    return set(batch.items.values_list("status", "code"))


@pytest.fixture
def asked(gateway: Sandbox, make_order: MakeOrder) -> CancellationBatch:
    """A batch whose two items are recorded, and not sent."""
    batch = services.cancel_subsidies([make_order(), make_order()], send="later")
    ask_for_items(batch)
    return batch


def test_what_is_not_asked_for_yet_is_refused(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.cancel_subsidies([make_order(), make_order()], send="later")
    assert stop(batch)
    assert (batch.status, batch.stopped_by_name, batch.stop_note) == ("stopped", "lihua", "选错了")
    assert items(batch) == {("refused", "stopped")}
    services.process_due()
    assert not SubsidyCancellation.objects.exists()


def test_a_stopped_draft_cannot_be_confirmed(gateway: Sandbox, make_order: MakeOrder) -> None:
    batch = services.draft_batch([make_order(), make_order(refunds=())])
    assert stop(batch)
    assert not services.confirm_batch(batch, confirmed_by="anna")
    assert items(batch) == {("refused", "stopped"), ("excluded", "not_refunded")}


def test_what_was_recorded_and_not_sent_is_withdrawn_with_who_and_why(
    gateway: Sandbox, asked: CancellationBatch, staff: User
) -> None:
    assert stop(asked, stopped_by=staff)
    assert services.process_due().calls == 0
    assert statuses() == ["withdrawn", "withdrawn"]
    events = CancellationEvent.objects.values_list("kind", "actor", "actor_name", "note")
    assert list(events) == [("withdrawn", staff.pk, "lihua", "选错了")] * 2


def test_stopping_again_changes_nothing(gateway: Sandbox, asked: CancellationBatch) -> None:
    assert stop(asked, stopped_by="first")
    assert not stop(asked, stopped_by="second")
    assert asked.stopped_by_name == "first"
    assert CancellationEvent.objects.count() == 2


def test_more_are_withdrawn_than_fit_into_one_transaction(
    asked: CancellationBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "CHUNK", 1)
    stop(asked)
    assert statuses() == ["withdrawn", "withdrawn"]


def test_what_is_over_or_in_doubt_or_on_its_way_stays_as_it_is(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    _sent, doubtful, under_way = orders = [make_order() for _ in range(3)]
    gateway.faults.add("system_error", transaction_id=doubtful.wechat_transaction_id)
    gateway.faults.add("rate_limited", transaction_id=under_way.wechat_transaction_id)
    batch = services.cancel_subsidies(orders)
    rows = SubsidyCancellation.objects.filter(transaction_id=under_way.wechat_transaction_id)
    rows.update(send_after=clock.now("default"))
    MerchantPace.objects.update(next_slot=EPOCH)  # after a 429 nothing is called for a second
    assert len(unhurried_claims()) == 1
    stop(batch)
    assert statuses() == ["pending", "sending", "succeeded"]
    assert not CancellationEvent.objects.exists()


def test_what_came_back_without_having_been_carried_out_is_withdrawn(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    gateway.faults.add("rate_limited")
    batch = services.cancel_subsidies([make_order()])
    assert SubsidyCancellation.objects.get().attempt_count == 1
    stop(batch)
    assert statuses() == ["withdrawn"]


def test_what_was_asked_for_before_the_batch_is_left_alone(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order()
    batch = services.draft_batch([order, make_order()])
    services.cancel_subsidy_for_order(order, send="later")
    services.confirm_batch(batch, confirmed_by="lihua")
    ask_for_items(batch)
    stop(batch)
    assert statuses() == ["pending", "withdrawn"]


def test_what_somebody_asked_for_anew_is_left_alone(
    gateway: Sandbox, make_order: MakeOrder
) -> None:
    order = make_order()
    batch = services.cancel_subsidies([order], send="later")
    ask_for_items(batch)
    services.withdraw(SubsidyCancellation.objects.get())
    services.cancel_subsidy_for_order(order, send="later")
    stop(batch)
    assert statuses() == ["pending"]


def test_what_somebody_retried_is_left_alone(gateway: Sandbox, make_order: MakeOrder) -> None:
    gateway.faults.add("fail_result", times=1)
    batch = services.cancel_subsidies([make_order()])
    services.retry(SubsidyCancellation.objects.get(), requested_by="anna", send="later")
    stop(batch)
    assert statuses() == ["pending"]


def test_what_comes_back_unsent_after_the_stop_is_withdrawn_by_the_sweep(
    gateway: Sandbox, asked: CancellationBatch
) -> None:
    claims = unhurried_claims()
    stop(asked)
    assert statuses() == ["sending", "sending"]
    give_back(claims, using="default")
    assert services.process_due().calls == 0
    assert statuses() == ["withdrawn", "withdrawn"]
    names = CancellationEvent.objects.values_list("actor_name", "note")
    assert set(names) == {("lihua", "选错了")}


def test_what_came_back_unsent_is_withdrawn_however_long_nobody_swept(
    gateway: Sandbox, asked: CancellationBatch
) -> None:
    claims = unhurried_claims()
    stop(asked)
    give_back(claims, using="default")
    CancellationBatch.objects.update(stopped_at=timezone.now() - timedelta(days=3))
    assert services.process_due().calls == 0
    assert statuses() == ["withdrawn", "withdrawn"]


def test_a_slice_that_is_asking_when_the_batch_is_stopped_ends(
    gateway: Sandbox, make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmed_items, "CHUNK", 1)
    batch = services.draft_batch([make_order(), make_order(), make_order()])
    services.confirm_batch(batch, confirmed_by="lihua")
    ask = confirmed_items.ask_for_items

    def ask_and_stop(batch: CancellationBatch, *, using: str) -> bool:
        is_anything_left = ask(batch, using=using)
        stop(CancellationBatch.objects.get())
        return is_anything_left

    monkeypatch.setattr(confirmed_items, "ask_for_items", ask_and_stop)
    services.work_on_batch(batch.pk)
    assert items(batch) == {("asked", ""), ("refused", "stopped")}
    assert (statuses(), gateway.calls()) == (["withdrawn"], [])


def test_a_slice_of_a_stopped_batch_sends_nothing_of_others_either(
    gateway: Sandbox, asked: CancellationBatch
) -> None:
    CancellationBatchItem.objects.update(asked_at=None)  # as if others had asked before
    stop(asked)
    assert statuses() == ["pending", "pending"]
    assert slices.waiting_in(asked, using="default") == []


def test_a_stop_ends_a_slice_that_is_sending(
    gateway: Sandbox, make_order: MakeOrder, settings
) -> None:
    merchant = gateway.merchant_settings() | {"RATE_LIMIT": 10}
    settings.WECHAT_SUBSIDIES |= {"MERCHANTS": {"default": merchant}}
    batch = services.draft_batch([make_order() for _ in range(60)])
    services.confirm_batch(batch, confirmed_by="lihua")
    slice_ = in_a_thread(lambda: services.work_on_batch(batch.pk))
    while len(gateway.calls()) < 3:
        time.sleep(0.02)
    stop(batch)
    begun = len(gateway.calls())
    slice_.join()
    assert statuses().count(Status.WITHDRAWN) >= 60 - begun - 12  # claimed for the next second
    assert len(gateway.calls()) + statuses().count(Status.WITHDRAWN) == 60


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_stop_without_a_reason_is_refused(gateway: Sandbox, asked: CancellationBatch) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.stop_batch(asked, stopped_by="lihua", note=" ")
    assert refusal.value.fields["note"][0] == "required"
    asked.refresh_from_db()
    assert asked.status == "asked"
