"""Importing what a setting names, whatever comes of it."""

from typing import Any

from django.utils.module_loading import import_string


class CannotImport(Exception):
    """A dotted path leads to nothing; the words say why."""


def imported(dotted: Any) -> Any:
    """What the dotted path names. Raises CannotImport, also where the module itself fails."""
    if not isinstance(dotted, str):
        raise CannotImport(f"It is no dotted path, but {type(dotted).__name__}.")
    try:
        return import_string(dotted)
    except Exception as problem:
        raise CannotImport(str(problem) or repr(problem)) from problem
