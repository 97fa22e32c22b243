"""The pages of the documentation taken apart, and which of their code blocks tests run.

A test gets a block by `block` or `blocks`, at import: from then on it counts as run, and what nobody
takes fails in `test_every_block.py`. Translations are not run: they hold the same blocks.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRANSLATED = sorted({path.name for path in ROOT.glob("docs/**/*.md")})  # in whichever language
TRANSLATIONS = {
    "README.zh-hans.md": "README.md",
    **{f"docs/zh-hans/{name}": f"docs/{name}" for name in TRANSLATED},
}
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAPTER = re.compile(r"^## (.+)$", re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
GONE = re.compile(r"[^\w\- ]")  # what forges leave out of a heading's anchor
ROW = re.compile(r"^\|.*\|$")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page; its chapter is the last heading of the second level before it."""

    page: str
    chapter: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, {self.language or 'text'}: {self.text.strip().splitlines()[0]}"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block, and what the block shows that it prints."""

    line: str
    output: str


taken: set[Block] = set()


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def all_blocks(page: str) -> list[Block]:
    """The blocks of a page, in their order; none is taken by that."""
    text = text_of(page)
    return [
        Block(page, ["", *CHAPTER.findall(text[: found.start()])][-1], *found.groups())
        for found in FENCED.finditer(text)
    ]


def prose_of(page: str) -> str:
    """The page without its code blocks: in these a # is no heading."""
    return FENCED.sub("", text_of(page))


def headings_of(page: str) -> list[tuple[int, str]]:
    """The headings of a page with their levels."""
    return [(len(marks), words) for marks, words in HEADING.findall(prose_of(page))]


def anchors_of(page: str) -> list[str]:
    """The anchors that forges give the headings of a page."""
    return [GONE.sub("", words.lower()).replace(" ", "-") for _, words in headings_of(page)]


def links_of(page: str) -> list[tuple[str, str]]:
    """Links and pictures of a page, as far as they stay here: the path from the root, and the anchor."""
    return [(as_path(page, path), anchor) for path, anchor in LINK.findall(prose_of(page))]


def as_path(page: str, path: str) -> str:
    """Where a link of a page leads, from the root of the project; without a path to the page itself."""
    if not path:
        return page
    return str((ROOT / page).parent.joinpath(path).resolve().relative_to(ROOT))


def tables_of(page: str) -> list[list[str]]:
    """The tables of a page, each the lines of its rows."""
    tables: list[list[str]] = []
    is_within = False
    for line in prose_of(page).splitlines():
        if is_row := bool(ROW.match(line)):
            tables[-1].append(line) if is_within else tables.append([line])
        is_within = is_row
    return tables


def rows_of(page: str, *, header: str) -> list[list[str]]:
    """The cells of the one table whose first line begins so, without its two first lines."""
    (table,) = (table for table in tables_of(page) if table[0].startswith(header))
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[2:]]


def blocks(page: str, *, holding: str = "", language: str = "", chapter: str = "") -> list[Block]:
    """The blocks of a page that hold a text, in their order, to be run by who asks."""
    found = [
        each
        for each in all_blocks(page)
        if holding in each.text
        and language in {"", each.language}
        and chapter in {"", each.chapter}
    ]
    taken.update(found)
    return found


def block(page: str, **those: str) -> str:
    """The one block of a page of which this is true, to be run by who asks."""
    (found,) = blocks(page, **those)
    return found.text


def commands(text: str) -> list[Command]:
    """The commands of a console block: lines behind a $, gone on with while a quote is open."""
    return [command_of(part) for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]


def command_of(part: str) -> Command:
    """What stands between a $ and the next: a command of one line or several, and its output."""
    lines = part.splitlines(keepends=True)
    length = next(n for n in range(1, len(lines) + 1) if is_whole("".join(lines[:n])))
    return Command("".join(lines[:length]).strip(), "".join(lines[length:]))


def is_whole(line: str) -> bool:
    """Whether a shell would run this, and not wait for the rest."""
    if line.rstrip("\n").endswith("\\"):
        return False
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return True
