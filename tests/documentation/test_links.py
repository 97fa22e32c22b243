"""Every link within the documentation leads somewhere."""

import re

import pytest

from .pages import PAGES, ROOT, headings_of, prose_of

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
LINKS = [(page, *found) for page in PAGES for found in LINK.findall(prose_of(page))]
GONE = re.compile(r"[^\w\- ]")  # what forges leave out of a heading's anchor


def anchors_of(page: str) -> set[str]:
    return {GONE.sub("", words.lower()).replace(" ", "-") for _, words in headings_of(page)}


@pytest.mark.parametrize(("page", "path", "anchor"), LINKS)
def test_a_link_leads_to_a_file_and_a_heading_of_it(page: str, path: str, anchor: str) -> None:
    target = (ROOT / page).parent.joinpath(path).resolve() if path else ROOT / page
    assert target.exists()
    assert not anchor or anchor in anchors_of(str(target.relative_to(ROOT)))


def test_every_page_is_to_be_found_from_the_readme() -> None:
    reached, ahead = set(), ["README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        there = {
            str((ROOT / page).parent.joinpath(path).resolve().relative_to(ROOT))
            for from_page, path, _ in LINKS
            if from_page == page and path.endswith(".md")
        }
        ahead += sorted(there & set(PAGES) - reached)
    assert reached == set(PAGES)
