"""Runs of sending: lanes beside each other, missed slots, and how a run ends."""

import threading
import time
from concurrent.futures import wait
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationAttempt, MerchantPace, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import ProcessReport, lanes, pacing, send, sending
from wechat_subsidies.sender.calling import Call, calls_for
from wechat_subsidies.sender.claiming import Claim, give_back

from .claims import unhurried_claims

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db(transaction=True)


def ask_for(count: int, *, prefix: str = "T", **options: Any) -> list[SubsidyCancellation]:
    return [
        services.cancel_subsidy(
            sub_mchid="1900013401", transaction_id=f"{prefix}{number}", send="later", **options
        )
        for number in range(count)
    ]


def more_merchants(gateway: Sandbox, settings: Any, **mchids: str) -> None:
    merchants = {"default": gateway.merchant_settings()}
    for name, mchid in mchids.items():
        gateway.add_merchant(mchid=mchid)
        merchants[name] = gateway.merchant_settings(mchid)
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": merchants}


def unhurried(claim: Claim) -> list[Call]:
    """The claim's calls, whenever they are made: no slot is missed."""
    return calls_for(replace(claim, deadline=replace(claim.deadline, slot=None)))


def test_what_is_given_back_is_as_if_it_had_not_been_claimed(gateway: Sandbox) -> None:
    for in_doubt in (False, True):
        (row,) = ask_for(1, prefix=f"{in_doubt}")
        SubsidyCancellation.objects.filter(pk=row.pk).update(in_doubt=in_doubt)
        give_back(unhurried_claims(), using="default")
        row.refresh_from_db()
        assert (row.status, row.in_doubt) == (Status.PENDING, in_doubt)
        assert (row.claim_token, row.lease_until, row.attempt_count) == (None, None, 0)
        SubsidyCancellation.objects.filter(pk=row.pk).update(status="withdrawn", send_after=None)


def test_what_another_has_taken_over_is_not_given_back(gateway: Sandbox) -> None:
    (row,) = ask_for(1)
    claims = unhurried_claims()
    SubsidyCancellation.objects.update(claim_token="00000000-0000-0000-0000-000000000001")
    give_back(claims, using="default")
    row.refresh_from_db()
    assert (row.status, row.in_doubt) == (Status.SENDING, True)


