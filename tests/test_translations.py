"""Most of our users read Chinese."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

import wechat_subsidies
from wechat_subsidies import outcomes
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode

PACKAGE = Path(wechat_subsidies.__file__).parent
FOLDER = PACKAGE / "locale/zh_Hans/LC_MESSAGES"
STRING = re.compile(r'"(?:\\.|[^"\\])*"')
ENTRY = re.compile(rf"^(msg\w+(?:\[\d\])?) ((?:{STRING.pattern}\s*)+)", re.MULTILINE)


def texts_of(source: Path) -> dict[str | tuple[str, int], str]:
    """What a .po file holds, under the keys under which gettext keeps it: with context, and by plural."""
    return dict(told(ENTRY.findall(source.read_text())))


def told(lines: list[tuple[str, str]]) -> Iterator[tuple[str | tuple[str, int], str]]:
    context = text = ""
    for keyword, strings in lines:
        value = "".join(map(ast.literal_eval, STRING.findall(strings)))
        if keyword == "msgctxt":
            context = f"{value}\4"
        elif keyword == "msgid":
            text, context = f"{context}{value}", ""
        elif keyword == "msgstr":
            yield text, value
        elif keyword.startswith("msgstr["):
            yield (text, int(keyword[7])), value


def test_no_text_is_left_untranslated() -> None:
    entries = (FOLDER / "django.po").read_text().split("\n\n")[1:]
    assert [entry for entry in entries if re.search(r'msgstr(\[0\])? ""\n?\Z', entry)] == []
    assert [entry for entry in entries if "fuzzy" in entry] == []


def test_the_compiled_texts_are_those_of_the_source() -> None:
    with (FOLDER / "django.mo").open("rb") as compiled:
        texts = gettext.GNUTranslations(compiled)
    assert texts.gettext("Withdrawn") == "已撤回"
    source = texts_of(FOLDER / "django.po")
    headers = [catalogue.pop("") for catalogue in (source, texts._catalog)]
    assert texts._catalog == source
    assert all("nplurals=1; plural=0;" in header for header in headers)  # dates may differ


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs gettext")
def test_the_source_has_the_texts_of_the_code_and_no_other(tmp_path: Path) -> None:
    leave_out = shutil.ignore_patterns("__pycache__", "*.mo")
    there = shutil.copytree(PACKAGE, tmp_path / "package", ignore=leave_out)
    make = [sys.executable, "-m", "django", "makemessages", "--locale", "zh_Hans", "--no-location"]
    without_shop = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    subprocess.run(make, cwd=there, env=without_shop, check=True, capture_output=True)
    made = texts_of(there / "locale/zh_Hans/LC_MESSAGES/django.po")
    assert set(made) == set(texts_of(FOLDER / "django.po"))


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
