"""What is signed, and how a request says that it is signed.

Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-generation.html.
"""

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from .credentials import MerchantCredentials
from .secrecy import SecretText

__all__ = ["SIGNATURE_TYPE", "KeySigner", "Signer", "answer_message", "request_message"]

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"


def request_message(*, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The bytes of a request that are signed: five lines, each of them ended.

    ``path`` is what stands in the request line, with its query and without the host; ``timestamp``
    is in unix seconds; ``body`` is the very bytes to be sent, empty for a GET.
    """
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(*, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The bytes of an answer that are signed; an empty body leaves its line empty."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


class Signer(Protocol):
    """Whoever holds the merchant's private key: this process, or a key-management service."""

    def authorization(self, *, method: str, path: str, body: bytes) -> str:
        """The ``Authorization`` header of a request, good for this request and 5 minutes.

        What it raises should be a CredentialsError: nothing has been sent then.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySigner:
    """Signs with the private key of the merchant's credentials, RSA PKCS#1 v1.5 and SHA-256.

    ``clock`` gives unix seconds, ``make_nonce`` at most 32 characters.
    """

    credentials: MerchantCredentials
    clock: Callable[[], float] = field(default=time.time, repr=False)
    make_nonce: Callable[[], str] = field(default=lambda: secrets.token_hex(16), repr=False)

    def authorization(self, *, method: str, path: str, body: bytes) -> str:
        """The ``Authorization`` header of a request; CredentialsError if the key cannot be read."""
        timestamp, nonce = str(int(self.clock())), self.make_nonce()
        message = request_message(
            method=method, path=path, timestamp=timestamp, nonce=nonce, body=body
        )
        signature = self.credentials.signing_key().sign(message, PKCS1v15(), SHA256())
        fields = {
            "mchid": self.credentials.mchid,
            "nonce_str": nonce,
            "timestamp": timestamp,
            "serial_no": self.credentials.serial_no,
            "signature": SecretText(base64.b64encode(signature).decode()),
        }
        return SecretText(
            f"{SIGNATURE_TYPE} " + ",".join(f'{name}="{value}"' for name, value in fields.items())
        )
