"""What a shop says of an order is looked through before anything rests on it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from example_project.shop.models import Order, Refund
from wechat_subsidies.orders import (
    ImpossibleTarget,
    OrderAdapter,
    ReasonCode,
    Target,
    name_of,
    targets_of,
)

MakeOrder = Callable[..., Order]


class Channel(str, Enum):  # noqa: UP042  (as shops write it, with another str() than StrEnum)
    """A text that str() gives the name of."""

    MAIN = "main"


class Adapter(OrderAdapter):
    """Says what it is told to."""

    model = Order

    def __init__(self, found: Any = None) -> None:
        self.found = found

    def targets(self, order: Any) -> Any:
        return self.found


def target(**values: Any) -> Target:
    return Target(**{"sub_mchid": "1", "transaction_id": "2", "has_refund": True} | values)


@pytest.mark.parametrize(
    ("paid", "refunded", "is_partly"),
    [
        (None, None, False),
        (None, 5, False),
        (5, 5, False),
        (5, 4, True),
        (5, 0, True),
        (5, None, True),
    ],
)
def test_what_may_be_partly_refunded_counts_as_such(
    paid: int | None, refunded: int | None, is_partly: bool
) -> None:
    assert target(paid_amount=paid, refunded_amount=refunded).is_partly_refunded is is_partly


@pytest.mark.parametrize("name", ["paid_amount", "refunded_amount", "subsidy_amount"])
@pytest.mark.parametrize(
    "value",
    [
        Decimal("10.50"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+999999"),
        10.0,
        "1000",
        True,
        -1,
        2**63,
        [],
    ],
    ids=repr,
)
def test_an_amount_that_is_no_whole_number_of_fen_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ImpossibleTarget, match=f"^{name} .* fen"):
        target(**{name: value}).checked()


@pytest.mark.parametrize("value", [1000, Decimal(1000), Decimal("1E+3"), Decimal("1000.00")])
def test_a_whole_number_of_fen_is_taken(value: Any) -> None:
    amount = target(paid_amount=value).checked().paid_amount
    assert (amount, type(amount)) == (1000, int)


@pytest.mark.parametrize("name", ["sub_mchid", "transaction_id", "refund_id", "reference"])
@pytest.mark.parametrize("value", [True, b"4200", 4.2, ["4200"]], ids=repr)
def test_what_is_no_text_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ImpossibleTarget, match=f"^{name} should be text, not "):
        target(**{name: value}).checked()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (5, "5"),
        (Channel.MAIN, "main"),
        (gettext_lazy("status"), "status"),
        (UUID(int=1), str(UUID(int=1))),
        ("x" * 500, "x" * 500),
    ],
)
def test_texts_become_texts_and_stay_whole(value: Any, text: str) -> None:
    found = target(reference=value, description=value, refund_id=value).checked()
    assert [found.reference, found.description, found.refund_id] == [text] * 3
    assert type(found.reference) is str


def test_without_a_merchant_it_is_the_default_one() -> None:
    assert {target(merchant=value).checked().merchant for value in (None, "")} == {"default"}


@pytest.mark.parametrize("name", ["sub_mchid", "transaction_id", "refund_id", "merchant"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_an_identifier_that_a_database_refuses_is_refused(name: str, text: str) -> None:
    with pytest.raises(ImpossibleTarget, match=f"^{name} .* characters"):
        target(**{name: text}).checked()


@pytest.mark.parametrize(
    ("value", "words"),
    [(False, ""), (None, ""), (0, ""), (True, str(ReasonCode.BLOCKED.label)), ("已分账", "已分账")],
)
def test_an_objection_may_be_a_flag(value: Any, words: str) -> None:
    assert target(blocked_because=value).checked().blocked_because == words


TEXT = st.text(st.sampled_from("a0 \0\ud800退"), max_size=8)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), TEXT, st.lists(TEXT)
)


SAID = [field.name for field in fields(Target) if field.init]


@given(values=st.fixed_dictionaries({}, optional=dict.fromkeys(SAID, ANYTHING)))
def test_whatever_a_shop_says_is_of_the_right_types_or_refused(values: Any) -> None:
    with suppress(ImpossibleTarget):
        found = target(**values).checked()
        assert found == replace(found).checked()  # looked through anew
        assert {type(found.sub_mchid), type(found.merchant), type(found.blocked_because)} == {str}
        assert {type(found.paid_amount), type(found.refunded_amount)} <= {int, type(None)}


def test_an_order_of_another_model_is_refused() -> None:
    with pytest.raises(ImpossibleTarget, match=r"is for shop\.Order and was given R1"):
        targets_of(Adapter([target()]), Refund(pk=1, refund_id="R1"))


@pytest.mark.parametrize("found", [None, 5, [{"sub_mchid": "1"}], ["4200"], target], ids=repr)
def test_what_is_no_target_is_refused(found: Any) -> None:
    with pytest.raises(ImpossibleTarget, match=r"should return Targets, not .* \(N1\)"):
        targets_of(Adapter(found), Order(number="N1"))


def test_a_refusal_names_the_order() -> None:
    with pytest.raises(ImpossibleTarget, match=r"^N1: paid_amount is float '10\.5'"):
        targets_of(Adapter([target(paid_amount=10.5)]), Order(number="N1"))


def test_a_generator_of_targets_is_taken_and_the_reference_filled_in() -> None:
    adapter = Adapter(each for each in (target(), target(reference="A")))
    assert [each.reference for each in targets_of(adapter, Order(number="N1"))] == ["N1", "A"]


def test_what_the_shops_code_raises_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Adapter()
    monkeypatch.setattr(adapter, "targets", lambda order: order.nowhere)
    with pytest.raises(AttributeError, match="nowhere"):
        targets_of(adapter, Order(number="N1"))


def test_an_order_whose_str_fails_is_named_by_its_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Order, "__str__", lambda order: order.nowhere)
    assert name_of(Order(pk=7)) == "shop.Order 7"
    assert "__str__ of shop.Order 7 failed" in caplog.text
