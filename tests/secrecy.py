"""Looking for secrets wherever people, logs and crash reports could meet them."""

import base64
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.views.debug import ExceptionReporter

from wechat_subsidies.wechatpay import load_private_key

RUN = 24  # characters of a secret in a row that give it away
LONGEST = 10_000  # characters that a crash report keeps of a variable
AUTHORIZATION = re.compile(
    r"""WECHATPAY2-SHA256-RSA2048\s+mchid=|(?<![-\w])signature['"]?\s*[=:]\s*\\?b?['"][\w+/]{24}"""
)


class Secrets:
    """What nobody may be shown: a private key, an APIv3 key, and signatures of our requests.

    Has no repr of its own, so that a test may hold it where crash reports look.
    """

    def __init__(self, *, private_key: str, api_v3_key: str) -> None:
        der = load_private_key(private_key).private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
        )
        forms = (
            base64.b64encode(der).decode(),
            base64.b64encode(private_key.encode()).decode(),
            der.hex(),
            repr(der),
            api_v3_key,
            base64.b64encode(api_v3_key.encode()).decode(),
        )
        self._runs = {each for form in forms for each in pieces(form, length=RUN)}
        self._halves = {each for form in forms for each in pieces(form, length=RUN // 2)}

    def found_in(self, text: str) -> str:
        """Where a secret begins, with what is around it; nothing if there is none."""
        header = AUTHORIZATION.search(text)
        at = header.start() if header else None
        if self._may_be_in(text):
            runs = enumerate(pieces(text, length=RUN))
            at = next((start for start, each in runs if each in self._runs), at)
        return "" if at is None else f"…{text[max(0, at - 60) : at + 20]}…"

    def _may_be_in(self, text: str) -> bool:
        # A whole run covers one of the places where a half could begin. Saves 11 looks of 12.
        half = RUN // 2
        return any(text[at : at + half] in self._halves for at in range(0, len(text), half))

    def leaks(self, texts: Iterator[tuple[str, str]]) -> dict[str, str]:
        """By place: what should not be there."""
        found = {place: self.found_in(text) for place, text in texts}
        return {place: leak for place, leak in found.items() if leak}


def pieces(text: str, *, length: int) -> Iterator[str]:
    """All parts of a text that have this length."""
    return (text[at : at + length] for at in range(len(text) - length + 1))


def told_by(error: BaseException) -> Iterator[tuple[str, str]]:
    """Everything that an exception tells a log, a debug page or a crash report, by place."""
    for each in chain_of(error):
        name = type(each).__name__
        yield name, f"{each} {each!r} {each.args!r} {vars(each)!r}"
        yield from variables(each)
    yield "traceback", "".join(traceback.format_exception(error))
    yield from debug_pages(error)


def chain_of(error: BaseException) -> list[BaseException]:
    """An exception with all causes and contexts, suppressed ones too."""
    chain: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and all(each is not other for other in chain):
            chain.append(each)
            left += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return chain


def variables(error: BaseException) -> Iterator[tuple[str, str]]:
    """The variables of each frame that an exception came through, as crash reports show them."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        for name, value in frame.f_locals.items():
            place = f"{Path(code.co_filename).name}:{line} {code.co_name}() {name}"
            yield place, shown(value)


def shown(value: object) -> str:
    try:
        return repr(value)[:LONGEST]
    except Exception as error:  # noqa: BLE001 - of an object that is half made, for instance
        return f"no repr: {type(error).__name__}"


def debug_pages(error: BaseException) -> Iterator[tuple[str, str]]:
    """Django's pages about an exception, with the settings on them: for people, and for mail."""
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    yield "debug page", reporter.get_traceback_html()
    yield "debug text", reporter.get_traceback_text()


def record_logs(monkeypatch: pytest.MonkeyPatch) -> list[logging.LogRecord]:
    """From now on: what is said to any logger at all, at whatever level, is kept here."""
    records: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda logger, level: True)
    monkeypatch.setattr(logging.Logger, "handle", lambda logger, record: records.append(record))
    return records


def told_by_logs(records: list[logging.LogRecord]) -> Iterator[tuple[str, str]]:
    """Everything that log records tell: words, arguments, stack, and the exception in full."""
    for record in [*records]:
        facts = {**vars(record), "exc_info": None}
        text = f"{record.getMessage()} {facts!r} {record.stack_info}"
        yield f"log of {record.name}", text
        if record.exc_info and record.exc_info[1]:
            yield from told_by(record.exc_info[1])


def all_words(value: Any) -> str:
    """What is shown of a value in any of the usual ways."""
    return f"{value!r} {value} {[value]!r}"
