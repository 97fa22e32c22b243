"""How the checks speak."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from django.core import checks
from django.core.checks import Error

from ..conf import SETTING


def error(path: str, problem: str, *, hint: str, number: int) -> Error:
    """A mistake at `WECHAT_SUBSIDIES<path>`, such as `['MERCHANTS']['default']`."""
    return Error(f"{SETTING}{path} {problem}", hint=hint, id=f"wechat_subsidies.E{number:03}")


def warning(path: str, problem: str, *, hint: str, number: int) -> checks.Warning:
    """What works at `WECHAT_SUBSIDIES<path>`, and less well than the host may think."""
    return checks.Warning(
        f"{SETTING}{path} {problem}", hint=hint, id=f"wechat_subsidies.W{number:03}"
    )


def is_given(value: object) -> bool:
    """Whether a setting was given at all; None and empty text are what an unset variable leaves."""
    return value is not None and not (isinstance(value, str | bytes) and not value)


def unknown_keys(path: str, found: Collection[str], known: Collection[str]) -> Iterator[Error]:
    """An error for each key that is not known, with the near miss if there is one."""
    for key in found:
        if key in known:
            continue
        near = get_close_matches(str(key), known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
        yield error(path, f"has the unknown key '{key}'.", hint=hint, number=2)
