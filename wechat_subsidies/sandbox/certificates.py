"""Platform certificates: the older of the two ways to know WeChat Pay's key.

A merchant downloads them, encrypted under its APIv3 key with AES-256-GCM. Source:
pay.weixin.qq.com/docs/merchant/development/interface-rules/ (signature-verification).
"""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wechat_subsidies.sandbox import keys

ALGORITHM = "AEAD_AES_256_GCM"
_ASSOCIATED_DATA = "certificate"
_NAME = "WeChat Pay sandbox"
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCertificate:
    """A certificate of WeChat Pay's with the key that it is for."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if self.certificate.public_key() != self.private_key.public_key():
            raise ValueError("The platform certificate does not belong to the private key.")

    @property
    def serial_no(self) -> str:
        """The serial in hex, upper case."""
        return keys.serial_of(self.certificate)

    @property
    def pem(self) -> str:
        """The certificate as PEM text."""
        return keys.certificate_pem(self.certificate)

    @property
    def key(self) -> keys.PlatformKey:
        """The key to sign answers with."""
        return keys.PlatformKey(key_id=self.serial_no, private_key=self.private_key)


def new_certificate(
    *,
    private_key_pem: str | None = None,
    certificate_pem: str | None = None,
    after: PlatformCertificate | None = None,
) -> PlatformCertificate:
    """Return a certificate of the given key, self-signed unless given too; None: a new key.

    `after` is the one that it follows, so that whoever compares their dates finds it the newer.
    Raises ValueError for texts that hold something else or do not belong together.
    """
    if certificate_pem and not private_key_pem:
        raise ValueError("A platform certificate needs its private key, to sign answers with.")
    key = keys.parse_private_key(private_key_pem) if private_key_pem else keys.generate_key()
    if certificate_pem:
        certificate = keys.parse_certificate(certificate_pem)
    else:
        earlier = after.certificate if after else None
        certificate = keys.self_signed(name=_NAME, key=key, after=earlier)
    return PlatformCertificate(certificate=certificate, private_key=key)


def listing(certificates: Iterable[PlatformCertificate], *, api_v3_key: str) -> dict[str, Any]:
    """Return the answer of GET /v3/certificates for a merchant with that 32-byte key."""
    return {"data": [_listed(certificate, api_v3_key=api_v3_key) for certificate in certificates]}


def _listed(certificate: PlatformCertificate, *, api_v3_key: str) -> dict[str, Any]:
    return {
        "serial_no": certificate.serial_no,
        "effective_time": _moment(certificate.certificate.not_valid_before_utc),
        "expire_time": _moment(certificate.certificate.not_valid_after_utc),
        "encrypt_certificate": _encrypted(certificate.pem, api_v3_key=api_v3_key),
    }


def _encrypted(text: str, *, api_v3_key: str) -> dict[str, str]:
    nonce = secrets.token_hex(6)
    sealed = AESGCM(api_v3_key.encode()).encrypt(
        nonce.encode(), text.encode(), _ASSOCIATED_DATA.encode()
    )
    return {
        "algorithm": ALGORITHM,
        "nonce": nonce,
        "associated_data": _ASSOCIATED_DATA,
        "ciphertext": base64.b64encode(sealed).decode(),
    }


def _moment(when: datetime) -> str:
    # Real ones are in China's time; the offset says so.
    return when.astimezone(_CHINA).isoformat(timespec="seconds")
