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
    anchors_of,
    headings_of,
    links_of,
    prose_of,
    tables_of,
)

ALL = sorted(TRANSLATIONS.items())
PAIRS = [pair for pair in ALL if {*pair} <= {*PAGES}]  # a page without its twin fails once
CODE = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"\d{3,}")  # such as a status; smaller ones may be words in one of them
MARK = re.compile(r"\*\*\[(\w+)\]\*\*")
SHELL_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)
SLASHED_COMMENT = re.compile(r"\s+// .*$", re.MULTILINE)
ARROW = "▶"
NAME = re.compile(r"[A-Z_]{4,}|\d+|[a-z]+/")

in_step = pytest.mark.parametrize(("translation", "original"), PAIRS)


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


def facts_of(row: str) -> list[set[str]]:
    """What each cell of a row names: code, statuses and other numbers."""
    return [{*CODE.findall(cell), *NUMBER.findall(cell)} for cell in row.split(" | ")]


def where(target: str, anchor: str) -> tuple[str, int | None]:
    """Where a link leads, the same in both languages: the original page, and which of its headings."""
    heading = anchors_of(target).index(anchor) if anchor else None
    original = TRANSLATIONS.get(target, target)
    return original.replace(".zh-hans.png", ".en.png"), heading


@pytest.mark.parametrize(("translation", "original"), ALL)
def test_every_page_is_there_in_both_languages(translation: str, original: str) -> None:
    assert {translation, original} <= set(PAGES)


@in_step
def test_it_has_the_same_headings_in_the_same_order(translation: str, original: str) -> None:
    levels = [[level for level, _ in headings_of(page)] for page in (translation, original)]
    assert levels[0] == levels[1]


@in_step
def test_it_has_the_same_code_but_for_comments_and_labels(translation: str, original: str) -> None:
    pair = zip(all_blocks(translation), all_blocks(original), strict=True)
    for its, originals in pair:
        assert its.language == originals.language
        assert without_words(its) == without_words(originals)


@in_step
def test_it_has_the_same_tables(translation: str, original: str) -> None:
    shapes = [
        [(len(table), columns(table)) for table in tables_of(page)]
        for page in (translation, original)
    ]
    assert shapes[0] == shapes[1]


@in_step
def test_the_rows_of_its_tables_name_the_same_cell_by_cell(translation: str, original: str) -> None:
    facts = [
        [facts_of(row) for table in tables_of(page) for row in table]
        for page in (translation, original)
    ]
    assert facts[0] == facts[1]


@in_step
def test_it_names_the_same_settings_commands_codes_and_numbers(
    translation: str, original: str
) -> None:
    names = [
        {*CODE.findall(text), *NUMBER.findall(text)}
        for text in map(prose_of, (translation, original))
    ]
    assert names[0] == names[1]


@in_step
def test_it_marks_as_much_as_documented_seen_or_open(translation: str, original: str) -> None:
    marks = [sorted(MARK.findall(prose_of(page))) for page in (translation, original)]
    assert marks[0] == marks[1]


@in_step
def test_it_leads_to_the_original_and_back(translation: str, original: str) -> None:
    assert original in {target for target, _ in links_of(translation)}
    assert translation in {target for target, _ in links_of(original)}


@in_step
def test_its_links_lead_to_the_same_places(translation: str, original: str) -> None:
    places = [
        {where(*link) for link in links_of(page) if link[0] != twin}
        for page, twin in [(translation, original), (original, translation)]
    ]
    assert places[0] == places[1]


@in_step
def test_it_leads_readers_to_pages_and_pictures_in_their_language(
    translation: str, original: str
) -> None:
    targets = {target for target, _ in links_of(translation)} - {original}
    assert targets.isdisjoint(TRANSLATIONS.values())
    assert not [target for target in targets if target.endswith(".en.png")]
