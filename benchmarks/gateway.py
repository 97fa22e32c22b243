"""The far side: WeChat Pay as a process of its own, over HTTPS, as lean as can be.

It verifies a request, waits as long as the way there and back takes, and signs its answer. It
refuses with 429 what exceeds the documented limits: so many calls in any second, and one a second
for an order. Everything it is told by its options, everything it counts it says at GET /counts.
"""

import argparse
import asyncio
import base64
import datetime
import ipaddress
import json
import os
import re
import secrets
import signal
import ssl
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

MCHID = "1900000001"
SERIAL_NO = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
KEY_ID = f"PUB_KEY_ID_01{MCHID}{1:022d}"
SIGNED_FIELD = re.compile(rb'(\w+)="([^"]*)"')
FIRST = -15  # of this machine's processes, where that may be asked for
PKCS1, SHA256 = padding.PKCS1v15(), hashes.SHA256()


def new_key() -> rsa.RSAPrivateKey:
    """A key of the size that WeChat Pay uses."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """PKCS#8, as apiclient_key.pem is."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def server_certificate(key: rsa.RSAPrivateKey) -> bytes:
    """A certificate for 127.0.0.1 that is its own authority, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    unsigned = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return unsigned.sign(key, SHA256).public_bytes(serialization.Encoding.PEM)


class Limits:
    """WeChat Pay's: `rate` calls in any second, and one a second for an order; None: none at all."""

    def __init__(self, rate: int | None) -> None:
        self._rate = rate
        self._last_second: deque[float] = deque()
        self._orders: dict[str, float] = {}

    def refuses(self, order: str, *, now: float) -> bool:
        """Whether a call that begins now is one too many; what is refused counts as well."""
        if self._rate is None:
            return False
        while self._last_second and self._last_second[0] <= now - 1:
            self._last_second.popleft()
        self._last_second.append(now)
        before, self._orders[order] = self._orders.get(order, float("-inf")), now
        return len(self._last_second) > self._rate or now - before < 1


class WeChatPay:
    """Verifies requests, signs answers, and counts both."""

    def __init__(self, *, rate: int | None, delay: float) -> None:
        self.delay, self._rate = delay, rate
        self.merchant_key, self.own_key = new_key(), new_key()
        self._merchants_public_key = self.merchant_key.public_key()
        self.reset()

    def reset(self) -> None:
        """Begin a round of counting. Limits begin anew."""
        self._limits = Limits(self._rate)
        self.begun: list[float] = []
        self.statuses: dict[int, int] = {}

    def counts(self) -> bytes:
        """When calls that were let through came in (unix seconds), and answers by status."""
        return json.dumps({"begun": self.begun, "statuses": self.statuses}).encode()

    def answer(self, method: str, path: str, head: bytes, body: bytes) -> tuple[int, bytes]:
        """The status and the body for a call that comes in at this moment."""
        if not self._is_signed(method, path, head, body):
            status, fields = 401, {"code": "SIGN_ERROR", "message": "bad signature"}
        else:
            asked = json.loads(body)
            order, now = asked["transaction_id"], time.time()
            if self._limits.refuses(order, now=now):
                status, fields = 429, {"code": "FREQUENCY_LIMITED", "message": "too many calls"}
            else:
                self.begun.append(now)
                status, fields = 200, {**asked, "result": "SUCCESS"}
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status, json.dumps(fields, ensure_ascii=False).encode()

    def _is_signed(self, method: str, path: str, head: bytes, body: bytes) -> bool:
        said = dict(SIGNED_FIELD.findall(head))
        lines = (method.encode(), path.encode(), said[b"timestamp"], said[b"nonce_str"], body, b"")
        signature = base64.b64decode(said[b"signature"])
        self._merchants_public_key.verify(signature, b"\n".join(lines), PKCS1, SHA256)
        return bool(said[b"mchid"] == MCHID.encode())

    def signed(self, status: int, body: bytes) -> bytes:
        """The whole answer, signed now."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self.own_key.sign(message, PKCS1, SHA256)).decode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Request-ID": secrets.token_hex(16).upper(),
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": KEY_ID,
            "Wechatpay-Signature": signature,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status} .\r\n{lines}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection. Requests have a Content-Length or no body."""

    def __init__(self, wechat_pay: WeChatPay) -> None:
        self._wechat_pay, self._received = wechat_pay, b""

    def connection_made(self, transport: Any) -> None:
        """Keep what answers are written to."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if blank and len(rest) >= (size := int(length[1]) if length else 0):
            self._received = rest[size:]
            self._handle(head, rest[:size])

    def _handle(self, head: bytes, body: bytes) -> None:
        method, path, _ = head.decode("latin-1").split(" ", 2)
        match path:
            case "/counts":
                self._send(200, self._wechat_pay.counts())
            case "/reset":
                self._wechat_pay.reset()
                self._send(200, b"{}")
            case _:
                status, answer = self._wechat_pay.answer(method, path, head, body)
                loop = asyncio.get_running_loop()
                loop.call_later(self._wechat_pay.delay, self._send, status, answer)

    def _send(self, status: int, body: bytes) -> None:
        self._transport.write(self._wechat_pay.signed(status, body))


async def serve(folder: Path, wechat_pay: WeChatPay) -> None:
    """Serve until terminated; leave in the folder what a merchant needs to call us."""
    key = new_key()
    authority = folder / "server.pem"
    authority.write_bytes(private_pem(key) + server_certificate(key))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority)
    loop = asyncio.get_running_loop()
    # Session tickets as WeChat Pay sends them; a backlog for all connections of four processes at once
    server = await loop.create_server(
        lambda: Connection(wechat_pay), "127.0.0.1", 0, ssl=tls, backlog=1024
    )
    public = wechat_pay.own_key.public_key()
    merchant = {
        "MCHID": MCHID,
        "MERCHANT_SERIAL_NO": SERIAL_NO,
        "PRIVATE_KEY": private_pem(wechat_pay.merchant_key).decode(),
        "WECHATPAY_PUBLIC_KEY_ID": KEY_ID,
        "WECHATPAY_PUBLIC_KEY": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
        "BASE_URL": f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}",
    }
    draft = folder / "merchant.draft"
    draft.write_text(json.dumps(merchant))
    draft.rename(folder / "merchant.json")  # whoever waits for it finds it whole
    terminated = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    await terminated.wait()


def main() -> None:
    """The command: python -m benchmarks.gateway FOLDER"""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds there and back")
    parser.add_argument("--rate", type=int, help="calls in any second; none: without limits")
    options = parser.parse_args()
    wechat_pay = WeChatPay(rate=options.rate, delay=options.delay)
    with suppress(
        PermissionError
    ):  # WeChat Pay does not wait for the processor of those who call it
        os.nice(FIRST)
    asyncio.run(serve(options.folder, wechat_pay))


if __name__ == "__main__":
    main()
