"""docs/checks.md: what it has silenced is an id that it tells, and its translation tells the same ids.

Its tables and the code: tests/checks/test_table.py.
"""

from typing import Any

from .pages import block, tables_of, text_of

PAGE = "docs/checks.md"
TRANSLATION = "docs/zh-hans/checks.md"
LEVELS = {"error": "错误", "warning": "警告", "warning, deploy": "警告，部署"}
SILENCING = block(PAGE, holding="SILENCED_SYSTEM_CHECKS")


def checks_of(page: str) -> list[list[tuple[str, str]]]:
    """Id and level of each row, table by table."""
    cells = [[row.strip("| ").split(" | ") for row in table[2:]] for table in tables_of(page)]
    return [[(row[0], row[1]) for row in table] for table in cells]


def test_the_translation_tells_the_same_ids_at_the_same_levels() -> None:
    originals = checks_of(PAGE)
    assert checks_of(TRANSLATION) == [
        [(each, LEVELS[level]) for each, level in table] for table in originals
    ]


def test_what_is_silenced_is_an_id_of_the_page() -> None:
    names: dict[str, Any] = {}
    exec(SILENCING, names)
    for each in names["SILENCED_SYSTEM_CHECKS"]:
        app, _, number = each.partition(".")
        assert app == "wechat_subsidies"
        assert f"| {number} |" in text_of(PAGE)
