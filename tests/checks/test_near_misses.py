"""A dotted path that leads to nothing is named with the path that was meant."""

import sys

import pytest

from . import adapters
from .conftest import Change

HERE = "tests.checks"
KIND = "Put the dotted path of a subclass of wechat_subsidies.orders.OrderAdapter."


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (f"{HERE}.adapters.Whol", f"{HERE}.adapters.Whole"),
        (f"{HERE}.adaptors.Whole", f"{HERE}.adapters.Whole"),
        (f"{HERE}.adaptors.Whol", f"{HERE}.adapters.Whole"),
        (f"{HERE.replace('checks', 'cheks')}.adapters.Whole", f"{HERE}.adapters.Whole"),
    ],
)
def test_a_misspelt_adapter_is_named_with_the_near_miss(
    problems: Change, path: str, meant: str
) -> None:
    for orders, where in ((path, "['ORDERS']"), ({"shop.Order": path}, "['ORDERS']['shop.Order']")):
        (error,) = problems(ORDERS=orders)
        assert (error.id, error.hint) == ("wechat_subsidies.E202", f"Did you mean '{meant}'?")
        assert error.msg.startswith(f"WECHAT_SUBSIDIES{where} cannot be imported")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (f"{HERE}.adapters.Completed", f"{HERE}.adapters.Complete"),
        (f"{HERE}.adaptors.Complete", f"{HERE}.adapters.Complete"),
        ("wechat_subsidies.dispatch.celry.CeleryDispatcher",) * 2,
        ("wechat_subsidy.dispatch.inline.InlineDispatcher",) * 2,
    ],
)
def test_a_misspelt_dispatcher_is_named_with_the_near_miss(
    problems: Change, path: str, meant: str
) -> None:
    (error,) = problems(DISPATCHER=path)
    meant = meant.replace("celry", "celery").replace("subsidy.", "subsidies.")
    assert (error.id, error.hint) == ("wechat_subsidies.E004", f"Did you mean '{meant}'?")


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"ORDERS": {"shop.Order": {"queryset": f"{HERE}.adapters.slicd"}}}, 206),
        ({"SCOPES": f"{HERE}.adapters.slicd"}, 5),
    ],
)
def test_a_misspelt_function_is_named_with_the_near_miss(
    problems: Change, values: dict[str, object], number: int
) -> None:
    error = problems(**values)[-1]
    assert error.id == f"wechat_subsidies.E{number:03}"
    assert error.hint == f"Did you mean '{HERE}.adapters.sliced'?"


@pytest.mark.parametrize(
    ("setting", "name", "kind"),
    [
        ("ORDERS", "OrdersAdapter", KIND),  # OrderAdapter is imported there, and nobody's own
        ("ORDERS", "sliced_", KIND),
        ("DISPATCHER", "sliced_", "Put one of 'inline', "),
    ],
)
def test_what_does_not_fit_is_not_suggested(
    problems: Change, setting: str, name: str, kind: str
) -> None:
    assert adapters.OrderAdapter
    assert adapters.sliced
    (error,) = problems(**{setting: f"{HERE}.adapters.{name}"})
    assert error.hint.startswith(kind)


def test_a_module_with_nothing_of_that_name_is_suggested_as_a_module(problems: Change) -> None:
    (error,) = problems(ORDERS="exampel_project.shop.subsidis.Xyzzy")
    assert error.hint == f"Did you mean the module 'example_project.shop.subsidies'? {KIND}"


def test_looking_for_a_near_miss_imports_nothing(problems: Change) -> None:
    (error,) = problems(ORDERS=f"{HERE}.never_importd.Adapter")
    assert error.hint == f"Did you mean '{HERE}.never_imported.Adapter'?"
    assert f"{HERE}.never_imported" not in sys.modules


@pytest.mark.parametrize("name", ["broken.Adapter", "nowhere_at_all.Adapter", "adapters.Xyzzy"])
def test_where_nothing_is_near_the_kind_is_said(problems: Change, name: str) -> None:
    (error,) = problems(ORDERS=f"{HERE}.{name}")
    assert error.hint == KIND


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NeedsAQueue", 'failed: TypeError("NeedsAQueue.__init__() missing 1 required'),
        ("CannotSayWhatIsAmiss", "failed: KeyError('broker')"),
        ("SaysItInOtherWords", "failed: AttributeError("),
    ],
)
def test_a_dispatcher_that_fails_is_named(problems: Change, name: str, words: str) -> None:
    (error,) = problems(DISPATCHER=f"{HERE}.adapters.{name}")
    assert error.id == "wechat_subsidies.E004"
    assert error.msg.startswith(
        f"WECHAT_SUBSIDIES['DISPATCHER'] is '{HERE}.adapters.{name}', which {words}"
    )
    assert error.hint == "It is made without arguments, and problem() returns a Problem or None."
