"""The shop's profit-sharing begins with the signal, also after a crash, and once for each order."""

from collections.abc import Callable
from typing import Any

import pytest

from example_project.shop.models import ProfitSharing
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import announcer, process

pytestmark = pytest.mark.django_db(transaction=True)


def begun() -> list[str]:
    return list(ProfitSharing.objects.values_list("order__number", flat=True))


def test_it_begins_once_the_subsidy_is_cancelled(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    order = make_order()
    services.cancel_subsidy_for_order(order)
    assert services.may_share_profit(order)
    assert begun() == [order.number]


@pytest.mark.parametrize("fault", ["fail_result", "system_error", "drop_after"])
def test_it_does_not_begin_for_what_is_refused_or_unknown(
    gateway: Sandbox, make_order: Callable[..., Any], fault: str
) -> None:
    gateway.faults.add(fault)
    services.cancel_subsidy_for_order(make_order())
    assert begun() == []


def test_it_begins_after_a_crash_between_commit_and_signal(
    gateway: Sandbox, make_order: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        for module in (process, announcer):
            crash.setattr(module, "announce_due", lambda **kwargs: False)
        order = make_order()
        services.cancel_subsidy_for_order(order, send="later")
        services.process_due()
    assert services.may_share_profit(order)
    assert begun() == []
    services.process_due()
    assert begun() == [order.number]


def test_a_second_signal_begins_nothing_more(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    cancellation = services.cancel_subsidy_for_order(make_order())
    SubsidyCancellation.objects.update(announce_after=cancellation.asked_at)
    services.process_due()
    assert len(begun()) == 1


def test_a_cancellation_without_an_order_of_the_shops_begins_nothing(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert begun() == []
