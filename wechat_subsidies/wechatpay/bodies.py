"""Reading JSON that somebody else wrote, within bounds."""

import json
import re

from .answers import Answer
from .errors import APIError, MalformedAnswer, api_error_class

__all__ = ["api_error", "object_in", "optional_text", "parse_object", "required_text"]

MAX_DEPTH = 32  # levels of nesting; real answers have 3
# Strings of JSON, one that nobody has ended too: whatever the text, it is gone through once.
STRINGS = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)
BRACKETS = re.compile(r"[\[\]{}]")


def parse_object(body: bytes) -> dict[str, object]:
    """The JSON object in ``body``, which must be UTF-8; ValueError if there is none.

    More than ``MAX_DEPTH`` levels are a ValueError too: what the parser still manages may be too
    deep for whoever writes or shows it later. They are counted first, for the parser would go down
    to the interpreter's limit, where whatever else has to run fails as well. Of a key given twice
    the last wins. Numbers with a fraction, NaN and Infinity become text, so that an answer can be
    written as JSON again.
    """
    text = body.decode()
    # Each level opens a bracket: to count where there are few is work for nothing.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    value = json.loads(text, parse_constant=str, parse_float=str)
    if isinstance(value, dict):
        return value
    raise ValueError(f"it is of type {type(value).__name__}")


def object_in(answer: Answer) -> dict[str, object]:
    """The answer's JSON object; MalformedAnswer if there is none."""
    try:
        return parse_object(answer.body)
    except ValueError as error:
        text = f"The answer is no JSON object that can be read: {error}"
        raise MalformedAnswer(text, answer=answer) from error


def required_text(fields: dict[str, object], name: str, *, answer: Answer) -> str:
    """The text under ``name``; MalformedAnswer if it is absent or no text."""
    value = fields.get(name)
    if not isinstance(value, str):
        text = f"The answer's {name} should be text, and is {_kind(value)}"
        raise MalformedAnswer(text, answer=answer)
    return value


def optional_text(fields: dict[str, object], name: str, *, answer: Answer) -> str | None:
    """The text under ``name``, None if it is absent; MalformedAnswer if it is something else."""
    return None if fields.get(name) is None else required_text(fields, name, answer=answer)


def api_error(answer: Answer) -> APIError:
    """The error that an answer with a status other than 200 stands for; never fails.

    Bodies deviate from the documentation: fields are missing, ``detail`` is partial or nested, a
    proxy answers in HTML. What is not of the documented type is taken for absent.
    """
    try:
        fields = parse_object(answer.body)
    except ValueError:
        fields = {}
    return api_error_class(answer.http_status)(
        answer=answer,
        code=_text(fields.get("code")),
        message=_text(fields.get("message")),
        detail=fields.get("detail"),
    )


def _depth(text: str) -> int:
    """How many levels the brackets outside strings open at the most."""
    deepest = level = 0
    for bracket in BRACKETS.findall(STRINGS.sub("", text)):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _kind(value: object) -> str:
    return "absent" if value is None else type(value).__name__
