"""What every request must have before anything is done for it.

In this order: a bounded body; User-Agent, Accept, Content-Type (400 PARAM_ERROR); the
Authorization header, its fields, its merchant and serial, its timestamp, its signature
(401 SIGN_ERROR); Wechatpay-Serial, if sent, naming a key that the merchant has (400 PARAM_ERROR).
"""

from collections.abc import Mapping
from typing import Any

from wechat_subsidies.sandbox.keys import normalised
from wechat_subsidies.sandbox.merchants import Merchant
from wechat_subsidies.sandbox.messages import RefusalError, Request, error
from wechat_subsidies.sandbox.platform_keys import PlatformKeys
from wechat_subsidies.sandbox.signing import (
    Authorization,
    is_signed_by,
    parse_authorization,
    request_message,
)

MAX_BODY = 64 * 1024
MAX_AGE = 300
_MAX_NONCE = 32
_ACCEPTED = ("application/json", "application/*", "*/*")


def check_size(request: Request) -> None:
    """Refuse a body of more than 64 KiB with 413."""
    if len(request.body) > MAX_BODY:
        message = f"The body is larger than {MAX_BODY} bytes."
        raise RefusalError(error(413, "PARAM_ERROR", message))


def check_headers(request: Request) -> None:
    """Refuse a request without User-Agent, or that neither sends nor accepts JSON."""
    if not request.header("User-Agent"):
        raise _bad_header("User-Agent", "is missing")
    accepted = [kind.partition(";")[0].strip() for kind in request.header("Accept").split(",")]
    if not any(kind in _ACCEPTED for kind in accepted):
        raise _bad_header("Accept", "must be application/json")
    kind = request.header("Content-Type").partition(";")[0].strip()
    if request.method == "POST" and kind != "application/json":
        raise _bad_header("Content-Type", "must be application/json")


def authenticate(request: Request, *, merchants: Mapping[str, Merchant], now: float) -> Merchant:
    """Return the merchant who signed the request; `now` is in unix seconds.

    Raises RefusalError (SIGN_ERROR) saying which part of the Authorization header does not hold.
    """
    try:
        authorization = parse_authorization(request.header("Authorization"))
    except ValueError as problem:
        raise _sign_error("authorization", str(problem)) from problem
    merchant = _merchant(authorization, merchants)
    _check_freshness(authorization, now=now)
    _check_signature(request, authorization, merchant)
    return merchant


def check_answer_key(request: Request, *, platform: PlatformKeys, merchant: Merchant) -> None:
    """Refuse a `Wechatpay-Serial` naming a key that the merchant has not; it may be missing."""
    asked = request.header("Wechatpay-Serial")
    if asked and not platform.knows(asked, merchant=merchant):
        issue = f"names {asked!r}; there is {', '.join(platform.ids_of(merchant))}"
        raise _bad_header("Wechatpay-Serial", issue)


def claimed_merchant(request: Request, merchants: Mapping[str, Merchant]) -> Merchant | None:
    """Return the merchant whom a request names, without proof, None where there is none."""
    try:
        authorization = parse_authorization(request.header("Authorization"))
    except ValueError:
        return None
    return merchants.get(authorization.mchid)


def _merchant(authorization: Authorization, merchants: Mapping[str, Merchant]) -> Merchant:
    merchant = merchants.get(authorization.mchid)
    if merchant is None:
        issue = f"no merchant {authorization.mchid}; there is {', '.join(sorted(merchants))}"
        raise _sign_error("mchid", issue)
    # Clients that read it from the certificate write it as their libraries do.
    if normalised(authorization.serial_no) != normalised(merchant.serial_no):
        issue = (
            f"merchant {merchant.mchid} has no certificate {authorization.serial_no}; "
            f"it has {merchant.serial_no}"
        )
        raise _sign_error("serial_no", issue)
    return merchant


def _check_freshness(authorization: Authorization, *, now: float) -> None:
    text = authorization.timestamp
    if not (text.isascii() and text.isdigit() and len(text) <= len("9999999999")):
        raise _sign_error("timestamp", f"{text!r} is not a number of unix seconds")
    away = int(text) - now
    if abs(away) > MAX_AGE:
        direction = "ahead" if away > 0 else "behind"
        issue = f"{abs(away):.0f} s {direction} of this gateway's clock; {MAX_AGE} s are allowed"
        raise _sign_error("timestamp", issue)
    if len(authorization.nonce_str) > _MAX_NONCE:
        raise _sign_error("nonce_str", f"longer than {_MAX_NONCE} characters")


def _check_signature(request: Request, authorization: Authorization, merchant: Merchant) -> None:
    message = request_message(request, authorization)
    if not is_signed_by(merchant.public_key, message=message, signature=authorization.signature):
        signed = {
            "method": request.method,
            "url": request.target,
            "sign_message_length": len(message),
            "truncated_sign_message": message[:256].decode(errors="replace"),
        }
        issue = "the signature does not hold for the text in sign_information"
        raise _sign_error("signature", issue, sign_information=signed)


def _sign_error(field: str, issue: str, **more: Any) -> RefusalError:
    detail = {"field": field, "issue": issue, "location": "authorization", **more}
    message = f"The request's signature was refused: {field}: {issue}."
    return RefusalError(error(401, "SIGN_ERROR", message, detail=detail))


def _bad_header(name: str, issue: str) -> RefusalError:
    detail = {"field": name, "issue": issue, "location": "header"}
    return RefusalError(error(400, "PARAM_ERROR", f"The header {name} {issue}.", detail=detail))
