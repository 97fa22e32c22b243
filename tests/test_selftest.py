"""check_wechatpay: each failure that can be told apart names the setting to look at."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.utils.translation import override

from wechat_subsidies import clock, selftest, services
from wechat_subsidies.models import SendingPause
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.terminal import width
from wechat_subsidies.wechatpay import APIError, load_private_key

from .answers import make_answer

pytestmark = pytest.mark.django_db  # a pause may end

ECHO = "/v3/security/echo"
ANOTHER = "another key"
Checked = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def checked(gateway: Sandbox, settings) -> Checked:
    """Run the command with a changed merchant: its exit status and its finding."""

    def run(key_mode: str = "public_key", **changes: Any) -> tuple[int, dict[str, Any]]:
        cache.clear()  # certificates of another test
        settings.WECHAT_SUBSIDIES = {
            "MERCHANTS": {"default": gateway.merchant_settings(key_mode=key_mode) | changes}
        }
        out, status = StringIO(), 0
        try:
            call_command("check_wechatpay", "--json", stdout=out)
        except SystemExit as end:
            status = int(end.code or 0)
        (finding,) = json.loads(out.getvalue())
        return status, finding

    return run


def new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(private: str) -> str:
    key = load_private_key(private).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_right_settings_work(checked: Checked, gateway: Sandbox) -> None:
    status, finding = checked()
    assert (status, finding["passed"], finding["advice"]) == (0, True, "")
    assert gateway.merchant_settings()["WECHATPAY_PUBLIC_KEY_ID"] in finding["came_back"]


def test_what_proves_it_is_told_in_chinese(checked: Checked, gateway: Sandbox) -> None:
    with override("zh-hans"):
        _, finding = checked()
    key = gateway.merchant_settings()["WECHATPAY_PUBLIC_KEY_ID"]
    assert finding["came_back"].startswith(f"HTTP 200，已由 {key} 验证，Request-ID ")


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"MERCHANT_SERIAL_NO": "ABCDEF0123"}, "MERCHANT_SERIAL_NO"),
        ({"MCHID": "1900009999"}, "MCHID"),
        ({"WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_999"}, "WECHATPAY_PUBLIC_KEY_ID"),
        ({"BASE_URL": "http://127.0.0.1:9"}, "BASE_URL"),
        ({"BASE_URL": "https://name.invalid"}, "BASE_URL"),
        ({"MERCHANT_SERIAL_NO": "no hex"}, "manage.py check"),
    ],
)
def test_a_wrong_setting_is_named(checked: Checked, changes: dict[str, Any], setting: str) -> None:
    status, finding = checked(**changes)
    assert (status, finding["passed"]) == (1, False)
    assert setting in finding["advice"]


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"MERCHANT_SERIAL_NO": "ABCDEF0123"}, selftest.SERIAL_NO),
        ({"PRIVATE_KEY": ANOTHER}, selftest.SIGNATURE),
        ({"API_V3_KEY": "k" * 32}, "API_V3_KEY"),
        ({"BASE_URL": "http://127.0.0.1:9"}, selftest.UNREACHABLE),
    ],
)
def test_with_certificates_a_wrong_setting_is_named_too(
    checked: Checked, changes: dict[str, Any], advice: str
) -> None:
    new = {name: new_key() if value is ANOTHER else value for name, value in changes.items()}
    status, finding = checked(key_mode="certificates", **new)
    assert (status, finding["passed"], finding["advice"]) == (1, False, str(advice))


def test_with_certificates_tls_is_told_from_an_outage_too(
    checked: Checked, gateway: Sandbox
) -> None:
    url = gateway.url.replace("http://", "https://")
    _, finding = checked(key_mode="certificates", BASE_URL=url)
    assert finding["advice"] == str(selftest.TLS)


def test_with_certificates_a_wrong_clock_is_named_too(
    checked: Checked, gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "seconds_away", lambda error: 900 if error.answer else 0)
    gateway.faults.add("sign_error", times=None)
    _, finding = checked(key_mode="certificates")
    assert "Set this machine's clock" in finding["advice"]


@pytest.mark.parametrize(
    ("fault", "advice"), [("unsigned", selftest.HEADERS), ("bad_gateway", selftest.SYSTEM_ERROR)]
)
def test_with_certificates_an_answer_that_proves_nothing_is_explained_too(
    checked: Checked, gateway: Sandbox, fault: str, advice: str
) -> None:
    gateway.faults.add(fault, times=None)
    _, finding = checked(key_mode="certificates")
    assert finding["advice"] == str(advice)


def test_a_merchant_without_certificates_is_told_the_settings_of_the_public_key(
    checked: Checked, gateway: Sandbox
) -> None:
    gateway.add_merchant(mchid="1900000002", key_mode="public_key")
    new = gateway.merchant_settings("1900000002", key_mode="public_key")
    changes = {name: new[name] for name in ("MCHID", "MERCHANT_SERIAL_NO", "PRIVATE_KEY")}
    _, finding = checked(key_mode="certificates", **changes)
    assert "WECHATPAY_PUBLIC_KEY_ID" in finding["advice"]


def test_a_wrong_private_key_is_named(checked: Checked) -> None:
    status, finding = checked(PRIVATE_KEY=new_key())
    assert status == 1
    assert finding["advice"].startswith("PRIVATE_KEY")


def test_another_key_as_wechat_pays_is_named(checked: Checked) -> None:
    status, finding = checked(WECHATPAY_PUBLIC_KEY=public(new_key()))
    assert status == 1
    assert finding["advice"].startswith("WECHATPAY_PUBLIC_KEY:")


def test_the_merchants_own_key_as_wechat_pays_is_named(checked: Checked, gateway: Sandbox) -> None:
    own = public(gateway.merchant_settings()["PRIVATE_KEY"])
    status, finding = checked(WECHATPAY_PUBLIC_KEY=own)
    assert status == 1
    assert "is the merchant's own" in finding["came_back"]
    assert gateway.calls() == []


def test_tls_that_cannot_be_made_is_told_from_an_outage(checked: Checked, gateway: Sandbox) -> None:
    status, finding = checked(BASE_URL=gateway.url.replace("http://", "https://"))
    assert status == 1
    assert "TLS" in finding["advice"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unsigned", "strips the Wechatpay-* headers"),
        ("foreign_key", "WECHATPAY_PUBLIC_KEY_ID"),
        ("bad_signature", "WECHATPAY_PUBLIC_KEY:"),
        ("system_error", "MCHID, MERCHANT_SERIAL_NO"),
        ("bad_gateway", "MCHID, MERCHANT_SERIAL_NO"),
        ("redirect", "BASE_URL"),
    ],
)
def test_an_answer_that_proves_nothing_is_explained(
    checked: Checked, gateway: Sandbox, fault: str, words: str
) -> None:
    gateway.faults.add(fault, path=ECHO)
    status, finding = checked()
    assert status == 1
    assert words in finding["advice"]


def test_a_refusal_that_is_signed_proves_both_ends(checked: Checked, gateway: Sandbox) -> None:
    gateway.faults.add("no_auth", path=ECHO)
    status, finding = checked()
    assert (status, finding["passed"]) == (0, True)
    assert "NO_AUTH" in finding["came_back"]


@pytest.mark.parametrize("seconds", [-900, 900])
def test_a_clock_that_is_wrong_is_named_before_anything_else(
    checked: Checked, gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    away = selftest.seconds_away
    monkeypatch.setattr(selftest, "seconds_away", lambda error: away(error) + seconds)
    gateway.faults.add("sign_error", path=ECHO)
    status, finding = checked()
    assert status == 1
    assert "Set this machine's clock" in finding["advice"]


def test_the_clock_is_compared_with_the_answers_date() -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    answer = make_answer(401)
    answer.headers["Date"] = late
    assert selftest.seconds_away(APIError(answer=answer)) == pytest.approx(600, abs=5)
    assert selftest.seconds_away(APIError(answer=make_answer(401))) == 0


def lines_for_people(*arguments: str) -> list[str]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("check_wechatpay", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def two_merchants(gateway: Sandbox, settings) -> None:
    """One whose settings work, and one with a Chinese name whose do not."""
    right = gateway.merchant_settings()
    merchants = {"default": right, "杭州茶馆": right | {"MERCHANT_SERIAL_NO": "ABCDEF0123"}}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": merchants}


def test_people_get_a_table_with_a_row_for_each_merchant(two_merchants: None) -> None:
    header, rule, *rows = lines_for_people()
    assert header.split() == ["Merchant", "Tried", "Came", "back", "Verdict"]
    assert set(rule) == {"-", " "}
    starts = [line.split()[0] for line in rows if line[0] != " "]
    assert starts == ["default", "杭州茶馆"]
    assert [line.split()[-1] for line in rows if line[0] != " "] == ["works", "FAILS"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("columns", ["80", "132"])
def test_the_table_is_aligned_and_no_wider_than_the_terminal(
    two_merchants: None, monkeypatch: pytest.MonkeyPatch, language: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with override(language):
        lines = lines_for_people()
    assert max(width(line) for line in lines) <= int(columns)
    assert len({width(line.partition("POST")[0]) for line in lines if "POST" in line}) == 1


def test_the_advice_stands_under_the_row_that_fails(two_merchants: None) -> None:
    lines = lines_for_people()
    fails = next(number for number, line in enumerate(lines) if line.endswith("FAILS"))
    advice = [number for number, line in enumerate(lines) if "Look at: MERCHANT_SERIAL_NO" in line]
    assert len(advice) == 1
    assert advice[0] > fails


def test_a_table_that_is_not_for_a_terminal_is_plain(two_merchants: None) -> None:
    assert "\x1b" not in "".join(lines_for_people())


def test_colours_leave_the_table_as_wide(two_merchants: None) -> None:
    coloured = lines_for_people("--force-color")
    assert "\x1b" in "".join(coloured)
    assert coloured[1] == lines_for_people()[1]


def test_one_merchant_can_be_chosen(two_merchants: None) -> None:
    assert "杭州茶馆" not in "".join(lines_for_people("--merchant", "default"))


def test_an_unknown_merchant_is_named(gateway: Sandbox) -> None:
    with pytest.raises(CommandError, match="no merchant “shp”"):
        call_command("check_wechatpay", "--merchant", "shp")


def test_a_signature_that_is_accepted_ends_the_pause_of_refused_ones(
    checked: Checked, capsys: pytest.CaptureFixture[str]
) -> None:
    now = clock.now("default")
    pause = SendingPause.objects.create(
        mchid="1900000001", cause="configuration", reason="sign_error", paused_at=now
    )
    status, _ = checked(PRIVATE_KEY=new_key())
    pause.refresh_from_db()
    assert (status, pause.lifted_at) == (1, None)
    status, _ = checked()
    pause.refresh_from_db()
    assert (status, pause.lifted_by_name) == (0, "check_wechatpay")
    assert "goes on" in capsys.readouterr().err


def test_without_its_tables_it_works_all_the_same(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(merchant: str) -> int:
        raise ProgrammingError("no such table")

    monkeypatch.setattr(services, "resume_after_selftest", missing)
    assert checked()[0] == 0
