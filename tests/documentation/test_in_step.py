"""The Chinese pages say the same as the English ones: as many words about the same things."""

import io
import re
import tokenize

import pytest

from .pages import (
    PAGES,
    TRANSLATIONS,
    Block,
    all_blocks,
    headings_of,
    prose_of,
    tables_of,
    text_of,
)

PAIRS = sorted(TRANSLATIONS.items())
CODE = re.compile(r"`([^`]+)`")
SHELL_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)
SLASHED_COMMENT = re.compile(r"\s+// .*$", re.MULTILINE)
ARROW = "▶"
NAME = re.compile(r"[A-Z_]{4,}|\d+|[a-z]+/")

pytestmark = pytest.mark.parametrize(("translation", "original"), PAIRS)


def without_words(block: Block) -> str:
    """What a block does, or what a diagram names: comments and labels are translated."""
    if not block.language and ARROW in block.text:
        return " ".join(sorted(NAME.findall(block.text)))
    if block.language in {"go", "java"}:
        return SLASHED_COMMENT.sub("", block.text)
    if block.language != "python":
        return SHELL_COMMENT.sub("", block.text)
    tokens = tokenize.generate_tokens(io.StringIO(block.text).readline)
    lines = block.text.splitlines()
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines)


def columns(table: list[str]) -> set[int]:
    return {row.count(" | ") for row in table if not row.startswith("|-")}


def test_there_is_the_page_that_it_translates(translation: str, original: str) -> None:
    assert {translation, original} <= set(PAGES)


def test_it_has_the_same_headings_in_the_same_order(translation: str, original: str) -> None:
    levels = [[level for level, _ in headings_of(page)] for page in (translation, original)]
    assert levels[0] == levels[1]


def test_it_has_the_same_code_but_for_comments_and_labels(translation: str, original: str) -> None:
    pair = zip(all_blocks(translation), all_blocks(original), strict=True)
    for its, originals in pair:
        assert its.language == originals.language
        assert without_words(its) == without_words(originals)


def test_it_has_the_same_tables(translation: str, original: str) -> None:
    shapes = [
        [(len(table), columns(table)) for table in tables_of(page)]
        for page in (translation, original)
    ]
    assert shapes[0] == shapes[1]


def test_it_names_the_same_settings_commands_and_codes(translation: str, original: str) -> None:
    names = [set(CODE.findall(prose_of(page))) for page in (translation, original)]
    assert names[0] == names[1]


def test_it_leads_to_the_original_and_back(translation: str, original: str) -> None:
    assert original.rpartition("/")[2] in text_of(translation)
    assert translation.removeprefix("docs/") in text_of(original)
