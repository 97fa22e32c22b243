"""WeChat Pay's platform certificates, out of the answer that carries them.

Older merchants verify answers with these instead of a public key; there are two during a rotation.
A certificate is trusted because its encryption proves that whoever made it knows the merchant's
APIv3 key. Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/ and the official
SDKs (wechatpay-apiv3/wechatpay-java, wechatpay-go, wechatpay-php).
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .answers import Answer
from .bodies import object_in, required_text
from .errors import (
    DOUBT,
    CertificatesUnavailable,
    CredentialsError,
    Forbidden,
    MalformedAnswer,
    NotFound,
    SignatureRefused,
    WeChatPayError,
    one_line,
)
from .verification import comparable_serial

__all__ = ["CERTIFICATES_PATH", "Certificate", "certificates_error", "certificates_in"]

CERTIFICATES_PATH = "/v3/certificates"
ALGORITHM = "AEAD_AES_256_GCM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One platform certificate: its serial number as WeChat Pay writes it, and its RSA key.

    ``not_before`` and ``not_after`` are the certificate's own, in unix seconds.
    """

    serial_no: str
    key: RSAPublicKey = field(repr=False)
    not_before: float
    not_after: float

    def is_valid_at(self, moment: float) -> bool:
        """Whether it is valid at ``moment``, in unix seconds."""
        return self.not_before <= moment <= self.not_after


def certificates_in(answer: Answer, *, cipher: AESGCM) -> tuple[Certificate, ...]:
    """The certificates that an answer carries, expired ones among them.

    All or none: CredentialsError (``api_v3_key_mismatch``) if one was not encrypted with the APIv3
    key, MalformedAnswer if one cannot be read. Those that are encrypted in another way (WeChat Pay
    has Chinese algorithms too) are passed over. The answer's signature is not looked at here.
    """
    return tuple(
        _certificate(entry, answer=answer, cipher=cipher)
        for entry in _entries(answer)
        if _sealed(entry, answer=answer).get("algorithm") == ALGORITHM
    )


def certificates_error(error: WeChatPayError) -> CredentialsError | CertificatesUnavailable:
    """What a failed request for certificates means for the call that needed them.

    CredentialsError where a setting has to change, CertificatesUnavailable where time may help.
    Never an error about an answer: that one would be taken for an answer to the call.
    """
    if isinstance(error, CredentialsError):
        return CredentialsError(str(error), code=error.code)
    if isinstance(error, NotFound) and error.code == "RESOURCE_NOT_EXISTS":
        text = (
            "WeChat Pay has no platform certificates for this merchant: use its WeChat Pay public "
            "key instead (WECHATPAY_PUBLIC_KEY_ID, and WECHATPAY_PUBLIC_KEY: pub_key.pem), "
            "downloaded from the merchant platform"
        )
        return CredentialsError(text, code="public_key_needed")
    words = str(error).partition(DOUBT)[0].strip()
    if isinstance(error, SignatureRefused | Forbidden) and error.outcome_known:
        return CredentialsError(f"No certificates were given: {words}", code="certificates_refused")
    if isinstance(error, CertificatesUnavailable):
        return CertificatesUnavailable(words)
    return CertificatesUnavailable(
        f"WeChat Pay's certificates, which its answers are verified with, could not be had. {words}"
    )


def _entries(answer: Answer) -> Iterator[dict[str, object]]:
    data = object_in(answer).get("data")
    return _objects(data if isinstance(data, list) else [data], answer=answer)


def _objects(values: Iterable[object], *, answer: Answer) -> Iterator[dict[str, object]]:
    for value in values:
        if not isinstance(value, dict):
            text = f"The certificates' answer should hold objects, not {type(value).__name__}"
            raise MalformedAnswer(text, answer=answer)
        yield value


def _sealed(entry: dict[str, object], *, answer: Answer) -> dict[str, object]:
    return next(_objects([entry.get("encrypt_certificate")], answer=answer))


def _certificate(entry: dict[str, object], *, answer: Answer, cipher: AESGCM) -> Certificate:
    serial_no = required_text(entry, "serial_no", answer=answer)
    pem = _opened(entry, serial_no=serial_no, answer=answer, cipher=cipher)
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        text = f"What is encrypted under the serial number {serial_no} is no certificate"
        raise MalformedAnswer(text, answer=answer) from None
    if not isinstance(key, RSAPublicKey):
        raise MalformedAnswer(f"The certificate {serial_no} has no RSA key", answer=answer)
    if comparable_serial(serial_no) != f"{certificate.serial_number:X}":
        text = f"The certificate {serial_no} has the serial number {certificate.serial_number:X}"
        raise MalformedAnswer(text, answer=answer)
    return Certificate(
        serial_no=serial_no,
        key=key,
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )


def _opened(entry: dict[str, object], *, serial_no: str, answer: Answer, cipher: AESGCM) -> bytes:
    sealed = _sealed(entry, answer=answer)
    nonce = required_text(sealed, "nonce", answer=answer)
    associated = required_text(sealed, "associated_data", answer=answer)
    ciphertext = required_text(sealed, "ciphertext", answer=answer)
    try:
        data = base64.b64decode(ciphertext, validate=True)
        return cipher.decrypt(nonce.encode(), data, associated.encode())
    except InvalidTag:
        shown = one_line(serial_no, limit=64)
        raise CredentialsError(
            f"The certificate {shown} was not encrypted with this APIv3 key: set the one that the "
            "merchant platform holds for this merchant id",
            code="api_v3_key_mismatch",
        ) from None
    except (binascii.Error, ValueError):
        text = f"The certificate {serial_no} is not encrypted as it is documented to be"
        raise MalformedAnswer(text, answer=answer) from None
