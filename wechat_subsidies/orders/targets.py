"""One WeChat transaction of an order, as the shop tells it and as everything else may rely on it."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise

from .reasons import ReasonCode

IDENTIFIERS: Final = ("sub_mchid", "transaction_id", "refund_id", "merchant")
TEXTS: Final = (*IDENTIFIERS, "description", "reference")
MOMENTS: Final = ("paid_at", "refunded_at")
AMOUNTS: Final = ("paid_amount", "refunded_amount", "subsidy_amount")
LARGEST_AMOUNT: Final = 2**63 - 1  # fen: what a column holds
UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")  # NUL and halves of surrogate pairs


class ImpossibleTarget(ValueError):
    """The shop's code says something of an order that cannot be; the words name the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One WeChat transaction of an order. Amounts in fen, None where the shop does not say.

    What a shop puts in is looked through by `checked`, not here.
    """

    sub_mchid: str
    transaction_id: str
    has_refund: bool
    refund_id: str = ""  # with several refunds: the newest successful one
    merchant: str = "default"
    description: str = ""
    reference: str = ""
    paid_amount: int | None = None
    refunded_amount: int | None = None
    subsidy_amount: int | None = None
    paid_at: datetime | None = None  # its funds stay frozen for 180 days from then on
    refunded_at: datetime | None = None  # the moment of the refund that `refund_id` names
    blocked_because: str = ""
    # So that who reads thousands of orders need not look twice; nothing that a shop sets.
    _is_checked: bool = field(default=False, init=False, repr=False, compare=False)

    @property
    def is_partly_refunded(self) -> bool:
        """Whether less came back than was paid, or may have: what was paid is known, and no more."""
        if self.paid_amount is None:
            return False
        return self.refunded_amount is None or self.refunded_amount < self.paid_amount

    def checked(self) -> "Target":
        """The same with every value of its type: None becomes an empty text, nothing is cut.

        Raises ImpossibleTarget for an amount that is no whole number of fen, a moment that is no
        datetime, and for what is no text or cannot be stored as an identifier.
        """
        if self._is_checked:
            return self
        values: dict[str, Any] = {name: as_text(name, getattr(self, name)) for name in TEXTS}
        values["merchant"] = values["merchant"] or "default"
        for name in IDENTIFIERS:
            refuse_unstorable(name, values[name])
        values |= {name: as_amount(name, getattr(self, name)) for name in AMOUNTS}
        values |= {name: as_moment(name, getattr(self, name)) for name in MOMENTS}
        values["has_refund"] = bool(self.has_refund)
        values["blocked_because"] = as_objection(self.blocked_because)
        wrong = {name: value for name, value in values.items() if value is not getattr(self, name)}
        whole = replace(self, **wrong) if wrong else self
        object.__setattr__(whole, "_is_checked", True)
        return whole


def as_text(name: str, value: Any) -> str:
    """A value as text, empty for None. Raises ImpossibleTarget for what is neither text nor a number."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str.__str__(value)  # of an enumeration's member its value, not its name
    if isinstance(value, int | UUID | Promise) and not isinstance(value, bool):
        return str(value)
    raise ImpossibleTarget(f"{name} should be text, not {type(value).__name__}.")


def as_objection(value: Any) -> str:
    """What speaks against cancelling, in words; empty for False, 0 and None, the usual words for True."""
    if isinstance(value, bool):
        return str(ReasonCode.BLOCKED.label) if value else ""
    return as_text("blocked_because", value) if value else ""


def as_amount(name: str, value: Any) -> int | None:
    """An amount in fen; None stays None.

    Raises ImpossibleTarget for text, floats and fractions: they are an amount in yuan, as a rule,
    and rounded, one that was partly refunded might look like one that was refunded in full.
    """
    if value is None:
        return None
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not is_number or (isinstance(value, Decimal) and not is_whole(value)):
        found = f"{name} is {shown(value)}; it should be a whole number of fen, such as 1050."
        raise ImpossibleTarget(found)
    if not 0 <= value <= LARGEST_AMOUNT:
        found = f"{name} is out of range; it should be from 0 to {LARGEST_AMOUNT} fen."
        raise ImpossibleTarget(found)
    return int(value)


def as_moment(name: str, value: Any) -> datetime | None:
    """A datetime with its time zone, the shop's if it has none; None stays None.

    Raises ImpossibleTarget for what else it may be: a date may be a day off.
    """
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise ImpossibleTarget(f"{name} should be a datetime, not {type(value).__name__}.")
    return timezone.make_aware(value) if timezone.is_naive(value) else value


def is_whole(value: Decimal) -> bool:
    """Whether the number is finite and has no fraction."""
    return value.is_finite() and value == value.to_integral_value()


def shown(value: object) -> str:
    """A value as the words of an error show it, with its type."""
    return f"{type(value).__name__} {str(value)[:40]!r}"


def refuse_unstorable(name: str, text: str) -> None:
    """Raise ImpossibleTarget for an identifier that a database refuses even to look up."""
    if UNSTORABLE.search(text):
        raise ImpossibleTarget(f"{name} {text[:80]!r} has characters that no identifier has.")
