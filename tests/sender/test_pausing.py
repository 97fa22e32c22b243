"""Sending that pauses by itself, tries with one call, and goes on."""

from datetime import timedelta
from typing import Any

import pytest

from wechat_subsidies import clock, services, signals
from wechat_subsidies.models import MerchantPace, SendingPause, SubsidyCancellation
from wechat_subsidies.outcomes import MEANINGS
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.calling import calls_for
from wechat_subsidies.sender.claiming import give_back
from wechat_subsidies.sender.clients import name_of
from wechat_subsidies.sender.pacing import slow_down
from wechat_subsidies.sender.pausing import (
    draw_conclusions,
    is_over,
    pause_after,
    process_stop,
)
from wechat_subsidies.sender.recording import record

from ..answers import api_error
from .claims import unhurried_claims

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db(transaction=True)


def ask_for(*transactions: str, sub_mchid: str = "1900013401") -> list[SubsidyCancellation]:
    return [
        services.cancel_subsidy(sub_mchid=sub_mchid, transaction_id=each, send="later")
        for each in transactions
    ]


def make_due(**which: Any) -> None:
    """As if the time until the resends were over."""
    past = clock.now("default") - timedelta(hours=1)
    SubsidyCancellation.objects.filter(send_after__isnull=False, **which).update(send_after=past)


def end_pauses() -> None:
    """As if the time until a pause is tried were over."""
    past = clock.now("default") - timedelta(seconds=1)
    SendingPause.objects.filter(probe_after__isnull=False).update(probe_after=past)


def another_process() -> None:
    """As if the next sweep were in a process of its own."""
    process_stop.forget()
    name_of.cache_clear()


def sent(gateway: Sandbox) -> list[str]:
    return [call.transaction_id for call in gateway.calls()]


@pytest.fixture
def outage(gateway: Sandbox) -> SendingPause:
    """Five orders have met an error of WeChat Pay's; five more wait."""
    gateway.faults.add("system_error", times=5)
    ask_for("T1", "T2", "T3", "T4", "T5")
    services.process_due()
    ask_for("T6", "T7")
    return SendingPause.objects.get()


def test_an_outage_pauses(gateway: Sandbox, outage: SendingPause) -> None:
    assert (outage.cause, outage.reason) == ("outage", "system_error")
    assert (outage.mchid, outage.sub_mchid) == ("1900000001", "")
    assert outage.probe_after - outage.paused_at == timedelta(seconds=30)
    make_due()
    assert services.process_due().calls == 0
    assert services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T8").reason == ""
    assert len(gateway.calls()) == 5


def test_one_row_goes_out_to_try_and_the_others_follow_its_success(
    gateway: Sandbox, outage: SendingPause
) -> None:
    make_due()
    end_pauses()
    gateway.faults.add("delay", seconds=0.2)
    assert services.process_due().outcomes == {"succeeded": 7}
    tried, *others = gateway.calls()[5:]
    assert len(others) == 6
    assert all(call.received_at >= tried.received_at + 0.2 for call in others)
    assert tried.transaction_id != outage.caused_by.transaction_id
    assert SendingPause.objects.get().lifted_at is not None


def test_a_try_in_vain_lengthens_the_pause(gateway: Sandbox, outage: SendingPause) -> None:
    gateway.faults.add("system_error")
    make_due()
    end_pauses()
    assert services.process_due().calls == 1
    pause = SendingPause.objects.get()
    assert (pause.lifted_at, pause.probe_count) == (None, 1)
    ahead = (pause.probe_after - clock.now("default")).total_seconds()
    assert 30 < ahead <= 60


def test_who_tries_and_dies_leaves_it_to_the_next(gateway: Sandbox, outage: SendingPause) -> None:
    make_due()
    end_pauses()
    assert len(unhurried_claims()) == 1
    assert unhurried_claims() == []
    end_pauses()
    assert services.process_due().calls == 6
    assert SendingPause.objects.get().lifted_at is not None


def test_who_misses_the_slot_of_a_try_may_try_again_at_once(
    gateway: Sandbox, outage: SendingPause
) -> None:
    make_due()
    end_pauses()
    (missed,) = unhurried_claims()
    give_back([missed], using="default")
    outage.refresh_from_db()
    assert (outage.probe_count, outage.probe_token) == (0, None)
    assert len(unhurried_claims()) == 1


def test_a_try_that_succeeds_after_a_person_has_ended_the_pause_ends_it_no_second_time(
    gateway: Sandbox, outage: SendingPause
) -> None:
    make_due()
    end_pauses()
    (claimed,) = unhurried_claims()
    services.resume("default", resumed_by=None)
    before = SendingPause.objects.get()
    heard: list[SendingPause] = []

    def hear(pause: SendingPause, **kwargs: Any) -> None:
        heard.append(pause)

    signals.sending_resumed.connect(hear)
    (call,) = calls_for(claimed)
    record([call], using="default")
    draw_conclusions([call], using="default")
    signals.sending_resumed.disconnect(hear)
    assert SendingPause.objects.get().lifted_at == before.lifted_at
    assert heard == []


