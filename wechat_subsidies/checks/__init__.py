"""Every mistake in the set-up, named, with what to put there instead.

One id for each kind of mistake: E0xx the setting as a whole, E1xx merchants, E2xx orders, E3xx
the shop's admin. W instead of E is a warning.
"""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from .admins import check_admins
from .keys import check_keys
from .merchants import check_merchants
from .orders import check_orders
from .together import check_merchants_together
from .values import check_values

CHECKS = (
    check_admins,
    check_keys,
    check_merchants,
    check_merchants_together,
    check_orders,
    check_values,
)


def mistakes(**kwargs: Any) -> Iterator[CheckMessage]:
    """All mistakes that are to be found; the arguments are those of any check."""
    for check in CHECKS:
        yield from check(**kwargs)
