"""Signatures of both directions: a merchant's request is verified, an answer is signed.

RSA PKCS#1 v1.5 with SHA-256, Base64. Source: pay.weixin.qq.com/docs/merchant/development/
interface-rules/ (signature-generation, signature-verification).
"""

import base64
import re
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from wechat_subsidies.sandbox.keys import PlatformKey
from wechat_subsidies.sandbox.messages import Answer, Request

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FIELD = re.compile(r'\s*(\w+)="([^"]*)"\s*')
_FIELDS = ("mchid", "nonce_str", "timestamp", "serial_no", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What an Authorization header says; all of it as text, none of it verified."""

    mchid: str
    nonce_str: str
    timestamp: str
    serial_no: str
    signature: str


def parse_authorization(header: str) -> Authorization:
    """Return the five fields. Raises ValueError saying what is wrong with the header."""
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME:
        raise ValueError(f"the scheme is {scheme!r} and must be {SCHEME!r}")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        match = _FIELD.fullmatch(part)
        if not match:
            raise ValueError(f'{part.strip()[:40]!r} is not of the form name="value"')
        fields[match[1]] = match[2]
    missing = [name for name in _FIELDS if not fields.get(name)]
    if missing:
        raise ValueError(f"missing or empty: {', '.join(missing)}")
    return Authorization(**{name: fields[name] for name in _FIELDS})


def request_message(request: Request, authorization: Authorization) -> bytes:
    """Return the five signed lines of a request, each ended by a line feed."""
    lines = (request.method, request.target, authorization.timestamp, authorization.nonce_str)
    return "".join(f"{line}\n" for line in lines).encode("latin-1") + request.body + b"\n"


def is_signed_by(key: rsa.RSAPublicKey, *, message: bytes, signature: str) -> bool:
    """Say whether the Base64 `signature` of `message` is the key's."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def signature_of(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """Return the raw signature of `message`."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def sign_answer(answer: Answer, *, key: PlatformKey, timestamp: int) -> Answer:
    """Return the answer with the five headers that prove it; `timestamp` is in unix seconds."""
    nonce = secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + answer.body + b"\n"
    signature = base64.b64encode(signature_of(key.private_key, message)).decode()
    return answer.with_headers(
        ("Wechatpay-Timestamp", str(timestamp)),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Serial", key.key_id),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Signature-Type", SCHEME),
    )
