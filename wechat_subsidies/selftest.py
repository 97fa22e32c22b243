"""Trying a merchant's settings out against WeChat Pay, by a call that moves no money.

The echo call is answered with a signature, so one call tries both ends: our key, serial number and
clock, and WeChat Pay's key. Source: pay.weixin.qq.com/doc/v3/partner/4015139289.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import wechatpay
from .conf import MerchantSettings
from .sender.clients import client_for
from .wechatpay import WeChatPayError
from .wechatpay.errors import one_line

LARGEST_SKEW: Final = 300  # seconds: WeChat Pay refuses what is signed farther away

KEYS = _("Run “manage.py check”; it names what is wrong with each key.")
CLOCK = _("Set this machine's clock: it is %(seconds)d s away from WeChat Pay's.")
SERIAL_NO = _(
    "MERCHANT_SERIAL_NO: WeChat Pay does not know this serial number for this MCHID. It is that of the "
    "merchant's own API certificate: openssl x509 -in apiclient_cert.pem -noout -serial"
)
SIGNATURE = _(
    "PRIVATE_KEY, MERCHANT_SERIAL_NO, MCHID: WeChat Pay does not accept the signature. The private key "
    "has to belong to the certificate with that serial number, and the certificate to that MCHID."
)
PUBLIC_KEY_ID = _(
    "WECHATPAY_PUBLIC_KEY_ID: the answer is signed with another key than the settings have."
)
PUBLIC_KEY = _(
    "WECHATPAY_PUBLIC_KEY: it does not fit the answer's signature. Download pub_key.pem again from the "
    "merchant platform."
)
HEADERS = _(
    "BASE_URL, or a proxy: the answer carries no signature. Either it is not WeChat Pay that answers "
    "there, or a proxy strips the Wechatpay-* headers."
)
TLS = _("BASE_URL, or a proxy: no trusted TLS connection can be made to that host.")
UNREACHABLE = _("BASE_URL, the network or its firewall: the host cannot be reached.")
SYSTEM_ERROR = _(
    "MCHID, MERCHANT_SERIAL_NO: WeChat Pay answers wrong ones with an internal error, too. If they are "
    "right, try again later."
)
UNFORESEEN = _("BASE_URL: this is not what WeChat Pay answers.")
PROVEN = _("HTTP 200, proven by %(key)s, Request-ID %(request_id)s")

# By code, where what came back already says all the rest.
SETTINGS: Final = {
    "api_v3_key_mismatch": "API_V3_KEY",
    "public_key_needed": "WECHATPAY_PUBLIC_KEY_ID, WECHATPAY_PUBLIC_KEY",
}
ABOUT_CERTIFICATES: Final = {"certificates_refused", "certificates_unavailable"}

UNVERIFIED: Final = {
    "unsigned": HEADERS,
    "signature_type": PUBLIC_KEY,
    "unknown_serial": PUBLIC_KEY_ID,
    "bad_signature": PUBLIC_KEY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What trying a merchant out came to.

    `tried` is the call and the host, `answer` what was answered in a word or two, `came_back` the
    same in full, `advice` the setting to look at, empty where all is well.
    """

    merchant: str
    tried: str
    passed: bool
    answer: str
    came_back: str
    advice: str = ""


def try_out(merchant: MerchantSettings) -> Finding:
    """Make the echo call with a merchant's settings and say what came of it. Raises nothing of its own."""
    tried = f"POST {merchant.base_url}/v3/security/echo"
    try:
        client = client_for(merchant)
        client.credentials.check()
        answer = client.echo()
    except WeChatPayError as error:
        advice = advice_for(error)
        return Finding(
            merchant=merchant.name,
            tried=tried,
            passed=not advice,
            answer=in_short(error),
            came_back=str(error),
            advice=str(advice),
        )
    proven = str(PROVEN) % {"key": answer.key_id, "request_id": answer.request_id}
    return Finding(
        merchant=merchant.name, tried=tried, passed=True, answer="HTTP 200", came_back=proven
    )


def in_short(error: WeChatPayError) -> str:
    """The answer's status, or what was raised for want of one, and the code."""
    what = f"HTTP {error.http_status}" if error.http_status else type(error).__name__
    return one_line(f"{what} {error.code or ''}".strip(), limit=60)


def advice_for(error: WeChatPayError) -> str | Promise:
    """The setting to look at after this error; empty for one that proves all the same that all is well.

    The echo call is not open to every merchant. A refusal of another kind than 401, with a
    signature that holds, proves both ends, too.
    """
    if error.code in ABOUT_CERTIFICATES and isinstance(error.__cause__, WeChatPayError):
        # They are asked for first, with the same key, serial number and clock as the echo.
        error = error.__cause__
    if error.code in SETTINGS:
        return SETTINGS[error.code]
    skew = seconds_away(error)
    if abs(skew) >= LARGEST_SKEW:
        return str(CLOCK) % {"seconds": skew}
    match error:
        case wechatpay.ConfigurationError():
            return KEYS
        case wechatpay.NotSent() | wechatpay.OutcomeUnknown():
            return TLS if isinstance(error, requests.exceptions.SSLError) else UNREACHABLE
        case wechatpay.UnverifiedAnswer():
            return UNVERIFIED.get(error.reason, UNFORESEEN)
        case wechatpay.SignatureRefused():
            return SERIAL_NO if is_about_serial(error) else SIGNATURE
        case wechatpay.ServerError():
            return SYSTEM_ERROR
        case wechatpay.APIError():
            return "" if error.answer.key_id else HEADERS
    return UNFORESEEN


def is_about_serial(error: wechatpay.SignatureRefused) -> bool:
    """Whether WeChat Pay's words name the serial number (序列号)."""
    words = f"{error.message} {error.detail}"
    return "serial" in words.lower() or "序列号" in words


def seconds_away(error: WeChatPayError) -> int:
    """How far this machine's clock is from that of whoever answered, by the answer's `Date`."""
    date = error.answer.headers.get("Date") if error.answer else None
    try:
        theirs = parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return 0
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return round((datetime.now(UTC) - theirs).total_seconds())
