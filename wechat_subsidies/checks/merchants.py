"""The platform merchants, apart from their keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from ..conf import MERCHANT_DEFAULTS, app_settings
from .messages import error, unknown_keys
from .values import is_number

REQUIRED = {
    "MCHID": "the platform's own merchant ID (平台商户号), such as '1900000001'",
    "MERCHANT_SERIAL_NO": "the serial number of the merchant's API certificate "
    "(openssl x509 -in apiclient_cert.pem -noout -serial)",
    "PRIVATE_KEY": "the path of apiclient_key.pem, or its text",
    "WECHATPAY_PUBLIC_KEY_ID": "the ID of WeChat Pay's public key, PUB_KEY_ID_…, from the merchant "
    "platform",
    "WECHATPAY_PUBLIC_KEY": "the path of pub_key.pem, or its text, from the merchant platform",
}


@register("wechat_subsidies")
def check_merchants(**kwargs: object) -> list[Error]:
    """Check WECHAT_SUBSIDIES['MERCHANTS']: is everything there, and in its form?"""
    if not isinstance(app_settings.raw, Mapping) or not app_settings.raw:
        return []  # named by check_values
    merchants = app_settings.get("MERCHANTS")
    if not isinstance(merchants, Mapping) or not merchants:
        hint = "Give at least one: {'default': {'MCHID': …}}; see the README."
        return [error("['MERCHANTS']", "names no merchant.", hint=hint, number=101)]
    return [
        problem
        for name, merchant in merchants.items()
        for problem in merchant_errors(f"['MERCHANTS']['{name}']", merchant)
    ]


def merchant_errors(path: str, merchant: Any) -> Iterator[Error]:
    """What is wrong with one entry."""
    if not isinstance(merchant, Mapping):
        yield error(path, "is not a dictionary.", hint="See the README.", number=101)
        return
    yield from unknown_keys(path, merchant, MERCHANT_DEFAULTS)
    for key, what in REQUIRED.items():
        if not merchant.get(key):
            yield error(f"{path}['{key}']", "is missing.", hint=f"Put {what}.", number=102)
    yield from url_errors(path, merchant)
    yield from limit_errors(path, merchant)


def url_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """Addresses: https, and plain http only in development."""
    for key in ("BASE_URL", "BACKUP_URL"):
        url = merchant.get(key) or ""
        if not url or str(url).startswith("https://"):
            continue
        if str(url).startswith("http://") and settings.DEBUG:
            continue
        hint = (
            "Put 'https://api.mch.weixin.qq.com', or leave it out. Plain http is for the sandbox, "
            "with DEBUG = True."
        )
        yield error(f"{path}['{key}']", f"is {url!r}, which is not https.", hint=hint, number=107)


def limit_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """Timeouts and the rate limit."""
    timeout = merchant.get("TIMEOUT", MERCHANT_DEFAULTS["TIMEOUT"])
    try:
        connect, read = timeout
        is_valid = is_number(connect) and is_number(read) and connect > 0 and read > 0
    except (TypeError, ValueError):
        is_valid = False
    if not is_valid:
        hint = "Put two numbers of seconds above 0: (connect, read), such as (5, 10)."
        yield error(f"{path}['TIMEOUT']", f"is {timeout!r}.", hint=hint, number=108)
    limit = merchant.get("RATE_LIMIT", MERCHANT_DEFAULTS["RATE_LIMIT"])
    if limit is not None and (not is_number(limit) or limit <= 0):
        hint = "Put the calls a second that this app may make, up to 200, or None for no limit."
        yield error(f"{path}['RATE_LIMIT']", f"is {limit!r}.", hint=hint, number=109)
