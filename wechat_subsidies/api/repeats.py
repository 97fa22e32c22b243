"""Names that a JSON object has twice: parsers take the last, and nobody knows which was meant."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from .errors import MOST_SHOWN, REPEATED, printable

Path = tuple[str, ...]

JSON: Final = "application/json"


def is_json(content_type: str) -> bool:
    """Whether a body of that type is JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == JSON or media_type.endswith("+json")


def refuse_repeated_names(body: bytes) -> None:
    """Raise ValidationError for names that an object of the body has more than once.

    What is no JSON in one of its own encodings is left to the host's parsers.
    """
    try:
        value = json.loads(body, object_pairs_hook=tuple)  # so that an object is a tuple of pairs
    except ValueError:
        return
    words = ErrorDetail(_("Given more than once in one object."), code=REPEATED)
    errors: dict[str, Any] = {}
    for path in repeated_names(value, path=()):
        errors[".".join(map(printable, path))] = [words]
        if len(errors) == MOST_SHOWN:
            break
    if errors:
        raise ValidationError(errors)


def repeated_names(value: Any, *, path: Path) -> Iterator[Path]:
    """The way to each name that an object within the value has more than once."""
    if isinstance(value, tuple):
        counted = Counter(name for name, _each in value)
        yield from ((*path, name) for name, count in counted.items() if count > 1)
        for name, each in value:
            yield from repeated_names(each, path=(*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from repeated_names(each, path=(*path, str(number)))
