"""A full answer, byte by byte as a gateway sends it, and what its cancellation must show then."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import Outcome

from ..wechatpay.platform import PlatformKey
from ..wechatpay.samples import PUB_KEY_ID

IDS = {"sub_mchid": "1900013401", "transaction_id": "4200002211202611230001"}
REQUEST_ID = "08F78BB7AF0610D302189F9DD41420A0950528D6BD0A-268435462"

Header = tuple[str, str]
Sign = Callable[[PlatformKey, bytes], list[Header]]

JSON: tuple[Header, ...] = (
    ("Server", "nginx"),
    ("Date", "Mon, 23 Nov 2026 03:04:05 GMT"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Cache-Control", "no-cache, must-revalidate"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Language", "zh-CN"),
    ("Request-ID", REQUEST_ID),
)
GBK = tuple((name, value.replace("utf-8", "gbk")) for name, value in JSON)
# What stands between us and WeChat Pay knows no Request-ID.
PROXY: tuple[Header, ...] = (("Server", "nginx"), ("Content-Type", "text/html"))

# (status, in_doubt, proof) of a row whose first call had that outcome.
STATES = {
    Outcome.SUCCEEDED: ("succeeded", False, "wechat"),
    Outcome.REFUSED: ("failed", False, ""),
    Outcome.NOT_ACCEPTED: ("pending", False, ""),
    Outcome.CONFIGURATION: ("pending", False, ""),
    Outcome.NOT_SENT: ("pending", False, ""),
    Outcome.UNKNOWN: ("pending", True, ""),
}


def signed(platform: PlatformKey, body: bytes) -> list[Header]:
    return list(platform.seal(body, serial=PUB_KEY_ID).items())


def unsigned(platform: PlatformKey, body: bytes) -> list[Header]:
    return []


def signed_over_other_bytes(platform: PlatformKey, body: bytes) -> list[Header]:
    return signed(platform, body + b" ")


def signed_ten_minutes_ago(platform: PlatformKey, body: bytes) -> list[Header]:
    seal = platform.seal(body, serial=PUB_KEY_ID, timestamp=time.time() - 600)
    return list(seal.items())


def signed_by_an_unknown_key(platform: PlatformKey, body: bytes) -> list[Header]:
    return list(platform.seal(body, serial="PUB_KEY_ID_0000000000000000").items())


def signed_twice(platform: PlatformKey, body: bytes) -> list[Header]:
    return [*signed(platform, body), ("Wechatpay-Signature", "Zm9yZ2Vk")]


def signed_without_a_nonce(platform: PlatformKey, body: bytes) -> list[Header]:
    return [header for header in signed(platform, body) if header[0] != "Wechatpay-Nonce"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One answer, and what it has to come to.

    `framing` takes the place of Content-Length, `wire` that of the body where it does not travel
    as it is, `before` goes ahead of it all, and `ends` says that the connection ends with it.
    `because` is in the words of what went wrong; `is_whole` is False where no answer is kept,
    since none came back in full.
    """

    name: str
    line: str
    body: bytes
    outcome: Outcome
    reason: str
    headers: tuple[Header, ...] = JSON
    sign: Sign = signed
    framing: str | None = None
    wire: bytes | None = None
    before: bytes = b""
    ends: bool = False
    result: str = ""
    code: str = ""
    message: str = ""
    detail: str = ""
    because: str = ""
    request_id: str | None = None
    is_proven: bool | None = None
    is_whole: bool = True
    kept: bytes | None = None

    @property
    def http_status(self) -> int:
        return int(self.line.split()[0])

    def raw(self, platform: PlatformKey) -> bytes:
        """The bytes on the wire; a signature is of this very second."""
        framing = f"Content-Length: {len(self.body)}" if self.framing is None else self.framing
        fields = [*self.headers, *self.sign(platform, self.body)]
        lines = [f"HTTP/1.1 {self.line}", *(f"{name}: {value}" for name, value in fields)]
        head = "\r\n".join([*lines, *filter(None, [framing]), "", ""])
        return self.before + head.encode() + (self.body if self.wire is None else self.wire)

    def expected(self, platform: PlatformKey) -> dict[str, Any]:
        """What `shown` has to say afterwards."""
        is_kept = self.is_whole and 200 <= self.http_status <= 299
        is_proven = self.sign is signed if self.is_proven is None else self.is_proven
        request_id = dict(self.headers).get("Request-ID", "")
        if self.request_id is not None:
            request_id = self.request_id
        names = {name for name, _ in (*self.headers, *self.sign(platform, b""))}
        return {
            "row": (*STATES[self.outcome], self.reason),
            "attempt": (self.outcome, self.reason),
            "http_status": self.http_status if self.is_whole else None,
            "result": self.result,
            "said": (self.code, self.message),
            "detail": self.detail,
            "request_id": request_id if self.is_whole else "",
            "answer": (self.kept or self.body) if is_kept else None,
            "answer_headers": {name for name in names if is_kept and name.startswith("Wechatpay-")},
            "key_id": PUB_KEY_ID if self.is_whole and is_proven else "",
        }


def shown(cancellation: SubsidyCancellation) -> dict[str, Any]:
    """What a person sees of a cancellation that was called for once."""
    row, attempt = cancellation, cancellation.attempts.get()
    said = (row.error_code, row.error_message)
    assert (*said, row.request_id) == (
        attempt.error_code,
        attempt.error_message,
        attempt.request_id,
    )
    return {
        "row": (row.status, row.in_doubt, row.proof, row.reason),
        "attempt": (attempt.outcome, attempt.reason),
        "http_status": attempt.http_status,
        "result": row.result,
        "said": said,
        "detail": attempt.error_detail,
        "request_id": row.request_id,
        "answer": answer_of(attempt),
        "answer_headers": set(attempt.answer_headers),
        "key_id": attempt.key_id,
    }


def answer_of(attempt: CancellationAttempt) -> bytes | None:
    return None if attempt.answer_body is None else bytes(attempt.answer_body)
