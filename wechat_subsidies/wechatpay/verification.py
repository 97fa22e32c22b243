"""Whether an answer is WeChat Pay's.

Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html.
"""

import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from .answers import Answer
from .errors import UnverifiedAnswer
from .signing import SIGNATURE_TYPE, answer_message

__all__ = ["MAX_CLOCK_SKEW", "Verifier", "comparable_serial", "is_certificate_serial"]

MAX_CLOCK_SKEW = 300  # seconds; an answer this far away or farther is refused

_REQUIRED = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
)
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_NONCE = re.compile(r"[!-~]+", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII)


def comparable_serial(serial: str) -> str:
    """A key's id so that two spellings of one certificate serial number are equal.

    ``PUB_KEY_ID_...`` is no number, although it looks like one at its end: it stays as it is.
    """
    return (serial.upper().lstrip("0") or "0") if is_certificate_serial(serial) else serial


def is_certificate_serial(key_id: str) -> bool:
    """Whether it may be a certificate's serial number; a public key's id is none."""
    return _HEX.fullmatch(key_id) is not None


class Verifier:
    """Proves answers with keys that are known by id.

    ``keys`` maps the ids of public keys and the serial numbers of certificates to WeChat Pay's
    keys; which one is used is the answer's choice. ``clock`` gives unix seconds.
    """

    def __init__(
        self, keys: Mapping[str, RSAPublicKey], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = {comparable_serial(key_id): (key_id, key) for key_id, key in keys.items()}
        self._clock = clock

    def verify(self, answer: Answer) -> Answer:
        """The answer with the ``key_id`` that proved it; UnverifiedAnswer with a ``reason``.

        A 2xx has to be signed. Any other status may be unsigned, and comes back as it was then;
        where it carries a signature, that has to hold.
        """
        if not answer.is_2xx and "Wechatpay-Signature" not in answer.headers:
            return answer
        self._check_headers(answer)
        self._check_clock(answer)
        key_id, key = self._key_for(answer)
        if not _holds(answer, key):
            text = f"The answer's signature does not hold under WeChat Pay's key {key_id}"
            raise UnverifiedAnswer(text, answer=answer, reason="bad_signature")
        return replace(answer, key_id=key_id)

    def _check_headers(self, answer: Answer) -> None:
        missing = [name for name in _REQUIRED if not answer.headers.get(name)]
        if missing:
            text = f"The answer is not signed: it lacks {', '.join(missing)}"
            raise UnverifiedAnswer(text, answer=answer, reason="unsigned")
        signature_type = answer.headers.get("Wechatpay-Signature-Type", SIGNATURE_TYPE)
        if signature_type != SIGNATURE_TYPE:
            text = f"The answer is signed by {signature_type}, and only {SIGNATURE_TYPE} is known"
            raise UnverifiedAnswer(text, answer=answer, reason="signature_type")

    def _check_clock(self, answer: Answer) -> None:
        timestamp = answer.headers["Wechatpay-Timestamp"]
        if not TIMESTAMP.fullmatch(timestamp):
            text = f"The answer's timestamp is no number of seconds: {timestamp}"
            raise UnverifiedAnswer(text, answer=answer, reason="stale")
        ahead = int(timestamp) - self._clock()
        if abs(ahead) >= MAX_CLOCK_SKEW:
            text = (
                f"The answer was signed {abs(ahead):.0f} s {'after' if ahead > 0 else 'before'} "
                f"the time of this machine, and {MAX_CLOCK_SKEW} s are too many; check the clock"
            )
            raise UnverifiedAnswer(text, answer=answer, reason="stale")

    def _key_for(self, answer: Answer) -> tuple[str, RSAPublicKey]:
        serial = answer.headers["Wechatpay-Serial"]
        try:
            return self._keys[comparable_serial(serial)]
        except KeyError:
            known = ", ".join(key_id for key_id, _ in self._keys.values()) or "none"
            text = f"The answer is signed with the key {serial}; known are {known}"
            raise UnverifiedAnswer(text, answer=answer, reason="unknown_serial") from None


def _holds(answer: Answer, key: RSAPublicKey) -> bool:
    nonce = answer.headers["Wechatpay-Nonce"]
    signature = _decoded(answer.headers["Wechatpay-Signature"])
    # A line break in the nonce would let part of the body be read as part of the nonce.
    if not _NONCE.fullmatch(nonce):
        return False
    message = answer_message(
        timestamp=answer.headers["Wechatpay-Timestamp"], nonce=nonce, body=answer.body
    )
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(signature: str) -> bytes:
    """The signature's bytes; none, which never hold, if it is not the Base64 of any.

    Encoding them again must give the same text: decoding skips what is no Base64, and the last
    character has unused bits.
    """
    try:
        decoded = base64.b64decode(signature)
    except (binascii.Error, ValueError):
        return b""
    return decoded if base64.b64encode(decoded).decode() == signature else b""
