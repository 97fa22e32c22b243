"""How an answer is signed: well, badly, or not at all."""

import base64
import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from wechat_subsidies.sandbox.keys import PlatformKey, new_platform_key
from wechat_subsidies.sandbox.messages import Answer
from wechat_subsidies.sandbox.signing import sign_answer

STALE_SECONDS = 600
_UNHEARD_OF_SERIAL = "5" + "0" * 38 + "1"


class Seal(Protocol):
    """Signs an answer; `key` is the one that the caller expects it to be signed with."""

    def __call__(self, answer: Answer, *, key: PlatformKey) -> Answer: ...


def signed(answer: Answer, *, key: PlatformKey) -> Answer:
    """Sign as WeChat Pay does."""
    return sign_answer(answer, key=key, timestamp=int(time.time()))


def unsigned(answer: Answer, *, key: PlatformKey) -> Answer:
    """Leave all Wechatpay headers out."""
    return answer


def stale(answer: Answer, *, key: PlatformKey) -> Answer:
    """Sign correctly, with a time of ten minutes ago."""
    return sign_answer(answer, key=key, timestamp=int(time.time()) - STALE_SECONDS)


def foreign_key(answer: Answer, *, key: PlatformKey) -> Answer:
    """Sign correctly, with a key that nobody was told of."""
    return signed(answer, key=_unheard_of(looks_like=key.key_id))


def bad_signature(answer: Answer, *, key: PlatformKey) -> Answer:
    """Sign, and get one bit wrong."""
    return _with_signature(signed(answer, key=key), _with_a_flipped_bit)


def probe(answer: Answer, *, key: PlatformKey) -> Answer:
    """Mark the signature as a probe, which a client has to refuse like any bad one."""
    return _with_signature(signed(answer, key=key), "WECHATPAY/SIGNTEST/{}".format)


def _with_signature(answer: Answer, change: Callable[[str], str]) -> Answer:
    headers = [
        (name, change(value) if name == "Wechatpay-Signature" else value)
        for name, value in answer.headers
    ]
    return replace(answer, headers=tuple(headers))


def _with_a_flipped_bit(signature: str) -> str:
    raw = bytearray(base64.b64decode(signature))
    raw[-1] ^= 1
    return base64.b64encode(raw).decode()


def _unheard_of(*, looks_like: str) -> PlatformKey:
    key = _spare_key()
    # In certificate mode a serial: a client takes it for one of a rotation that it has missed.
    foreign_id = key.key_id if looks_like.startswith("PUB_KEY_ID_") else _UNHEARD_OF_SERIAL
    return PlatformKey(key_id=foreign_id, private_key=key.private_key)


@functools.cache
def _spare_key() -> PlatformKey:
    return new_platform_key("0000000000")
