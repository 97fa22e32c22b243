"""A merchant's end of the protocol, as small as can be, on http.client and cryptography alone."""

import base64
import functools
import http.client
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CANCEL = "/v3/ecommerce/subsidies/cancel"
ECHO = "/v3/security/echo"
CERTIFICATES = "/v3/certificates"


class OrderKey(TypedDict):
    sub_mchid: str
    transaction_id: str


ORDER: OrderKey = {
    "sub_mchid": "1900013401",
    "transaction_id": "4208450740201411110007820472",
}
CANCELLATION = {
    "sub_mchid": "1900013401",
    "refund_id": "3008450740201411110007820472",
    "transaction_id": "4208450740201411110007820472",
    "description": "订单退款",
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.content["code"]

    @property
    def field(self) -> str:
        return str(self.content["detail"]["field"])


class Caller:
    """Signs and sends; a connection for each call. `timeout` is in seconds."""

    def __init__(self, settings: Mapping[str, str], *, timeout: float = 10) -> None:
        self.settings = settings
        self.timeout = timeout
        self.key = private_key(settings["PRIVATE_KEY"])

    def cancel(self, **changes: Any) -> Reply:
        fields = CANCELLATION | changes
        return self.post(CANCEL, {name: value for name, value in fields.items() if value != "-"})

    def post(self, target: str, content: Any, **options: Any) -> Reply:
        body = json.dumps(content, ensure_ascii=False).encode()
        return self.send("POST", target, body, **options)

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str | None] | None = None,
        **authorization: str,
    ) -> Reply:
        sent = {**self.headers(method, target, body, **authorization), **(headers or {})}
        connection = self.connect()
        try:
            present = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, target, body, present)
            return read_reply(connection)
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.settings["BASE_URL"])
        return http.client.HTTPConnection(str(address.hostname), address.port, timeout=self.timeout)

    def headers(
        self, method: str, target: str, body: bytes, **authorization: str
    ) -> dict[str, str | None]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "tests",
            "Wechatpay-Serial": self.settings.get("WECHATPAY_PUBLIC_KEY_ID"),
            "Authorization": self.authorization(method, target, body, **authorization),
        }

    def authorization(self, method: str, target: str, body: bytes, **changes: str) -> str:
        fields = {
            "mchid": self.settings["MCHID"],
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": self.settings["MERCHANT_SERIAL_NO"],
        } | changes
        text = f"{method}\n{target}\n{fields['timestamp']}\n{fields['nonce_str']}\n"
        message = text.encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        fields = {"signature": base64.b64encode(signature).decode()} | fields
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"WECHATPAY2-SHA256-RSA2048 {listed}"

    def trusts(self, reply: Reply) -> bool:
        """Whether the signature holds under the configured key, whatever key the reply names."""
        return is_signed(reply, self.settings["WECHATPAY_PUBLIC_KEY"])


def is_signed(reply: Reply, pem: str) -> bool:
    """Whether the reply's signature holds under a public key or the key of a certificate."""
    text = f"{reply.headers['Wechatpay-Timestamp']}\n{reply.headers['Wechatpay-Nonce']}\n"
    try:
        signature = base64.b64decode(reply.headers["Wechatpay-Signature"], validate=True)
        message = text.encode() + reply.body + b"\n"
        public_key(pem).verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(pem: str) -> rsa.RSAPublicKey:
    key = (
        x509.load_pem_x509_certificate(pem.encode()).public_key()
        if "CERTIFICATE" in pem
        else serialization.load_pem_public_key(pem.encode())
    )
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def read_reply(connection: http.client.HTTPConnection) -> Reply:
    response = connection.getresponse()
    return Reply(status=response.status, headers=response.headers, body=response.read())


@functools.cache
def private_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
