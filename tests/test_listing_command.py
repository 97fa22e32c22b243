"""manage.py cancel_subsidies FILE.csv, as people call it."""

import io
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation

MakeOrder = Callable[..., Order]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run the command with a file of these lines; returns what it says."""

    def said(*lines: str, options: tuple[str, ...] = (), out: StringIO | None = None) -> str:
        file, out = tmp_path / "orders.csv", out or StringIO()
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            call_command("cancel_subsidies", str(file), *options, stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}error: {error}"
        return out.getvalue()

    return said


def test_a_file_is_asked_for_once(run: Callable[..., str], make_order: MakeOrder) -> None:
    lines = ["order_reference", make_order().number, make_order().number]
    assert run(*lines) == "2 asked for; process_subsidy_cancellations sends them.\n"
    assert run(*lines) == "2 had been asked for before: Waiting to be sent\n"


def test_a_file_with_a_bad_line_is_not_asked_for(
    run: Callable[..., str], make_order: MakeOrder
) -> None:
    lines = ["order_reference;refund_id", make_order().number, "N9", "N10;5.03E+28"]
    said = run(*lines).splitlines()
    assert said[0] == "Line 3: There is no order N9."
    assert said[1].startswith("Line 4: refund_id is 5.03E+28: a spreadsheet")
    assert said[2].startswith("error: 2 lines have a problem, so nothing is asked for")
    assert not SubsidyCancellation.objects.exists()
    assert "1 asked for" in run(*lines, options=("--skip-bad",))


def test_a_dry_run_says_what_would_be_asked_for(
    run: Callable[..., str], make_order: MakeOrder
) -> None:
    lines = ["order_reference", make_order().number]
    assert run(*lines, options=("--dry-run",)) == "1 would be asked for.\n"
    assert not SubsidyCancellation.objects.exists()


def test_a_dry_run_with_a_bad_line_says_one_thing(
    run: Callable[..., str], make_order: MakeOrder
) -> None:
    lines = ["order_reference", make_order().number, "N9"]
    assert run(*lines, options=("--dry-run",)).splitlines() == [
        "Line 3: There is no order N9.",
        "error: 1 lines have a problem, so nothing would be asked for; with --skip-bad 1 would be.",
    ]
    assert run(*lines, options=("--dry-run", "--skip-bad")).splitlines() == [
        "Line 3: There is no order N9.",
        "1 would be asked for.",
    ]


def test_what_was_withdrawn_is_counted_apart(
    run: Callable[..., str], make_order: MakeOrder
) -> None:
    order, withdrawn = make_order(), make_order()
    services.withdraw(services.cancel_subsidy_for_order(withdrawn, send="later"))
    lines = ["order_reference", order.number, withdrawn.number]
    apart = "1 of these had been asked for before, and withdrawn."
    assert run(*lines, options=("--dry-run",)).splitlines() == ["2 would be asked for.", apart]
    assert apart not in run(*lines, "N9", options=("--dry-run",))
    asked = "2 asked for; process_subsidy_cancellations sends them."
    assert run(*lines).splitlines() == [asked, apart]


def test_partly_refunded_orders_are_said_to_need_a_yes(
    run: Callable[..., str], make_order: MakeOrder
) -> None:
    lines = ["order_reference", make_order(refunds=(400,)).number]
    assert "With --partial partly refunded orders are asked for, too." in run(*lines)
    assert "1 asked for" in run(*lines, options=("--partial",))


@pytest.mark.parametrize(("name", "is_user"), [("lihua", True), ("财务", False)])
def test_who_asks_is_a_user_or_a_name(
    run: Callable[..., str], make_order: MakeOrder, staff: User, name: str, is_user: bool
) -> None:
    run("order_reference", make_order().number, options=("--by", name))
    row = SubsidyCancellation.objects.get()
    assert (row.requested_by_name, row.requested_by) == (name, staff if is_user else None)


def test_standard_input_will_do(make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"order_reference,description\n{make_order().number},退款\n".encode("gb18030")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    call_command("cancel_subsidies", "-", stdout=StringIO())
    assert SubsidyCancellation.objects.get().description == "退款"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv: No such file"):
        call_command("cancel_subsidies", "nowhere.csv")


def test_a_file_that_is_none_is_refused(run: Callable[..., str]) -> None:
    assert run("number", "N1").startswith("error: There is no column “number”.")


def test_an_unknown_merchant_is_named(run: Callable[..., str], make_order: MakeOrder) -> None:
    said = run("order_reference", make_order().number, options=("--merchant", "shp"))
    assert said == "error: The settings have no merchant “shp”."


def test_on_a_terminal_a_bar_is_drawn(run: Callable[..., str], make_order: MakeOrder) -> None:
    said: Any = run("order_reference", make_order().number, out=Terminal())
    assert said.startswith(f"\r[{'#' * 20:<40}] 1/2\r[{'#' * 40}] 2/2\n1 asked for")
