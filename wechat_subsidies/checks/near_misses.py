"""Which dotted path was meant by one that leads to nothing.

Nothing is imported to find that out: a module of a similar name may be a script that does things.
"""

import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from django.apps import apps


def hint_of(dotted: Any, *, fits: Callable[[Any], bool], otherwise: str) -> str:
    """What to do about a path that leads to nothing: the one that was meant, if there is one near.

    `fits` tells what the setting could use from what else is in a module; `otherwise` says what the
    setting takes.
    """
    parts = dotted.split(".") if isinstance(dotted, str) else []
    if len(parts) < 2 or not all(map(str.isidentifier, parts)):
        return otherwise
    *named, name = parts
    modules = nearest_modules(named)
    module = ".".join(modules)
    near = nearest_name(name, module=module, fits=fits) if module else ""
    if near and [*modules, near] != parts:
        return f"Did you mean '{module}.{near}'?"
    if module and modules != named:
        return f"Did you mean the module '{module}'? {otherwise}"
    return otherwise


def nearest_modules(parts: list[str]) -> list[str]:
    """The package and its modules, each by the name that is there; empty if one has none near."""
    found: list[str] = []
    spec: ModuleSpec | None = None
    for part in parts:
        near = get_close_matches(part, names_in(spec), n=1)
        spec = first_spec([part, *near], parent=spec)
        if spec is None:
            return []
        found.append(spec.name.rpartition(".")[2])
    return found


def first_spec(names: list[str], *, parent: ModuleSpec | None) -> ModuleSpec | None:
    """The first of these modules that is there."""
    return next(filter(None, (spec_of(name, parent=parent) for name in names)), None)


def names_in(package: ModuleSpec | None) -> list[str]:
    """The modules in a package; without one those that hold the installed apps."""
    if package is None:
        return sorted({each.name.partition(".")[0] for each in apps.get_app_configs()})
    return [each.name for each in iter_modules(locations(package))]


def spec_of(name: str, *, parent: ModuleSpec | None) -> ModuleSpec | None:
    """Where a module is, without importing it; None if it is nowhere."""
    try:
        if parent is None:
            return find_spec(name)
        return PathFinder.find_spec(f"{parent.name}.{name}", locations(parent))
    except (ImportError, ValueError):  # ValueError: __main__, say
        return None


def locations(package: ModuleSpec) -> list[str]:
    """The folders of a package; none for a module."""
    return list(package.submodule_search_locations or [])


def nearest_name(name: str, *, module: str, fits: Callable[[Any], bool]) -> str:
    """What the module calls it; the name itself where the module has not been imported."""
    if module not in sys.modules:
        return name
    known = list(names_that_fit(module, fits=fits))
    return next(iter(get_close_matches(name, known, n=1)), "")


def names_that_fit(module: str, *, fits: Callable[[Any], bool]) -> Iterator[str]:
    """The names in an imported module whose values fit."""
    for name, value in list(vars(sys.modules[module]).items()):
        if fits(value):
            yield name
