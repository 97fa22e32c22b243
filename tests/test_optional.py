"""Which tests are left out where an optional package is not installed."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from . import optional

TESTS = Path(__file__).parent


@pytest.mark.parametrize(
    ("module", "packages"),
    [
        ("dispatch/test_celery.py", {"celery", "kombu"}),  # imports them
        ("api/test_fields.py", {"rest_framework"}),  # imports a part of ours
        ("example/test_seed.py", {"cheroot"}),  # imports a module that does
        ("api", {"rest_framework"}),  # has a conftest.py that does
        ("dispatch/conftest.py", set()),  # for types alone
        ("orders", set()),
        ("orders/test_keys.py", set()),
    ],
)
def test_what_is_imported_at_the_top_is_needed(
    module: str, packages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional, "MISSING", optional.PACKAGES)
    assert packages <= optional.missing_for(TESTS / module)
    assert packages or not optional.missing_for(TESTS / module)


def test_what_is_installed_is_not_missed() -> None:
    assert "pytest" not in optional.MISSING
    assert optional.is_installed("pytest")
    assert not optional.is_installed("a_package_that_nobody_has")


def test_what_puts_another_object_in_its_place_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "of_its_own", ModuleType("of_its_own"))  # without __spec__
    assert optional.is_installed("of_its_own")
