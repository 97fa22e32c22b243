"""The platform merchants beside each other."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import Error

from ..conf import MERCHANT_DEFAULTS, app_settings
from .addresses import mixture_errors
from .merchants import is_rate
from .messages import error


def check_merchants_together(**kwargs: object) -> list[Error]:
    """Check the merchants against each other: is each fine, and all of them a mistake?"""
    raw = app_settings.raw if isinstance(app_settings.raw, Mapping) else {}
    merchants = raw.get("MERCHANTS")
    if not isinstance(merchants, Mapping):
        return []  # named by check_merchants
    known = {name: each for name, each in merchants.items() if isinstance(each, Mapping)}
    return [*mixture_errors(known), *shared_limit_errors(known)]


def shared_limit_errors(merchants: Mapping[Any, Mapping[str, Any]]) -> Iterator[Error]:
    """Several limits under one MCHID, which has one quota: the lowest would hold for all, unsaid."""
    first: dict[str, tuple[Any, Any]] = {}
    for name, merchant in merchants.items():
        limit = merchant.get("RATE_LIMIT", MERCHANT_DEFAULTS["RATE_LIMIT"])
        mchid = merchant.get("MCHID")
        if not isinstance(mchid, str) or not mchid or not is_rate(limit):
            continue  # named by merchant_errors
        other, known = first.setdefault(mchid, (name, limit))
        if known != limit:
            found = f"is {limit!r}, and {known!r} for '{other}', which has the same MCHID."
            hint = "Put the same for both: WeChat Pay counts the calls of an MCHID together."
            yield error(f"['MERCHANTS']['{name}']['RATE_LIMIT']", found, hint=hint, number=115)
