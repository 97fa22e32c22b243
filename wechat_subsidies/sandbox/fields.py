"""Bodies: well-formed JSON, and the fields that an API documents, neither more nor less.

Whether the gateway counts a length in characters or in bytes is documented nowhere; here it is
characters. Characters beyond U+FFFF are refused, as documented in pay.weixin.qq.com/docs/merchant/
development/interface-rules/ (basic-rules).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from wechat_subsidies.sandbox.messages import RefusalError, error


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text field of a body; `length` is its greatest number of characters."""

    name: str
    length: int
    required: bool = True


def read_fields(body: bytes, fields: Sequence[Field]) -> dict[str, str]:
    """Return the fields that were sent. Raises RefusalError (PARAM_ERROR) for a bad one."""
    content = _json_object(body)
    known = {field.name for field in fields}
    for name, value in content.items():
        if name not in known:
            raise _bad_field(name, value=value, issue="is not a field of this API")
    for field in fields:
        if field.name in content:
            _check_value(field, content[field.name])
        elif field.required:
            raise _bad_field(field.name, issue="is required")
    return content


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise _bad_body(f"The body is not well-formed JSON in UTF-8: {problem}") from problem
    if not isinstance(content, dict):
        raise _bad_body("The body is JSON, but not an object.")
    return content


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON's")


def _check_value(field: Field, value: Any) -> None:
    if not isinstance(value, str):
        kind = "null; leave the key out instead" if value is None else type(value).__name__
        raise _bad_field(field.name, value=value, issue=f"must be a string and is {kind}")
    if not value:
        raise _bad_field(field.name, value=value, issue="is empty")
    if len(value) > field.length:
        issue = f"has {len(value)} characters; at most {field.length} are allowed"
        raise _bad_field(field.name, value=value, issue=issue)
    if any(ord(char) > 0xFFFF or 0xD800 <= ord(char) <= 0xDFFF for char in value):
        # The value is not repeated: a lone surrogate cannot be written as UTF-8.
        raise _bad_field(field.name, issue="holds a character beyond U+FFFF or half of one")


def _bad_field(name: str, *, issue: str, value: Any = None) -> RefusalError:
    detail = {"field": f"/{name}", "issue": issue, "location": "body"}
    if value is not None:
        detail["value"] = value
    return RefusalError(error(400, "PARAM_ERROR", f"{name} {issue}.", detail=detail))


def _bad_body(message: str) -> RefusalError:
    detail = {"field": "/", "issue": "not a JSON object", "location": "body"}
    return RefusalError(error(400, "PARAM_ERROR", message, detail=detail))
