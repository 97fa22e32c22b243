"""Most of our users read Chinese."""

import gettext
import re
from pathlib import Path

import pytest
from django.utils.translation import override

import wechat_subsidies
from wechat_subsidies import outcomes
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode

FOLDER = Path(wechat_subsidies.__file__).parent / "locale/zh_Hans/LC_MESSAGES"


def test_no_text_is_left_untranslated() -> None:
    entries = (FOLDER / "django.po").read_text().split("\n\n")[1:]
    assert [entry for entry in entries if re.search(r'msgstr(\[0\])? ""\n?\Z', entry)] == []
    assert [entry for entry in entries if "fuzzy" in entry] == []


def test_the_compiled_texts_are_those_of_the_source() -> None:
    with (FOLDER / "django.mo").open("rb") as compiled:
        texts = gettext.GNUTranslations(compiled)
    source = (FOLDER / "django.po").read_text()
    assert texts.gettext("Withdrawn") == "已撤回"
    assert len(re.findall(r"^msgid ", source, re.MULTILINE)) == len(
        {key if isinstance(key, str) else key[0] for key in texts._catalog}
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "待发送"),
        ("sending", "发送中"),
        ("succeeded", "已取消补差"),
        ("failed", "微信支付拒绝"),
        ("needs_review", "待人工核实"),
        ("withdrawn", "已撤回"),
    ],
)
def test_statuses_have_the_words_that_staff_know(status: str, words: str) -> None:
    with override("zh-hans"):
        assert str(SubsidyCancellation.Status(status).label) == words


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("mchid", "平台商户号"),
        ("sub_mchid", "二级商户号"),
        ("transaction_id", "微信支付订单号"),
        ("refund_id", "微信退款单号"),
    ],
)
def test_identifiers_have_wechat_pays_own_words(field: str, words: str) -> None:
    with override("zh-hans"):
        assert str(SubsidyCancellation._meta.get_field(field).verbose_name) == words


def test_reasons_and_advice_are_in_chinese() -> None:
    with override("zh-hans"):
        texts = [str(code.label) for code in ReasonCode]
        texts += [str(outcomes.advice(reason)) for reason in outcomes.MEANINGS]
        texts += [str(outcomes.advice(reason)) for reason in outcomes.HISTORIES]
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in texts)
