"""VERIFY_REFUND: WeChat Pay is asked for the refund before the subsidy is cancelled."""

import time
from dataclasses import replace

import pytest

from wechat_subsidies import services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sandbox import Refund, Sandbox
from wechat_subsidies.sender import lanes
from wechat_subsidies.sender.calling import Call, calls_for
from wechat_subsidies.sender.claiming import Claim

Status = SubsidyCancellation.Status
Operation = CancellationAttempt.Operation
CANCEL_PATH = "/v3/ecommerce/subsidies/cancel"
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def verifying(gateway: Sandbox, settings) -> Sandbox:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "VERIFY_REFUND": "exists"}
    return gateway


def make_due() -> None:
    for row in SubsidyCancellation.objects.filter(send_after__isnull=False):
        SubsidyCancellation.objects.filter(pk=row.pk).update(send_after=row.asked_at)


def sent(gateway: Sandbox) -> int:
    return len(gateway.calls(path=CANCEL_PATH))


def test_a_refund_that_exists_is_followed_by_the_cancellation(verifying: Sandbox) -> None:
    verifying.add_order(**IDS, refunds=["R1"])
    cancellation = services.cancel_subsidy(**IDS, refund_id="R1")
    assert cancellation.status == Status.SUCCEEDED
    attempts = cancellation.attempts.values_list("operation", "outcome", "reason")
    assert list(attempts) == [
        (Operation.QUERY_REFUND, Outcome.CONFIRMED, "refund_confirmed"),
        (Operation.CANCEL, Outcome.SUCCEEDED, "cancelled"),
    ]
    assert cancellation.attempt_count == 1


@pytest.mark.parametrize(
    ("transaction_id", "refund", "reason"),
    [
        ("T1", "R2", "refund_not_found"),
        ("T2", "R1", "refund_of_other_order"),
        ("T1", Refund(refund_id="R1", status="CLOSED"), "refund_closed"),
    ],
)
def test_a_refund_that_does_not_fit_is_refused_here_and_nothing_is_sent(
    verifying: Sandbox, transaction_id: str, refund: str | Refund, reason: str
) -> None:
    verifying.add_order(sub_mchid="1900013401", transaction_id=transaction_id, refunds=[refund])
    cancellation = services.cancel_subsidy(**IDS, refund_id="R1")
    assert (cancellation.status, cancellation.reason) == (Status.FAILED, reason)
    assert sent(verifying) == 0
    assert (cancellation.attempt_count, cancellation.attempts.count()) == (0, 1)


def test_a_refund_of_another_sub_merchant_is_not_found(verifying: Sandbox) -> None:
    verifying.add_order(sub_mchid="1900099999", transaction_id="T1", refunds=["R1"])
    assert services.cancel_subsidy(**IDS, refund_id="R1").reason == "refund_not_found"
    assert sent(verifying) == 0


def test_a_refund_on_its_way_is_enough_if_it_exists(verifying: Sandbox) -> None:
    verifying.add_order(**IDS, refunds=[Refund(refund_id="R1", status="PROCESSING")])
    services.cancel_subsidy(**IDS, refund_id="R1")
    assert sent(verifying) == 1


def test_a_refund_on_its_way_is_waited_for_without_using_up_attempts(
    verifying: Sandbox, settings
) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "VERIFY_REFUND": "succeeded"}
    verifying.add_order(**IDS, refunds=[Refund(refund_id="R1", status="PROCESSING")])
    cancellation = services.cancel_subsidy(**IDS, refund_id="R1")
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, "refund_processing")
    assert (cancellation.in_doubt, cancellation.unknown_count) == (False, 0)
    assert sent(verifying) == 0
    verifying.add_order(**IDS, refunds=[Refund(refund_id="R1", status="SUCCESS")])
    make_due()
    services.process_due()
    cancellation.refresh_from_db()
    assert cancellation.status == Status.SUCCEEDED


@pytest.mark.parametrize("fault", ["system_error", "bad_signature", "drop_after", "not_json"])
def test_an_answer_about_the_refund_that_nobody_knows_sends_nothing_and_is_not_in_doubt(
    verifying: Sandbox, fault: str
) -> None:
    verifying.faults.add(fault, path="/v3/ecommerce/refunds/id/R1")
    cancellation = services.cancel_subsidy(**IDS, refund_id="R1")
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, "refund_unknown")
    assert (cancellation.in_doubt, cancellation.unknown_count) == (False, 0)
    assert sent(verifying) == 0


def test_a_row_in_doubt_is_sent_again_without_asking(verifying: Sandbox) -> None:
    verifying.add_order(**IDS, refunds=["R1"])
    verifying.faults.add("drop_after", path=CANCEL_PATH, times=1)
    services.cancel_subsidy(**IDS, refund_id="R1")
    make_due()
    services.process_due()
    assert sent(verifying) == 2
    assert len(verifying.calls()) == 3


def test_without_a_refund_id_there_is_nothing_to_ask_for(verifying: Sandbox) -> None:
    assert services.cancel_subsidy(**IDS).status == Status.SUCCEEDED
    assert len(verifying.calls()) == 1


def test_a_query_whose_slot_has_passed_is_not_made_and_takes_no_attempt(
    verifying: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late_once(claim: Claim) -> list[Call]:
        monkeypatch.setattr(lanes, "calls_for", calls_for)
        passed = replace(claim.deadline, slot=time.monotonic() - 1)
        made.append(calls_for(replace(claim, deadline=passed)))
        return made[0]

    made: list[list[Call]] = []
    monkeypatch.setattr(lanes, "calls_for", late_once)
    verifying.add_order(**IDS, refunds=["R1"])
    cancellation = services.cancel_subsidy(**IDS, refund_id="R1")
    assert made == [[]]
    assert cancellation.status == Status.SUCCEEDED
    assert cancellation.attempts.count() == len(verifying.calls()) == 2
