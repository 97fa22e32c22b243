"""Where the merchants' calls are sent: to WeChat Pay, or to a sandbox, and not to both."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from ..conf import MERCHANT_DEFAULTS
from ..wechatpay import ConfigurationError
from ..wechatpay.addresses import check_base_url, is_loopback
from .messages import error, is_given, warning

EXAMPLES = {
    "BASE_URL": "https://api.mch.weixin.qq.com",
    "BACKUP_URL": "https://api2.mch.weixin.qq.com",
}
WECHAT_PAYS = (".weixin.qq.com", ".wechatpay.cn")  # its Java SDK has api2.wechatpay.cn


def address_problems(path: str, merchant: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Addresses: a host and nothing else; https, and a sandbox only in development."""
    for key in EXAMPLES:
        url = merchant.get(key, MERCHANT_DEFAULTS[key])
        if key == "BACKUP_URL" and not is_given(url):
            continue
        hint = (
            f"Put {EXAMPLES[key]!r}, or leave it out: https, and no path. Plain http is for the "
            "sandbox, with DEBUG = True."
        )
        try:
            checked = urlsplit(check_base_url(url, allow_http=settings.DEBUG))
        except ConfigurationError as problem:
            yield error(f"{path}['{key}']", f"is {url!r}: {problem}.", hint=hint, number=107)
            continue
        if settings.DEBUG:
            continue
        if checked.scheme == "http":
            found = f"is {url!r}, which is not https."
            yield error(f"{path}['{key}']", found, hint=hint, number=107)
        elif is_loopback(checked.hostname or ""):
            found = f"is {url!r}, this machine: what a sandbox answers is recorded as WeChat Pay's."
            hint = f"Put {EXAMPLES[key]!r}, or leave it out; a sandbox is for DEBUG = True."
            yield warning(f"{path}['{key}']", found, hint=hint, number=118)


def mixture_errors(merchants: Mapping[Any, Mapping[str, Any]]) -> Iterator[Error]:
    """The sandbox and WeChat Pay side by side: orders made up in tests might be sent to the latter."""
    kinds: dict[str, str] = {}
    for name, merchant in merchants.items():
        for key in EXAMPLES:
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
        return ""  # named by address_problems
    host = (address.hostname or "").rstrip(".")
    if address.scheme == "http" or is_loopback(host):
        return "sandbox"
    return "real" if f".{host}".endswith(WECHAT_PAYS) else ""
