"""Tests that need an optional package are left out where it is not installed, by one rule.

A test module is left out if an import at the top of it, or of a module of the tests that it imports
there, needs a package that is missing. What this package itself imports does not count, apart from
the parts named below: needing a package anywhere else is a mistake, and fails.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import django

ROOT: Final = Path(__file__).resolve().parent.parent

# What belongs to the tests, and is followed.
OF_TESTS: Final = ("benchmarks.", "example_project.", "tests.", "torture.")
# Packages that tests import, and that are not installed everywhere.
PACKAGES: Final = {
    "celery",
    "cheroot",
    "django_tasks",
    "drf_spectacular",
    "hypothesis",
    "kombu",
    "prometheus_client",
    "redis",
    "rest_framework",
}
# Parts of ours that stand on one of them.
PARTS: Final = {
    "wechat_subsidies.api": "rest_framework",
    "wechat_subsidies.dispatch.celery": "celery",
    "wechat_subsidies.sandbox": "cheroot",
}
if django.VERSION < (6, 0):  # which has Django Tasks
    PARTS["wechat_subsidies.dispatch.django_tasks"] = "django_tasks"


def is_installed(package: str) -> bool:
    """Whether the package can be imported here."""
    # find_spec() fails for kombu once it is imported: it puts another object in its place.
    return sys.modules.get(package) is not None or find_spec(package) is not None


MISSING: Final = {package for package in PACKAGES if not is_installed(package)}


def missing_for(path: Path) -> set[str]:
    """The missing packages for want of which this test module, or the folder's conftest.py, is left out."""
    if not MISSING:
        return set()
    file = path / "conftest.py" if path.is_dir() else path
    return set(_needed(file)) & MISSING if file.suffix == ".py" and file.is_file() else set()


@cache
def _needed(file: Path) -> frozenset[str]:
    """The optional packages that importing a module of the tests imports."""
    found: set[str] = set()
    for name in _imported(file):
        found |= {name.partition(".")[0]} & PACKAGES
        found |= {package for part, package in PARTS.items() if f"{name}.".startswith(f"{part}.")}
        helper = ROOT / f"{name.replace('.', '/')}.py"
        if name.startswith(OF_TESTS) and helper.is_file() and helper != file:
            found |= _needed(helper)
    return frozenset(found)


def _imported(file: Path) -> Iterator[str]:
    """The absolute names of what a module imports at its top, those for types alone apart."""
    package = file.relative_to(ROOT).parts[:-1]
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import):
            yield from (each.name for each in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            above = package[: len(package) - statement.level + 1] if statement.level else ()
            module = ".".join([*above, *([statement.module] if statement.module else [])])
            yield module
            yield from (f"{module}.{each.name}" for each in statement.names)
