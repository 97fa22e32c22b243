"""People who pause the sending, and resume it."""

import pytest

from wechat_subsidies import clock, services
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import SendingPause, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("merchant", ["default", None])
def test_what_is_asked_for_while_sending_is_paused_waits(
    gateway: Sandbox, merchant: str | None
) -> None:
    services.pause(merchant, reason="a mistake in the refunds", paused_by="ops")
    cancellation = services.cancel_subsidy(**IDS)
    assert services.process_due().calls == 0
    assert cancellation.status == SubsidyCancellation.Status.PENDING
    assert services.resume(merchant, resumed_by="ops") == 1
    assert services.process_due().calls == 1


def test_who_and_why_are_recorded(gateway: Sandbox) -> None:
    services.pause("default", reason="a mistake", paused_by="anna")
    services.resume("default", resumed_by="bo")
    pause = SendingPause.objects.get()
    assert (pause.note, pause.paused_by_name, pause.lifted_by_name) == ("a mistake", "anna", "bo")


def test_a_persons_pause_is_never_tried(gateway: Sandbox) -> None:
    pause = services.pause("default", reason="a mistake")
    assert (pause.cause, pause.probe_after) == ("person", None)


def test_pausing_twice_is_one_pause(gateway: Sandbox) -> None:
    first = services.pause("default", reason="one")
    assert services.pause("default", reason="two") == first
    assert SendingPause.objects.count() == 1


def test_one_merchant_stays_paused_while_everything_is(gateway: Sandbox) -> None:
    services.pause(None, reason="all")
    services.pause("default", reason="one")
    assert services.resume("default") == 1
    services.cancel_subsidy(**IDS)
    assert gateway.calls() == []
    assert services.resume(None) == 1


def test_ending_the_pause_of_everything_leaves_those_of_single_merchants(gateway: Sandbox) -> None:
    one = services.pause("default", reason="anna counts its refunds", paused_by="anna")
    services.pause(None, reason="all", paused_by="bo")
    assert services.resume(None, resumed_by="bo") == 1
    assert services.pauses_that_hold() == (one,)


def test_a_person_ends_what_began_by_itself(gateway: Sandbox) -> None:
    SendingPause.objects.create(
        mchid="1900000001",
        sub_mchid="1900013401",
        cause="configuration",
        reason="no_auth",
        paused_at=clock.now("default"),
        probe_after=clock.now("default"),
    )
    assert services.resume("default") == 1


def test_single_pauses_can_be_ended(gateway: Sandbox) -> None:
    one, other = services.pause("default", reason="one"), services.pause(None, reason="all")
    assert services.resume_pauses([one], resumed_by="bo") == 1
    assert services.resume_pauses([one], resumed_by="cy") == 0
    assert services.pauses_that_hold() == (other,)
    one.refresh_from_db()
    assert one.lifted_by_name == "bo"


@pytest.mark.parametrize(("merchant", "reason"), [("shp", "x"), ("default", " ")])
def test_nonsense_is_refused(gateway: Sandbox, merchant: str, reason: str) -> None:
    with pytest.raises(InvalidRequest):
        services.pause(merchant, reason=reason)
    assert not SendingPause.objects.exists()
