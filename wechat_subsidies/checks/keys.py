"""The merchants' keys: can they be read, and is each in its place?"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import Error

from ..conf import app_settings
from ..wechatpay import (
    CredentialsError,
    MerchantCredentials,
    load_api_v3_key,
    load_private_key,
    load_public_key,
)
from .messages import error, is_given

PRIVATE_KEY_HINT = (
    "Put the merchant's private key (apiclient_key.pem) there: a path, PEM text, base64 of it, or a "
    "callable that returns one of these."
)
PUBLIC_KEY_HINT = (
    "Put WeChat Pay's public key (pub_key.pem, downloaded from the merchant platform) there: a path, "
    "PEM text, base64 of it, or a callable that returns one of these."
)
API_V3_KEY_HINT = (
    "Put the APIv3 key there, 32 bytes as set in the merchant platform: its text, base64 of it, a path, "
    "or a callable that returns one of these."
)
READ = (
    ("PRIVATE_KEY", load_private_key, PRIVATE_KEY_HINT, 105),
    ("WECHATPAY_PUBLIC_KEY", load_public_key, PUBLIC_KEY_HINT, 106),
    ("API_V3_KEY", load_api_v3_key, API_V3_KEY_HINT, 111),
)
IDENTITY_NUMBERS = {
    "invalid_mchid": 103,
    "invalid_serial_no": 104,
    "invalid_key_id": 112,
    "invalid_api_v3_key": 111,
}
IDENTITY_KEYS = {
    "invalid_mchid": "MCHID",
    "invalid_serial_no": "MERCHANT_SERIAL_NO",
    "invalid_key_id": "WECHATPAY_PUBLIC_KEY_ID",
    "invalid_api_v3_key": "API_V3_KEY",
}


def check_keys(**kwargs: object) -> list[Error]:
    """Read the keys of all merchants; what is missing altogether is named by `check_merchants`."""
    merchants = app_settings.get("MERCHANTS") if isinstance(app_settings.raw, Mapping) else {}
    return [
        problem
        for name, merchant in (merchants.items() if isinstance(merchants, Mapping) else ())
        if isinstance(merchant, Mapping)
        for problem in key_errors(f"['MERCHANTS']['{name}']", merchant)
    ]


def key_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """What is wrong with one merchant's keys, one by one and with each other."""
    problems = [*file_errors(path, merchant)]
    yield from problems
    if not problems and is_complete(merchant):
        yield from identity_errors(path, merchant)


def is_complete(merchant: Mapping[str, Any]) -> bool:
    """Whether all is there that the keys are judged by; what is missing, `check_merchants` names."""
    has_id, has_key, has_secret = (
        is_given(merchant.get(name))
        for name in ("WECHATPAY_PUBLIC_KEY_ID", "WECHATPAY_PUBLIC_KEY", "API_V3_KEY")
    )
    is_known = all(
        is_given(merchant.get(name)) for name in ("MCHID", "MERCHANT_SERIAL_NO", "PRIVATE_KEY")
    )
    return is_known and has_id == has_key and (has_key or has_secret)


def file_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """Keys that cannot be read, or are another kind of key."""
    for key, load, hint, number in READ:
        if not is_given(merchant.get(key)):
            continue
        try:
            load(merchant[key])
        except CredentialsError as problem:
            yield error(f"{path}['{key}']", f"cannot be used: {problem}.", hint=hint, number=number)


def identity_errors(path: str, merchant: Mapping[str, Any]) -> Iterator[Error]:
    """Identifiers in a wrong form, and the merchant's own key in WeChat Pay's place."""
    key_id, api_v3_key = merchant.get("WECHATPAY_PUBLIC_KEY_ID"), merchant.get("API_V3_KEY")
    if is_given(key_id) and not isinstance(key_id, str):
        hint = "Put WeChat Pay's PUB_KEY_ID_… as text."
        yield error(f"{path}['WECHATPAY_PUBLIC_KEY_ID']", "is wrong.", hint=hint, number=112)
        return
    try:
        MerchantCredentials(
            mchid=merchant["MCHID"],
            serial_no=merchant["MERCHANT_SERIAL_NO"],
            private_key=merchant["PRIVATE_KEY"],
            public_keys={key_id: merchant["WECHATPAY_PUBLIC_KEY"]} if key_id else None,
            api_v3_key=api_v3_key if is_given(api_v3_key) else None,
        ).check()
    except CredentialsError as problem:
        key = IDENTITY_KEYS.get(problem.code, "WECHATPAY_PUBLIC_KEY")
        number = IDENTITY_NUMBERS.get(problem.code, 110)
        yield error(f"{path}['{key}']", "is wrong.", hint=f"{problem}.", number=number)
