"""docs/settings.md: every setting with its default, and code that `manage.py check` passes."""

import datetime
import os
import re
import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from wechat_subsidies.checks import mistakes
from wechat_subsidies.conf import (
    API_DEFAULTS,
    CELERY_DEFAULTS,
    DEFAULTS,
    MERCHANT_DEFAULTS,
    app_settings,
)
from wechat_subsidies.sandbox import Sandbox

from .pages import block, commands, rows_of

PAGE = "docs/settings.md"
WHOLE = block(PAGE, holding="INSTALLED_APPS")
FROM_A_VAULT = block(PAGE, holding="def private_key")
SERIAL = block(PAGE, holding="openssl x509")
ROWS = rows_of(PAGE, header="| setting")
NAMES = [name for left, *_ in ROWS for name in re.findall(r"`(\w+)`", left)]
WITHIN = {"MERCHANTS": MERCHANT_DEFAULTS, "API": API_DEFAULTS, "CELERY": CELERY_DEFAULTS}
ALL = {name: default for each in (DEFAULTS, *WITHIN.values()) for name, default in each.items()}


def default_of(name: str) -> str:
    (told,) = (default for left, default, _ in ROWS if f"`{name}`" in left)
    return told


def names_within(setting: str) -> list[str]:
    """The names in the rows below that of a setting, as far as these begin with three dots."""
    start = next(n for n, (left, *_) in enumerate(ROWS) if left == f"`{setting}`") + 1
    rows = takewhile(lambda row: row[0].startswith("…"), ROWS[start:])
    return [name for left, *_ in rows for name in re.findall(r"`(\w+)`", left)]


def test_every_setting_has_its_row_and_no_other() -> None:
    assert sorted(NAMES) == sorted(ALL)


@pytest.mark.parametrize("name", NAMES)
def test_a_default_is_that_of_the_code(name: str) -> None:
    told, default = default_of(name), ALL[name]
    if told.startswith("required"):
        assert not default
    elif told.startswith("`https"):
        assert told == f"`{default}`"
    else:
        names = {"timedelta": datetime.timedelta}
        assert eval(told.strip("`"), names) == default  # a page of ours


@pytest.mark.parametrize("setting", WITHIN)
def test_what_is_within_a_setting_stands_below_it(setting: str) -> None:
    assert sorted(names_within(setting)) == sorted(WITHIN[setting])


@pytest.fixture
def names(wechatpay_sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    """What the settings module of a shop has before our part; its keys are the sandbox's."""
    merchant = wechatpay_sandbox.merchant_settings()
    (tmp_path / "apiclient_key.pem").write_text(merchant["PRIVATE_KEY"])
    (tmp_path / "pub_key.pem").write_text(merchant["WECHATPAY_PUBLIC_KEY"])
    return {"INSTALLED_APPS": [], "BASE_DIR": tmp_path}


def test_the_settings_as_shown_pass_every_check(names: dict[str, Any]) -> None:
    exec(WHOLE.replace('"shop.subsidies.orders"', '"example_project.shop.subsidies.orders"'), names)
    assert names["INSTALLED_APPS"] == ["rest_framework", "wechat_subsidies"]
    with override_settings(WECHAT_SUBSIDIES=names["WECHAT_SUBSIDIES"]):
        assert list(mistakes()) == []


def test_a_key_may_come_from_a_callable(names, monkeypatch, wechatpay_sandbox: Sandbox) -> None:
    key = wechatpay_sandbox.merchant_settings()["PRIVATE_KEY"]
    monkeypatch.setitem(os.environ, "WECHATPAY_PRIVATE_KEY", key.replace("\n", "\\n"))
    exec(WHOLE, names)
    exec(FROM_A_VAULT, names)
    with override_settings(WECHAT_SUBSIDIES=names["WECHAT_SUBSIDIES"]):
        assert app_settings.merchant("default").private_key() == names["private_key"]()


def test_the_serial_is_read_as_shown(wechatpay_sandbox: Sandbox, tmp_path: Path) -> None:
    with Sandbox(keys=tmp_path) as sandbox:
        serial = sandbox.merchant_settings()["MERCHANT_SERIAL_NO"]
    (command,) = commands(SERIAL)
    ran = subprocess.run(command.line.split(), cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout == f"serial={serial}\n"
    assert re.fullmatch(r"serial=[0-9A-F]{40}\n", command.output)
