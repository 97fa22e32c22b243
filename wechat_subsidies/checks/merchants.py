"""The platform merchants, apart from their keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error

from ..conf import MERCHANT_DEFAULTS, app_settings
from ..texts import storable
from .addresses import address_problems
from .messages import error, is_given, unknown_keys
from .values import is_number

REQUIRED = {
    "MCHID": "the platform's own merchant ID (平台商户号), such as '1900000001'",
    "MERCHANT_SERIAL_NO": "the serial number of the merchant's API certificate "
    "(openssl x509 -in apiclient_cert.pem -noout -serial)",
    "PRIVATE_KEY": "the path of apiclient_key.pem, or its text",
}
PUBLIC_KEY = {
    "WECHATPAY_PUBLIC_KEY_ID": "the ID of WeChat Pay's public key, PUB_KEY_ID_…, from the merchant "
    "platform",
    "WECHATPAY_PUBLIC_KEY": "the path of pub_key.pem, or its text, from the merchant platform",
}
NAME_LENGTH = 64  # characters: what a row keeps
LONGEST_TIMEOUT = 300  # seconds; for as long no other process takes the order up
LOWEST_RATE, HIGHEST_RATE = 0.01, 10_000  # calls a second


def check_merchants(**kwargs: object) -> list[CheckMessage]:
    """Check WECHAT_SUBSIDIES['MERCHANTS']: is everything there, and in its form?"""
    if not isinstance(app_settings.raw, Mapping) or not app_settings.raw:
        return []  # named by check_values
    merchants = app_settings.get("MERCHANTS")
    if not isinstance(merchants, Mapping) or not merchants:
        hint = "Give at least one: {'default': {'MCHID': …}}; see docs/settings.md."
        return [error("['MERCHANTS']", "names no merchant.", hint=hint, number=101)]
    return [
        problem
        for name, merchant in merchants.items()
        for problem in (
            *name_errors(name),
            *merchant_errors(f"['MERCHANTS']['{name}']", merchant),
        )
    ]


def name_errors(name: Any) -> Iterator[Error]:
    """A name that no row could keep."""
    if isinstance(name, str) and name and storable(name, limit=NAME_LENGTH) == name:
        return
    hint = f"Use a text of 1 to {NAME_LENGTH} characters; it is stored with every cancellation."
    yield error("['MERCHANTS']", f"has the name {name!r:.100}.", hint=hint, number=113)


def merchant_errors(path: str, merchant: Any) -> Iterator[CheckMessage]:
    """What is wrong with one entry."""
    if not isinstance(merchant, Mapping):
        yield error(path, "is not a dictionary.", hint="See docs/settings.md.", number=101)
        return
    yield from unknown_keys(path, merchant, MERCHANT_DEFAULTS)
    yield from missing_errors(path, merchant)
    yield from address_problems(path, merchant)
    yield from limit_errors(path, merchant)


def missing_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """What every merchant needs; the public key and its ID are not needed beside an APIv3 key."""
    for key, what in REQUIRED.items():
        if not is_given(merchant.get(key)):
            yield error(f"{path}['{key}']", "is missing.", hint=f"Put {what}.", number=102)
    missing = [key for key in PUBLIC_KEY if not is_given(merchant.get(key))]
    if len(missing) == len(PUBLIC_KEY) and is_given(merchant.get("API_V3_KEY")):
        return
    for key in missing:
        hint = (
            f"Put {PUBLIC_KEY[key]}. A merchant whose answers are signed with platform certificates "
            "gives API_V3_KEY instead of the public key and its ID."
        )
        yield error(f"{path}['{key}']", "is missing.", hint=hint, number=102)


def limit_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """Timeouts and the rate limit."""
    timeout = merchant.get("TIMEOUT", MERCHANT_DEFAULTS["TIMEOUT"])
    try:
        connect, read = timeout
        is_valid = all(is_number(each) and 0 < each <= LONGEST_TIMEOUT for each in (connect, read))
    except (TypeError, ValueError):
        is_valid = False
    if not is_valid:
        hint = (
            "Put two numbers of seconds (connect, read), such as (5, 10): each above 0, and at most "
            f"{LONGEST_TIMEOUT}."
        )
        yield error(f"{path}['TIMEOUT']", f"is {timeout!r}.", hint=hint, number=108)
    limit = merchant.get("RATE_LIMIT", MERCHANT_DEFAULTS["RATE_LIMIT"])
    if not is_rate(limit):
        hint = "Put the calls a second that this app may make, up to 200, or None for no limit."
        yield error(f"{path}['RATE_LIMIT']", f"is {limit!r}.", hint=hint, number=109)


def is_rate(value: Any) -> bool:
    """Whether it is a number of calls a second that can be kept to, or None."""
    return value is None or (is_number(value) and LOWEST_RATE <= value <= HIGHEST_RATE)
