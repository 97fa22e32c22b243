"""docs/outcomes.md, in both languages: the closed table is that of the code, in its words."""

import re

import pytest
from django.utils import translation

from wechat_subsidies import outcomes, services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS

from .pages import block, rows_of, tables_of

PAGES = {"en": "docs/outcomes.md", "zh-hans": "docs/zh-hans/outcomes.md"}
FAULT = re.compile(r"\| `(\w+)` \| (\w+) \| (yes|no) \| `(\w+)` \|")
(TRIED,) = (table for table in tables_of("docs/outcomes.md") if table[0].startswith("| fault"))
ROWS = [found.groups() for row in TRIED if (found := FAULT.match(row))]
LIFE = block("README.md", holding="NEEDS_REVIEW")


@pytest.mark.parametrize(("language", "page"), PAGES.items())
def test_every_reason_of_an_answer_is_told_in_the_codes_words(language: str, page: str) -> None:
    table = next(table for table in tables_of(page) if "`param_error`" in table[4])
    with translation.override(language):
        assert table[2:] == [
            f"| `{reason}` | {meaning.outcome.label} | {meaning.advice} |"
            for reason, meaning in outcomes.MEANINGS.items()
        ]


@pytest.mark.parametrize(("language", "page"), PAGES.items())
def test_every_reason_of_a_history_is_told_in_the_codes_words(language: str, page: str) -> None:
    table = next(table for table in tables_of(page) if "`tries_used_up`" in table[2])
    with translation.override(language):
        told = [f"| `{reason}` | {words} |" for reason, words in outcomes.HISTORIES.items()]
    assert table[2:] == told


def test_every_fault_of_the_sandbox_has_its_row() -> None:
    assert sorted(fault for fault, *_ in ROWS) == sorted(FAULTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fault", "status", "in_doubt", "reason"), ROWS)
def test_a_cancellation_shows_what_its_row_says(
    gateway: Sandbox, settings, fault: str, status: str, in_doubt: str, reason: str
) -> None:
    patience = (1, 0.5) if fault in {"drip", "hang"} else (30, 30)  # a busy machine is late as well
    merchant = gateway.merchant_settings() | {"TIMEOUT": patience}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    seconds = 0.05 if fault in {"delay", "drip"} else None
    gateway.faults.add(fault, transaction_id="T1", seconds=seconds)
    cancellation = services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert (cancellation.status, cancellation.reason) == (status, reason)
    assert cancellation.in_doubt == (in_doubt == "yes")


@pytest.mark.parametrize("page", ["README.md", "README.zh-hans.md"])
def test_the_diagram_and_the_table_have_every_status(page: str) -> None:
    drawn = {*re.findall(r"[A-Z]{4,}(?:_[A-Z]+)?", LIFE)} - {"SUCCESS"}  # WeChat Pay's word
    assert drawn == {*SubsidyCancellation.Status.names}
    header = {"README.md": "| status", "README.zh-hans.md": "| 状态"}[page]
    assert len(rows_of(page, header=header)) == len(SubsidyCancellation.Status)
