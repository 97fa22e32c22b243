"""Every mistake in the set-up, named, with what to put there instead.

One id for each kind of mistake: E0xx the setting as a whole, E1xx merchants, E2xx orders, E3xx
the shop's admin, E4xx the REST API. W instead of E is a warning. docs/checks.md has all of them.
"""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from .admins import check_admins
from .api import check_api
from .keys import check_keys
from .merchants import check_merchants
from .orders import check_orders
from .secrets import check_file_modes, check_public_folders
from .together import check_merchants_together
from .values import check_values

CHECKS = (
    check_admins,
    check_api,
    check_keys,
    check_merchants,
    check_merchants_together,
    check_orders,
    check_public_folders,
    check_values,
)
DEPLOYMENT_CHECKS = (check_file_modes,)


def mistakes(**kwargs: Any) -> Iterator[CheckMessage]:
    """All mistakes that are to be found; the arguments are those of any check."""
    for check in CHECKS:
        yield from check(**kwargs)


def deployment_mistakes(**kwargs: Any) -> Iterator[CheckMessage]:
    """What matters where customers are, and is looked for by `check --deploy` only."""
    for check in DEPLOYMENT_CHECKS:
        yield from check(**kwargs)
