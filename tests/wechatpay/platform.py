"""WeChat Pay's side of platform certificates, written without the code under test."""

import base64
import datetime
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from .servers import Connection, Request, as_json

API_V3_KEY = "an APIv3 key of exactly 32 bytes"
DAY = 86_400


def x509_of(
    key: RSAPrivateKey, *, serial: int | None = None, start: float = -DAY, end: float = DAY
) -> x509.Certificate:
    """A certificate that is valid from ``start`` to ``end``, in seconds from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(seconds=start))
        .not_valid_after(now + datetime.timedelta(seconds=end))
        .sign(key, SHA256())
    )


@dataclass(frozen=True, kw_only=True)
class PlatformKey:
    """A key of WeChat Pay's with its certificate."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def of(cls, key: RSAPrivateKey, **options: object) -> "PlatformKey":
        return cls(key=key, certificate=x509_of(key, **options))

    @property
    def serial_no(self) -> str:
        return f"{self.certificate.serial_number:040X}"

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def seal(self, body: bytes, *, serial: str = "", timestamp: float | None = None) -> dict:
        """The headers that sign a body."""
        seconds = str(int(time.time() if timestamp is None else timestamp))
        message = b"%b\n%b\n%b\n" % (seconds.encode(), b"aNonce", body)
        signature = self.key.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": seconds,
            "Wechatpay-Nonce": "aNonce",
            "Wechatpay-Serial": serial or self.serial_no,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }


def entry_of(
    platform: PlatformKey, *, api_v3_key: str = API_V3_KEY, pem: bytes = b"", **changes: object
) -> dict:
    """One certificate as WeChat Pay's answer has it; ``changes`` are to ``encrypt_certificate``."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(api_v3_key.encode()).encrypt(
        nonce.encode(), pem or platform.pem, b"certificate"
    )
    return {
        "serial_no": platform.serial_no,
        "effective_time": platform.certificate.not_valid_before_utc.isoformat(),
        "expire_time": platform.certificate.not_valid_after_utc.isoformat(),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": base64.b64encode(sealed).decode(),
            **changes,
        },
    }


def body_of(*platforms: PlatformKey, **options: object) -> bytes:
    return json.dumps({"data": [entry_of(each, **options) for each in platforms]}).encode()


@dataclass
class Gateway:
    """Answers cancellations and requests for certificates, signed with the key in use.

    ``certificates`` stands in for the usual answer to a request for certificates.
    """

    in_use: PlatformKey
    listed: list[PlatformKey]
    certificates: Callable[[Connection], None] | None = None
    serial: str = ""
    pause: float = 0  # seconds, before a cancellation is answered
    fetches: int = 0
    cancels: int = 0
    serials_asked_for: list[str | None] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: Connection, request: Request) -> None:
        self.serials_asked_for.append(request.headers.get("Wechatpay-Serial"))
        if (request.line, request.body) == ("GET /v3/certificates HTTP/1.1", b""):
            self._answer_certificates(connection)
        else:
            self._answer_cancel(connection, request)

    def rotate_to(self, platform: PlatformKey) -> None:
        """List the new one beside the one in use, and sign with it from now on."""
        with self.lock:
            self.listed = [self.in_use, platform]
            self.in_use = platform

    def _answer_certificates(self, connection: Connection) -> None:
        with self.lock:
            self.fetches += 1
            body, signer = body_of(*self.listed), self.in_use
        if self.certificates:
            self.certificates(connection)
        else:
            connection.answer(body=body, headers=signer.seal(body))

    def _answer_cancel(self, connection: Connection, request: Request) -> None:
        with self.lock:
            self.cancels += 1
            signer = self.in_use
        time.sleep(self.pause)
        body = as_json(**json.loads(request.body), result="SUCCESS")
        connection.answer(body=body, headers=signer.seal(body, serial=self.serial))


class Cache:
    """What of Django's caches is used; ``now`` is theirs to decide, timeouts are only kept."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.timeouts: dict[str, float] = {}

    def get(self, key: str, default: object = None, version: int | None = None) -> object:
        return self.values.get(key, default)

    def set(
        self, key: str, value: object, timeout: float | None = 300, version: int | None = None
    ) -> None:
        self.values[key], self.timeouts[key] = value, timeout or 0

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)
