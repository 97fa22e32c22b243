import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandbox.caller import CERTIFICATES, Caller
from tests.sandbox.control.http import get
from wechat_subsidies.sandbox.__main__ import main


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [sys.executable, "-m", "wechat_subsidies.sandbox", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, introduction(process)
        finally:
            process.kill()


def introduction(process: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    while process.stdout and lines[-1:] != ["}}\n"]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr and process.stderr.read()
    return lines


def settings(lines: list[str]) -> dict[str, str]:
    text = "".join(lines[lines.index("Settings:\n") + 1 :])
    merchants = ast.literal_eval(text.removeprefix("WECHAT_SUBSIDIES = "))
    entry: dict[str, str] = merchants["MERCHANTS"]["default"]
    return entry


def test_the_settings_it_prints_work_as_they_stand() -> None:
    with running() as (_, lines):
        entry = settings(lines)
        assert entry["BASE_URL"] in lines[0]
        assert Caller(entry).cancel().status == 200


def test_it_names_the_keys_in_their_folder(tmp_path: Path) -> None:
    with running("--keys", str(tmp_path)) as (_, lines):
        assert settings(lines)["PRIVATE_KEY"] == str(tmp_path / "apiclient_key.pem")
        assert settings(lines)["WECHATPAY_PUBLIC_KEY"] == str(tmp_path / "pub_key.pem")
        assert f"Keys: {tmp_path}\n" in lines


def test_it_says_what_it_is_asked_and_ends_when_terminated() -> None:
    with running("--strict-orders") as (process, lines):
        Caller(settings(lines)).cancel()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate()
    assert process.returncode == 0
    assert "POST /v3/ecommerce/subsidies/cancel | 404 | ORDER_NOT_EXIST | order 4208" in log


def test_a_merchant_of_certificates_gets_settings_for_them() -> None:
    with running("--key-mode", "certificates") as (_, lines):
        entry = settings(lines)
        assert "WECHATPAY_PUBLIC_KEY" not in entry
        assert Caller(entry).send("GET", CERTIFICATES).status == 200


def test_it_limits_rates_unless_told_otherwise() -> None:
    for options, statuses in ((), {200, 429}), (("--no-rate-limits",), {200}):
        with running(*options) as (_, lines):
            caller = Caller(settings(lines))
            assert {caller.cancel().status for _ in range(3)} == statuses


def test_it_keeps_as_many_requests_as_it_is_told() -> None:
    with running("--ledger-size", "1", "--strict-orders") as (_, lines):
        entry = settings(lines)
        for order in "12":
            Caller(entry).cancel(transaction_id=order)
        ledger = get(entry["BASE_URL"], "/_sandbox/ledger").content
    assert (ledger["requests"], [call["number"] for call in ledger["entries"]]) == (2, [2])


def test_it_says_where_to_look() -> None:
    with running() as (_, lines):
        url = settings(lines)["BASE_URL"]
        assert f"Status page and control API: {url}/ and /_sandbox/\n" in lines
        assert get(url, "/").status == 200


def test_the_token_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHATPAY_SANDBOX_TOKEN", "secret")
    with running() as (_, lines):
        url = settings(lines)["BASE_URL"]
        assert get(url, "/").status == 401
        assert get(url, "/", headers={"Authorization": "Bearer secret"}).status == 200
        assert "secret" not in "".join(lines)


def test_it_may_be_quiet() -> None:
    with running("--quiet") as (process, lines):
        Caller(settings(lines)).cancel()
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()
    assert (process.returncode, log) == (0, "")


def test_it_says_why_it_cannot_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    (tmp_path / "apiclient_key.pem").write_text("no key")
    assert main(["--keys", str(tmp_path), "--quiet"]) == 1
    assert "cannot start" in capsys.readouterr().err


def test_without_its_server_it_says_what_to_install() -> None:
    code = (
        "import importlib.util as u, sys; find = u.find_spec;"
        "u.find_spec = lambda name: None if name == 'cheroot' else find(name);"
        "import wechat_subsidies.sandbox"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert 'pip install "django-wechat-subsidies[sandbox]"' in result.stderr


def test_it_needs_no_django() -> None:
    code = "import wechat_subsidies.sandbox, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
