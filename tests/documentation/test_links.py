"""Every link within the documentation leads somewhere."""

import pytest

from .pages import PAGES, ROOT, anchors_of, links_of

LINKS = [(page, *found) for page in PAGES for found in links_of(page)]


@pytest.mark.parametrize(("page", "target", "anchor"), LINKS)
def test_a_link_leads_to_a_file_and_a_heading_of_it(page: str, target: str, anchor: str) -> None:
    assert (ROOT / target).exists()
    assert not anchor or anchor in anchors_of(target)


def test_every_page_is_to_be_found_from_the_readme() -> None:
    reached, ahead = set(), ["README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        there = {target for from_page, target, _ in LINKS if from_page == page}
        ahead += sorted(there & set(PAGES) - reached)
    assert reached == set(PAGES)