def test_the_row_that_caused_a_pause_tries_where_there_is_no_other(gateway: Sandbox) -> None:
    gateway.faults.add("no_auth", times=1)
    ask_for("T1")
    services.process_due()
    make_due()
    assert services.process_due().calls == 0
    end_pauses()
    assert services.process_due().outcomes == {"succeeded": 1}


def test_a_refused_signature_stops_its_process_at_once(gateway: Sandbox) -> None:
    gateway.faults.add("sign_error")
    ask_for("T1")
    services.process_due()
    ask_for("T2")
    assert services.process_due().calls == 0
    assert not SendingPause.objects.exists()  # another host's clock may be right
    gateway.faults.clear()
    another_process()
    assert services.process_due().outcomes == {"succeeded": 1}


def test_a_process_that_has_stopped_tries_with_one_call(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.faults.add("sign_error")
    ask_for("T1")
    services.process_due()
    ask_for("T2", "T3", "T4", "T5", "T6")
    monkeypatch.setattr(process_stop, "_stopped", {"1900000001": (0.0, 1)})  # its time is over
    assert services.process_due().calls == 1


def test_signatures_refused_to_two_processes_pause_the_merchant(gateway: Sandbox) -> None:
    gateway.faults.add("sign_error")
    ask_for("T1")
    services.process_due()
    ask_for("T2")
    another_process()
    services.process_due()
    pause = SendingPause.objects.get()
    assert (pause.cause, pause.reason) == ("configuration", "sign_error")
    statuses = set(SubsidyCancellation.objects.values_list("status", "in_doubt"))
    assert statuses == {(Status.PENDING, False)}


def test_a_passing_selftest_lifts_what_refused_signatures_began_and_nothing_else(
    gateway: Sandbox,
) -> None:
    for reason in ("sign_error", "no_auth"):
        SendingPause.objects.create(
            mchid="1900000001",
            cause="configuration",
            reason=reason,
            paused_at=clock.now("default"),
        )
    assert services.resume_after_selftest("default") == 1
    assert SendingPause.objects.get(lifted_at=None).reason == "no_auth"


def test_a_forbidden_sub_merchant_waits_and_the_others_are_sent(gateway: Sandbox) -> None:
    gateway.faults.add("no_auth", transaction_id="T1")
    ask_for("T1")
    services.process_due()
    ask_for("T2")
    ask_for("T3", sub_mchid="1900013402")
    make_due()
    assert services.process_due().outcomes == {"succeeded": 1}
    assert sent(gateway) == ["T1", "T3"]
    pause = SendingPause.objects.get()
    assert (pause.sub_mchid, pause.reason) == ("1900013401", "no_auth")


def test_a_forbidden_sub_merchant_is_paused_among_successes_of_others(gateway: Sandbox) -> None:
    gateway.faults.add("no_auth", transaction_id="T1")
    ask_for("T1")
    ask_for("T2", "T3", sub_mchid="1900013402")
    services.process_due()
    assert SendingPause.objects.get().sub_mchid == "1900013401"


def test_what_a_person_has_lifted_is_not_paused_again_for_an_answer_of_before(
    gateway: Sandbox,
) -> None:
    gateway.faults.add("no_auth", times=3)
    ask_for("T1", sub_mchid="S1")
    services.process_due()
    ask_for("T2", sub_mchid="S2")
    services.process_due()
    assert services.resume("default") == 2
    ask_for("T3", sub_mchid="S2")
    services.process_due()
    assert SendingPause.objects.get(lifted_at=None).sub_mchid == "S2"


def test_one_process_with_a_wrong_clock_does_not_bring_back_the_pause_that_two_began(
    gateway: Sandbox,
) -> None:
    gateway.faults.add("sign_error")
    for transaction_id in ("T1", "T2"):
        ask_for(transaction_id)
        services.process_due()
        another_process()
    assert services.resume("default") == 1
    ask_for("T3")
    services.process_due()
    assert not SendingPause.objects.filter(lifted_at=None).exists()


def forbid(*sub_mchids: str) -> None:
    """As if these had been forbidden a minute ago: it is time to try."""
    past = clock.now("default") - timedelta(seconds=60)
    for each in sub_mchids:
        SendingPause.objects.create(
            mchid="1900000001",
            sub_mchid=each,
            cause="configuration",
            reason="no_auth",
            paused_at=past,
            probe_after=past,
        )


def test_a_sub_merchant_with_nothing_due_does_not_keep_others_from_being_tried(
    gateway: Sandbox,
) -> None:
    forbid("S1", "S2", "S3")
    ask_for("T2", sub_mchid="S2")
    ask_for("T3", sub_mchid="S3")
    assert services.process_due().outcomes == {"succeeded": 2}
    assert SendingPause.objects.get(lifted_at=None).sub_mchid == "S1"


def test_nobody_waits_for_the_answer_to_the_try_of_a_sub_merchant(gateway: Sandbox) -> None:
    forbid("S1")
    gateway.faults.add("delay", transaction_id="T1", seconds=2)
    ask_for("T1", sub_mchid="S1")
    ask_for("T2", sub_mchid="S2")
    services.process_due()
    received_at = {call.transaction_id: call.received_at for call in gateway.calls()}
    assert received_at["T2"] < received_at["T1"] + 2  # before its answer


def test_three_forbidden_sub_merchants_pause_all_and_are_tried_all_the_same(
    gateway: Sandbox,
) -> None:
    gateway.faults.add("no_auth", times=3)
    for number in range(3):
        ask_for(f"T{number}", sub_mchid=f"190001340{number}")
    services.process_due()
    assert SendingPause.objects.filter(sub_mchid="").count() == 1
    ask_for("T9", sub_mchid="1900013409")
    assert services.process_due().calls == 0
    SubsidyCancellation.objects.filter(transaction_id="T9").update(
        status="withdrawn", send_after=None
    )
    make_due()
    end_pauses()
    assert services.process_due().calls > 0  # though each of them is paused itself


def test_a_refused_parameter_of_ours_pauses_and_names_the_setting(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_field(monkeypatch, "/body/description")
    ask_for("T1")
    services.process_due()
    pause = SendingPause.objects.get()
    assert (pause.cause, pause.reason, pause.note) == (
        "configuration",
        "param_error",
        "DESCRIPTION",
    )
    assert SubsidyCancellation.objects.get().status == Status.FAILED


@pytest.mark.parametrize("field", ["transaction_id", "sub_mchid", "/body/transaction_id"])
def test_a_refused_number_of_the_order_pauses_nothing(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    refuse_field(monkeypatch, field)
    ask_for("T1")
    services.process_due()
    assert not SendingPause.objects.exists()


def test_a_refused_description_of_the_orders_own_pauses_nothing(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_field(monkeypatch, "description")
    services.cancel_subsidy(sub_mchid="1", transaction_id="T1", description="别的")
    assert not SendingPause.objects.exists()


def refuse_field(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    error = api_error(400, "PARAM_ERROR", "no")
    error.detail = {"field": field}

    def refused(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("wechat_subsidies.wechatpay.WeChatPayClient.send_cancellation", refused)


def test_a_429_halves_the_rate_and_leaves_a_second(gateway: Sandbox) -> None:
    ask_for("T1")
    services.process_due()
    gateway.faults.add("rate_limited", times=1)
    ask_for("T2")
    services.process_due()
    pace = MerchantPace.objects.get()
    assert pace.rate_share == 0.5
    assert pace.next_slot - pace.rate_changed_at == timedelta(seconds=1)


def test_429s_of_calls_that_were_under_way_together_count_once(gateway: Sandbox) -> None:
    ask_for("T1")
    services.process_due()
    together = clock.now("default")
    for called_at, share in [(together, 0.5), (together, 0.5), (None, 0.25)]:
        called_at = called_at or clock.now("default")
        slow_down(using="default", mchid="1900000001", called_at=called_at)
        assert MerchantPace.objects.get().rate_share == pytest.approx(share, rel=0.05)


def test_pauses_and_their_ends_are_told(gateway: Sandbox) -> None:
    heard: list[tuple[str, str]] = []

    def paused(*, pause: SendingPause, **kwargs: object) -> None:
        heard.append(("paused", pause.reason))

    def resumed(*, pause: SendingPause, **kwargs: object) -> None:
        heard.append(("resumed", pause.reason))

    signals.sending_paused.connect(paused)
    signals.sending_resumed.connect(resumed)
    try:
        gateway.faults.add("no_auth", times=1)
        ask_for("T1")
        services.process_due()
        make_due()
        end_pauses()
        services.process_due()
    finally:
        signals.sending_paused.disconnect(paused)
        signals.sending_resumed.disconnect(resumed)
    assert heard == [("paused", "no_auth"), ("resumed", "no_auth")]


@pytest.mark.parametrize(
    ("pause", "answer", "ends"),
    [
        ("system_error", "cancelled", True),
        ("system_error", "result_fail", True),
        ("system_error", "param_error", True),
        ("system_error", "rate_limited", True),
        ("system_error", "not_sent", False),
        ("system_error", "unverified_answer", False),
        ("system_error", "sign_error", False),
        ("param_error", "param_error", False),
        ("param_error", "invalid_request", True),
        ("no_auth", "no_auth", False),
    ],
)
def test_what_ends_a_pause(pause: str, answer: str, ends: bool) -> None:
    assert is_over(SendingPause(reason=pause), MEANINGS[answer]) == ends


def test_pauses_double_up_to_ten_minutes() -> None:
    assert [pause_after(count) for count in (0, 1, 2, 4, 5, 99)] == [30, 60, 120, 480, 600, 600]
