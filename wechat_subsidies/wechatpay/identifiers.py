"""What WeChat Pay's identifiers look like."""

import re

from .errors import InvalidParameter

__all__ = ["MAX_LENGTH", "check_identifier", "check_text"]

MAX_LENGTH = {"sub_mchid": 32, "transaction_id": 64, "refund_id": 64, "description": 80}

_IDENTIFIER = re.compile(r"[A-Za-z0-9_\-|*@]+", re.ASCII)


def check_identifier(name: str, value: object) -> str:
    """``value``, which must be ASCII letters, digits and ``_-|*@``, and not too long for ``name``.

    Raises InvalidParameter, which names the field.
    """
    text = check_text(name, value)
    if not _IDENTIFIER.fullmatch(text):
        found = f"{name} may consist of ASCII letters, digits and _-|*@ only"
        raise InvalidParameter(found, field=name, code="invalid_characters")
    return text


def check_text(name: str, value: object) -> str:
    """``value``, which must be text, not blank, and no longer than ``MAX_LENGTH`` of ``name``."""
    if value is None or value == "" or (isinstance(value, str) and value.isspace()):
        found = f"{name} is required and may not be blank"
        raise InvalidParameter(found, field=name, code="required")
    if not isinstance(value, str):
        found = f"{name} must be text, not {type(value).__name__}"
        raise InvalidParameter(found, field=name, code="wrong_type")
    if len(value) > MAX_LENGTH[name]:
        found = f"{name} has {len(value)} characters; at most {MAX_LENGTH[name]} are allowed"
        raise InvalidParameter(found, field=name, code="too_long")
    return value
