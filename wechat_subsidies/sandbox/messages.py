"""What comes in and what goes out: a request, an answer, and a refusal as an exception."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrived. `target` is path and query exactly as sent: they are signed so.

    Names in `headers` are capitalised like "User-Agent"; `received_at` is in unix seconds.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    received_at: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the last one winning."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def header(self, name: str) -> str:
        """Return the header's value, or "" where it is missing."""
        return self.headers.get(name.title(), "").strip()

    def named(self, field: str) -> str | None:
        """Return the text that the body gives for `field`, None where there is none to be read."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        value = content.get(field) if isinstance(content, dict) else None
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer. `code` is the error's; `carried_out` says that a subsidy was cancelled for it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    carried_out: bool = False

    def with_headers(self, *headers: tuple[str, str]) -> "Answer":
        """Return the same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))


class RefusalError(Exception):
    """A request is answered with an error; `answer` is that error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def to_json(content: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8 JSON with Chinese left as it is; half a character becomes "?"."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def json_answer(status: int, content: Mapping[str, Any]) -> Answer:
    """Return an answer with a JSON body."""
    # WeChat Pay names the charset: who compares with "application/json" alone fails there too.
    kind = ("Content-Type", "application/json; charset=utf-8")
    return Answer(status=status, body=to_json(content), headers=(kind,))


def error(
    status: int, code: str, message: str, *, detail: Mapping[str, Any] | None = None
) -> Answer:
    """Return an error answer: `code`, `message` and, where there is more to say, `detail`."""
    content: dict[str, Any] = {"code": code, "message": message}
    if detail:
        content["detail"] = detail
    return replace(json_answer(status, content), code=code)
