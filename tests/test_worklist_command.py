"""manage.py cancel_refunded_subsidies, as cron and people call it."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from example_project.shop.models import Order
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, adapter_for

MakeOrder = Callable[..., Order]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def output(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("cancel_refunded_subsidies", *arguments, stdout=out)
    return out.getvalue()


def test_it_asks_once_and_says_so(make_order: MakeOrder) -> None:
    make_order(), make_order()
    assert output() == "2 asked for; process_subsidy_cancellations sends them.\n"
    assert output() == "There was nothing to ask for.\n"


def test_what_is_left_out_is_said_with_what_to_do(make_order: MakeOrder) -> None:
    make_order(refunds=(400,))
    said = output()
    assert "1 left out: The order is only partly refunded" in said
    assert "With --partial they are asked for, too." in said
    assert output("--partial").startswith("1 asked for")


def test_a_dry_run_names_the_orders_and_records_none(make_order: MakeOrder) -> None:
    order = make_order()
    line = f"{order.number} (1900013401, {order.wechat_transaction_id})\n"
    assert output("--dry-run", "-v2") == line + "1 would be asked for.\n"
    assert not SubsidyCancellation.objects.exists()


def test_on_a_terminal_a_bar_is_drawn(make_order: MakeOrder) -> None:
    make_order()
    assert output(out=Terminal()).startswith(f"\r[{'#' * 40}] 1/1\n1 asked for")


@pytest.mark.parametrize("text", ["2", "h", "0d", "-1h", "2 h", "１h", "999999w", ""])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no length of time"):
        output(f"--older-than={text}")


def without_moments(settings: Any) -> None:
    mapping = dict(settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"])
    del mapping["refunded_at"]
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Order": mapping}}


def test_a_shop_that_does_not_say_when_is_told_what_to_add(settings: Any) -> None:
    without_moments(settings)
    with pytest.raises(CommandError, match="Add 'refunded_at'"):
        output("--older-than", "2h")


def test_candidates_that_cannot_be_read_end_it_with_an_error(monkeypatch: Any) -> None:
    def candidates(adapter: OrderAdapter) -> Any:
        raise LookupError

    monkeypatch.setattr(type(adapter_for(Order)), "candidates", candidates)
    with pytest.raises(CommandError, match=r"shop\.Order could not be read; see the log"):
        output()
