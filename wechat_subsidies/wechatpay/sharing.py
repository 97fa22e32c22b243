"""Sharing the certificates' answer between processes, through a store that need not be trusted.

What is stored is what WeChat Pay sent: encrypted and signed, so that whoever reads it proves it
again. A store that loses it, changes it or is down costs a request, and nothing else.
"""

import json
import logging
from typing import Any, Protocol

from requests.structures import CaseInsensitiveDict

from .answers import Answer
from .bodies import parse_object

__all__ = ["CertificateStore", "SharedAnswer"]

logger = logging.getLogger(__name__)


class CertificateStore(Protocol):
    """What certificates are shared through; Django's caches are such stores."""

    def get(self, key: str) -> Any:
        """What is stored under ``key``; None if nothing is."""

    def set(self, key: str, value: str, timeout: int) -> Any:
        """Store ``value`` under ``key`` for ``timeout`` seconds."""


class SharedAnswer:
    """The place of one merchant's latest certificates in a store, or in none."""

    def __init__(self, store: CertificateStore | None, *, name: str) -> None:
        self._store = store
        self._name = name

    def read(self) -> Answer | None:
        """The answer, unproven; None if there is none that can be read. Raises nothing."""
        if self._store is None:
            return None
        try:
            return _answer(self._store.get(self._name))
        except Exception as error:  # noqa: BLE001 - a cache may raise anything
            _warn("read from", error)
            return None

    def write(self, answer: Answer, *, seconds: float) -> None:
        """Keep the answer for that long. Raises nothing."""
        if self._store is None:
            return
        try:
            self._store.set(self._name, _text(answer), timeout=int(seconds))
        except Exception as error:  # noqa: BLE001 - a cache may raise anything
            _warn("written to", error)


def _text(answer: Answer) -> str:
    return json.dumps({"headers": answer.wechatpay_headers(), "body": answer.body.decode()})


def _answer(stored: Any) -> Answer | None:
    if stored is None:
        return None
    fields: Any = parse_object(stored if isinstance(stored, bytes) else stored.encode())
    return Answer(
        http_status=200,
        headers=CaseInsensitiveDict({str(k): str(v) for k, v in fields["headers"].items()}),
        body=fields["body"].encode(),
        host="the certificate store",
        elapsed=0.0,
    )


def _warn(what: str, error: Exception) -> None:
    # Not its words: they may hold the address of the store, with a password.
    text = "WeChat Pay's certificates cannot be %s the certificate store: %s"
    logger.warning(text, what, type(error).__name__)
