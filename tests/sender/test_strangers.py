"""Rows of merchants that the settings no longer have."""

from datetime import timedelta
from typing import Any

import pytest

from wechat_subsidies import clock, services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.strangers import set_aside

from .claims import unhurried_claims

Status = SubsidyCancellation.Status
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cancellation(gateway: Sandbox) -> SubsidyCancellation:
    return services.cancel_subsidy(**IDS, send="later")


@pytest.fixture(params=["pointed elsewhere", "gone"])
def changed(
    request: pytest.FixtureRequest,
    settings: Any,
    gateway: Sandbox,
    cancellation: SubsidyCancellation,
) -> dict[str, Any]:
    """The settings of before, after which the merchant has another MCHID, or is there no more."""
    before: dict[str, Any] = settings.WECHAT_SUBSIDIES
    other = gateway.merchant_settings() | {"MCHID": "1900000002"}
    name = "default" if request.param == "pointed elsewhere" else "other"
    settings.WECHAT_SUBSIDIES = {**before, "MERCHANTS": {name: other}}
    return before


def swept(cancellation: SubsidyCancellation) -> tuple[str, str, bool]:
    services.process_due()
    cancellation.refresh_from_db()
    return cancellation.status, cancellation.reason, cancellation.in_doubt


def test_they_wait_with_a_reason_and_go_on_once_it_is_back(
    cancellation: SubsidyCancellation, changed: dict[str, Any], settings: Any, gateway: Sandbox
) -> None:
    assert swept(cancellation) == (Status.PENDING, "merchant_changed", False)
    assert swept(cancellation) == (Status.PENDING, "merchant_changed", False)
    assert gateway.calls() == []
    settings.WECHAT_SUBSIDIES = changed
    assert swept(cancellation) == (Status.SUCCEEDED, "cancelled", False)


def test_they_can_be_withdrawn(cancellation: SubsidyCancellation, changed: dict[str, Any]) -> None:
    services.process_due()
    assert services.withdraw(cancellation).status == Status.WITHDRAWN


def test_in_doubt_they_need_review(
    cancellation: SubsidyCancellation, changed: dict[str, Any]
) -> None:
    SubsidyCancellation.objects.update(in_doubt=True)
    assert swept(cancellation) == (Status.NEEDS_REVIEW, "merchant_changed", True)
    assert cancellation.announce_after is None  # and was announced


def test_one_that_was_being_sent_is_written_down_as_lost(
    cancellation: SubsidyCancellation, changed: dict[str, Any], settings: Any
) -> None:
    now, settings.WECHAT_SUBSIDIES = settings.WECHAT_SUBSIDIES, changed
    (claimed,) = unhurried_claims()
    settings.WECHAT_SUBSIDIES = now
    assert swept(cancellation) == (Status.SENDING, "", True)  # its lease has not ended
    past = clock.now("default") - timedelta(hours=1)
    SubsidyCancellation.objects.update(send_after=past, lease_until=past)
    assert swept(cancellation) == (Status.NEEDS_REVIEW, "merchant_changed", True)
    attempt = cancellation.attempts.get()
    assert (attempt.outcome, attempt.claim_token) == (Outcome.LOST, claimed.token)
    assert (cancellation.attempt_count, cancellation.unknown_count) == (1, 1)


def test_one_that_is_taken_up_by_somebody_else_meanwhile_is_left_to_them(
    cancellation: SubsidyCancellation,
) -> None:
    SubsidyCancellation.objects.update(status=Status.WITHDRAWN, send_after=None)
    set_aside(cancellation, using="default")
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.WITHDRAWN, "")
