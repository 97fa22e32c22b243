"""docs/checks.md: what it has silenced is an id that it tells. Its table: tests/checks/test_table.py."""

from typing import Any

from .pages import block, text_of

PAGE = "docs/checks.md"
SILENCING = block(PAGE, holding="SILENCED_SYSTEM_CHECKS")


def test_what_is_silenced_is_an_id_of_the_page() -> None:
    names: dict[str, Any] = {}
    exec(SILENCING, names)
    for each in names["SILENCED_SYSTEM_CHECKS"]:
        app, _, number = each.partition(".")
        assert app == "wechat_subsidies"
        assert f"| {number} |" in text_of(PAGE)
