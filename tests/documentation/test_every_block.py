"""No code block of the documentation is without a test that runs it, or a reason why none does."""

import re
from importlib import import_module

import pytest

from . import pages
from .pages import ROOT, Block

RUNNING = [
    *(
        f"tests.documentation.{path.stem}"
        for path in (ROOT / "tests/documentation").glob("test_*.py")
    ),
    "tests.api.test_documentation",
]
NOT_RUN_HERE = {  # and why
    "type toSandbox struct{}": "needs Go and its SDK: tried by hand, as the page says, with its date",
    "OkHttpClient there": "needs a JDK and the Java SDK: tried by hand, as the page says",
}
FENCE = re.compile(r"^[ \t>*+\d.-]*(?:`{3,}|~{3,}).*$", re.MULTILINE)  # in lists and quotes, too
for package in ("celery", "cheroot", "drf_spectacular", "prometheus_client", "rest_framework"):
    pytest.importorskip(package)  # what the others import; all of them are installed in one run
for module in RUNNING:
    if module != __name__:
        import_module(module)

BLOCKS = [
    block
    for page in pages.PAGES
    if page not in pages.TRANSLATIONS
    for block in pages.all_blocks(page)
]


def is_excused(block: Block) -> bool:
    return any(text in block.text for text in NOT_RUN_HERE)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_test_runs_it_or_there_is_a_reason(block: Block) -> None:
    assert (block in pages.taken) != is_excused(block)


@pytest.mark.parametrize("page", pages.PAGES)
def test_no_fence_is_one_that_is_not_seen(page: str) -> None:
    assert FENCE.findall(pages.prose_of(page)) == []
    fences, blocks = FENCE.findall(pages.text_of(page)), pages.all_blocks(page)
    assert len(fences) == 2 * len(blocks)


def test_every_excuse_is_needed() -> None:
    assert [text for text in NOT_RUN_HERE if not any(text in block.text for block in BLOCKS)] == []