def test_a_missed_slot_is_made_up_for_in_the_same_request(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def missed_once(claim: Claim) -> list[Call]:
        tries.append(claim.cancellation.transaction_id)
        return [] if len(tries) == 1 else calls_for(claim)

    monkeypatch.setattr(lanes, "calls_for", missed_once)
    cancellation = services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert cancellation.status == Status.SUCCEEDED
    assert tries[:2] == ["T1", "T1"]
    assert CancellationAttempt.objects.count() == len(gateway.calls()) == 1


def test_a_machine_that_misses_every_slot_claims_fewer_and_gives_them_more_time(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = lanes.Lane("1900000001", using="default", concurrency=8)
    monkeypatch.setattr(lanes, "calls_for", lambda claim: [])
    ask_for(8)
    sizes = []
    for _ in range(5):
        lane.is_drained, lane.next_claim = False, 0.0
        lane.claim(limit=8)
        sizes.append(len(lane.under_way))
        wait(lane.under_way)
        give_back(lane.take_ended()[1], using="default")
    lane.close()
    assert sizes == [8, 4, 2, 1, 1]


def test_calls_that_take_long_to_begin_are_given_the_time(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(claim: Claim) -> list[Call]:
        time.sleep(0.3)  # far more than the shortest lead
        return calls_for(claim)

    monkeypatch.setattr(lanes, "calls_for", slowly)
    lane = lanes.Lane("1900000001", using="default", concurrency=1)
    ask_for(1)
    for _ in range(9):
        lane.is_drained, lane.next_claim = False, 0.0
        lane.claim(limit=1)
        _, missed = lane.take_ended()
        if missed:
            give_back(missed, using="default")
    lane.close()
    assert len(gateway.calls()) == 1


def test_the_next_claim_comes_in_time_for_the_slot_after_the_last_however_long_the_lead_is(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lanes.claim

    def slowly(**how: Any) -> Any:
        claimed = whole(**how)
        time.sleep(0.2)  # a commit that takes its time: the next claim asks for a longer lead
        leads.append(lane._lead)
        return claimed

    leads: list[float] = []
    monkeypatch.setattr(lanes, "claim", slowly)
    monkeypatch.setattr(lanes, "calls_for", lambda claim: [])
    ask_for(12)
    lane = lanes.Lane("1900000001", using="default", concurrency=12)
    lane.claim(limit=12)
    last = max(each.deadline.slot or 0 for each in lane.under_way.values())
    lane.close()
    assert lane._lead > leads[0]
    assert lane.next_claim + lane._lead < last


def test_a_call_is_not_prepared_long_before_its_slot(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[float] = []

    def prepared(claim: Claim) -> list[Call]:
        early.append((claim.deadline.slot or 0) - time.monotonic())
        return []

    monkeypatch.setattr(lanes, "calls_for", prepared)
    ask_for(1)
    (claim,) = lanes.claim(using="default", mchid="1900000001", limit=1).claims
    slot = time.monotonic() + 0.5
    lanes.calls_in_thread(replace(claim, deadline=replace(claim.deadline, slot=slot)), 0.1)
    assert early[0] <= 0.1


def test_a_merchant_whose_gateway_hangs_does_not_hold_up_another(
    gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_is_done = threading.Event()
    more_merchants(gateway, settings, second="1900000002")
    (hanging,) = ask_for(1)
    ask_for(3, prefix="S", merchant="second")

    def made(claim: Claim) -> list[Call]:
        if claim.cancellation == hanging:
            assert other_is_done.wait(10)
        return calls_for(claim)

    def progress(report: ProcessReport) -> None:
        if report.calls == 3:
            other_is_done.set()

    monkeypatch.setattr(lanes, "calls_for", made)
    report = services.process_due(on_progress=progress)
    assert report.calls >= 3
    assert other_is_done.is_set()


def test_once_stopped_nothing_is_begun_and_what_is_under_way_is_recorded(gateway: Sandbox) -> None:
    stop = threading.Event()
    gateway.faults.add("delay", seconds=0.1)
    ask_for(6)
    report = services.process_due(
        concurrency=2, stop=stop, forever=True, on_progress=lambda report: stop.set()
    )
    assert 1 <= report.calls < 6
    assert CancellationAttempt.objects.count() == len(gateway.calls()) == report.calls
    assert not SubsidyCancellation.objects.filter(status=Status.SENDING).exists()


def test_what_is_under_way_is_recorded_even_if_something_breaks(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.faults.add("delay", transaction_id="T1", seconds=0.5)
    ask_for(2)
    monkeypatch.setattr(lanes, "calls_for", unhurried)  # a missed slot is not under way

    def broken(*args: object, **kwargs: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "draw_conclusions", broken)
    with pytest.raises(KeyboardInterrupt):
        services.process_due()
    assert CancellationAttempt.objects.count() == 2


def test_forever_takes_up_what_is_asked_for_later(gateway: Sandbox) -> None:
    stop, counts = threading.Event(), []

    def progress(report: ProcessReport) -> None:
        counts.append(report.calls)
        if report.calls == 1:
            ask_for(1, prefix="later")
        else:
            stop.set()

    ask_for(1)
    services.process_due(forever=True, stop=stop, on_progress=progress)
    assert counts == [1, 2]


def test_answers_are_recorded_whatever_becomes_of_what_is_to_be_given_back(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed, _ = ask_for(2)

    def made(claim: Claim) -> list[Call]:
        if claim.cancellation == missed:
            time.sleep(0.05)  # so that both end together
            return []
        return unhurried(claim)

    def broken(*args: object, **kwargs: object) -> None:
        raise OperationalError("deadlock")

    monkeypatch.setattr(lanes, "calls_for", made)
    monkeypatch.setattr(sending, "give_back", broken)
    with pytest.raises(OperationalError):
        services.process_due()
    statuses = SubsidyCancellation.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Status.SENDING, Status.SUCCEEDED]


def test_trouble_with_one_merchant_loses_no_answers_of_others(
    gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_merchants(gateway, settings, second="1900000002", third="1900000003")
    gateway.faults.add("delay", seconds=0.2)
    for merchant in ("default", "second", "third"):
        ask_for(1, prefix=merchant, merchant=merchant)

    def broken(*args: object, **kwargs: object) -> None:
        raise LookupError("a mistake of ours")

    monkeypatch.setattr(lanes, "calls_for", unhurried)
    monkeypatch.setattr(sending, "draw_conclusions", broken)
    with pytest.raises(LookupError):
        services.process_due()
    assert set(SubsidyCancellation.objects.values_list("status", flat=True)) == {Status.SUCCEEDED}


def test_a_machine_that_goes_on_missing_slots_is_given_more_and_more_time(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = []
    whole = lanes.claim

    def claim(**how: Any) -> Any:
        leads.append(how["lead"].total_seconds())
        return whole(**how)

    monkeypatch.setattr(lanes, "claim", claim)
    monkeypatch.setattr(lanes, "calls_for", lambda claim: [])
    lane = lanes.Lane("1900000001", using="default", concurrency=2)
    ask_for(1)
    for _ in range(8):
        lane.is_drained = False
        lane.claim(limit=1)
        wait(lane.under_way)
        give_back(lane.take_ended()[1], using="default")
    lane.close()
    assert leads[-1] == lanes.LONGEST_LEAD


def test_what_becomes_due_for_one_merchant_does_not_wait_until_the_others_have_nothing_left(
    gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_merchants(gateway, settings, second="1900000002")
    second_is_sent = threading.Event()
    ask_for(2)

    def made(claim: Claim) -> list[Call]:
        if claim.merchant.name == "second":
            second_is_sent.set()
        elif claim.cancellation.transaction_id == "T1":
            assert second_is_sent.wait(10)
        return unhurried(claim)

    def progress(report: ProcessReport) -> None:
        if report.calls == 1:
            ask_for(1, prefix="S", merchant="second")

    monkeypatch.setattr(lanes, "calls_for", made)
    services.process_due(on_progress=progress)
    assert second_is_sent.is_set()


def test_a_batch_leaves_slots_to_a_sweep_once_it_has_begun() -> None:
    sweep = lanes.Lane("1900000001", using="default", concurrency=8)
    batch = lanes.Lane("1900000001", using="default", concurrency=8, keys=[1, 2, 3])
    assert (sweep.furthest, batch.furthest) == (pacing.NONE, lanes.FURTHEST)
    batch.has_begun = True
    assert batch.furthest == pacing.NONE
    sweep.close()
    batch.close()


@pytest.mark.parametrize(("seconds", "is_waited_for"), [(1.5, True), (2.5, False)])
def test_who_waits_in_a_request_waits_for_a_slot_two_seconds_at_the_most(
    gateway: Sandbox, seconds: float, is_waited_for: bool
) -> None:
    (row,) = ask_for(1)
    ahead = clock.now("default") + timedelta(seconds=seconds)
    MerchantPace.objects.create(mchid="1900000001", next_slot=ahead)
    send([row.pk])
    assert len(gateway.calls()) == is_waited_for
