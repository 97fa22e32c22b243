"""What workers do: lost, doubled and reordered, it does no harm; and it comes to an end."""

from collections.abc import Callable

import pytest

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.dispatch import work
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import slices
from wechat_subsidies.services.slices import steps_left

from .conftest import Remembering

pytestmark = pytest.mark.django_db(transaction=True)
MakeOrder = Callable[..., Order]


@pytest.fixture
def batch(hinting: Remembering, make_order: MakeOrder) -> CancellationBatch:
    return services.cancel_subsidies([make_order() for _ in range(3)])


def ask(transaction_id: str) -> int:
    row = services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id)
    return int(row.pk)


def statuses() -> list[str]:
    return list(SubsidyCancellation.objects.order_by("pk").values_list("status", flat=True))


def test_messages_that_come_twice_and_in_another_order_send_once(
    hinting: Remembering, gateway: Sandbox
) -> None:
    keys = [ask("T1"), ask("T2")]
    for each in (keys[1:], keys, keys[:1], keys):
        work.send(each)
    assert statuses() == ["succeeded"] * 2
    assert sorted(call.transaction_id for call in gateway.calls()) == ["T1", "T2"]


def test_a_key_that_there_is_not_does_no_harm(gateway: Sandbox) -> None:
    work.send([404])
    assert gateway.calls() == []


def test_a_batch_that_is_done_is_not_handed_on(batch: CancellationBatch) -> None:
    handed_on: list[int] = []
    work.work_on(batch.pk, hand_on=handed_on.append)
    assert statuses() == ["succeeded"] * 3
    assert handed_on == []


def test_a_batch_is_handed_on_as_long_as_a_slice_achieves_something(
    batch: CancellationBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_CALLS", 2)
    handed_on: list[int] = []
    work.work_on(batch.pk, hand_on=handed_on.append)
    work.work_on(batch.pk, hand_on=handed_on.append)
    assert handed_on == [batch.pk]
    assert statuses() == ["succeeded"] * 3


def test_a_batch_whose_sending_is_paused_is_not_handed_on_for_ever(
    batch: CancellationBatch,
) -> None:
    services.pause("default", reason="stocktaking")
    handed_on: list[int] = []
    work.work_on(batch.pk, hand_on=handed_on.append)  # asks for the items
    work.work_on(batch.pk, hand_on=handed_on.append)  # and cannot send them
    assert handed_on == [batch.pk]
    assert statuses() == ["pending"] * 3


def test_a_batch_on_which_somebody_works_is_left_to_them(
    batch: CancellationBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([6, 5])  # they get on meanwhile
    monkeypatch.setattr(work, "steps_left", lambda batch_pk: next(left))
    handed_on: list[int] = []
    with slices.slice_of(batch.pk, seconds=20, using="default"):
        work.work_on(batch.pk, hand_on=handed_on.append)
    assert (statuses(), handed_on) == ([], [])


def test_tasks_that_run_at_once_do_not_run_within_each_other(
    batch: CancellationBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_CALLS", 1)
    depths: list[int] = []

    def at_once(batch_pk: int) -> None:
        depths.append(batch_pk)
        work.work_on(batch_pk, hand_on=at_once)

    work.work_on(batch.pk, hand_on=at_once)
    assert depths == [batch.pk]
    assert statuses().count("succeeded") == 1


def test_the_steps_left_are_two_for_an_item_and_one_for_a_cancellation(
    batch: CancellationBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert steps_left(batch.pk) == 6
    monkeypatch.setattr(slices, "SLICE_CALLS", 1)
    services.work_on_batch(batch.pk)
    assert steps_left(batch.pk) == 2


def test_a_sweep_sends_what_is_due(hinting: Remembering) -> None:
    ask("T1")
    work.process_due()
    assert statuses() == ["succeeded"]


def test_a_sweep_ends_after_a_while(hinting: Remembering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "SWEEP_SECONDS", 0)
    seen = []
    monkeypatch.setattr(services, "process_due", lambda *, stop: seen.append(stop.wait(timeout=30)))
    work.process_due()
    assert seen == [True]
