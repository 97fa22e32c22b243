"""The platform merchants beside each other."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import Error

from ..conf import MERCHANT_DEFAULTS, app_settings
from ..wechatpay import ConfigurationError
from ..wechatpay.addresses import check_base_url
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


def mixture_errors(merchants: Mapping[Any, Mapping[str, Any]]) -> Iterator[Error]:
    """The sandbox and WeChat Pay side by side: orders made up in tests might be sent to the latter."""
    kinds: dict[str, str] = {}
    for name, merchant in merchants.items():
        for key in ("BASE_URL", "BACKUP_URL"):
            kind = kind_of(merchant.get(key, MERCHANT_DEFAULTS[key]))
            if kind:
                kinds.setdefault(kind, f"['{name}']['{key}']")
    if len(kinds) == 2:
        found = f"mixes addresses: {kinds['sandbox']} is a sandbox, {kinds['real']} WeChat Pay."
        hint = "Point all of them to the sandbox, or none. Where BASE_URL is left out, it is WeChat Pay's."
        yield error("['MERCHANTS']", found, hint=hint, number=114)


def kind_of(url: Any) -> str:
    """Whether an address is a sandbox ("sandbox") or WeChat Pay itself ("real"); else empty."""
    try:
        address = urlsplit(check_base_url(url, allow_http=True))
    except ConfigurationError:
        return ""  # named by url_errors
    host = (address.hostname or "").rstrip(".")
    if address.scheme == "http" or is_loopback(host):
        return "sandbox"
    return "real" if f".{host}".endswith(".weixin.qq.com") else ""


def is_loopback(host: str) -> bool:
    """Whether it is this machine's own address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
