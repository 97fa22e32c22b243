"""How the checks speak."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from django.core import checks
from django.core.checks import Error

from ..conf import SETTING

# How alike two keys are. The most alike are looked for first, in all places.
SAME, NEARER, NEAR = 1.0, 0.8, 0.6
NOWHERE: Final[Mapping[str, Collection[str]]] = MappingProxyType({})


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


def unknown_keys(
    path: str,
    found: Collection[str],
    known: Collection[str],
    *,
    elsewhere: Mapping[str, Collection[str]] = NOWHERE,
) -> Iterator[Error]:
    """An error for each key that is not known, with the near miss if there is one.

    `elsewhere`: what is known in other places, by their paths.
    """
    for key in found:
        if key not in known:
            hint = hint_for(str(key), known, elsewhere=elsewhere)
            yield error(path, f"has the unknown key '{key}'.", hint=hint, number=2)


def hint_for(key: str, known: Collection[str], *, elsewhere: Mapping[str, Collection[str]]) -> str:
    """What was meant: a key that is spelt like it, whatever the case, here or in another place."""
    places = {"": known, **elsewhere}
    for cutoff in (SAME, NEARER, NEAR):
        for place, names in places.items():
            spelt = {name.upper(): name for name in names}
            near = get_close_matches(key.upper(), spelt, n=1, cutoff=cutoff)
            if near:
                where = f" in {SETTING}{place}" if place else ""
                return f"Did you mean '{spelt[near[0]]}'{where}?"
    return f"Known are: {', '.join(known)}."
