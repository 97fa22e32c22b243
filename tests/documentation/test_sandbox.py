"""docs/sandbox.md: its Python, its dialogues with curl, and its client of openssl and curl."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.caller import ORDER, Caller
from wechat_subsidies.sandbox import Sandbox

from .pages import block, commands
from .shop import Shop

PAGE = "docs/sandbox.md"
START = block(PAGE, holding="wechat_subsidies.sandbox --port")
IN_PYTHON = block(PAGE, holding="with Sandbox() as sandbox")
FIXTURE = block(PAGE, holding="def test_a_lost_answer")
IN_DJANGO = block(PAGE, holding="def test_an_unknown_outcome")
ROTATING = block(PAGE, holding="rotate_certificates()")
FAULTS = block(PAGE, holding='add("delay"')
LIMITS = block(PAGE, holding="rate_limits.set")
DIALOGUE = block(PAGE, holding="/_sandbox/reset")
CLOSED = block(PAGE, holding="UNAUTHORIZED")
OWN_CLIENT = block(PAGE, language="sh", holding="openssl dgst")
NEW_EACH_TIME = re.compile(r'"serial_no":"[0-9A-F]{40}"')

needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl"
)


def run(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, PAGE, "exec"), names)
    return names


@pytest.fixture
def sandbox(wechatpay_sandbox: Sandbox) -> Sandbox:
    return wechatpay_sandbox


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox.merchant_settings())


def test_it_starts_and_prints_settings_to_paste(tmp_path: Path) -> None:
    (command,) = commands(START)
    with Shop(tmp_path).running(command.line.replace("8089", "0")) as process:
        printed = iter(process.stdout.readline, "}}\n")
        assert any(line.startswith("WECHAT_SUBSIDIES = ") for line in printed)
    assert (tmp_path / "var/wechatpay/apiclient_key.pem").exists()


def test_it_starts_within_python() -> None:
    assert run(IN_PYTHON)["merchant"]["BASE_URL"].startswith("http://127.0.0.1:")


def test_the_fixture_sees_one_of_two_calls_carried_out(sandbox: Sandbox, caller: Caller) -> None:
    def client_that_asks_again() -> None:
        with pytest.raises(OSError, match=r"closed|reset"):
            caller.cancel()
        caller.cancel()

    code = FIXTURE.replace("    ...\n", "    ask()\n")
    names = run(code, ask=client_that_asks_again)
    assert names["pytest_plugins"] == ["wechat_subsidies.sandbox.pytest_plugin"]
    names["test_a_lost_answer_is_asked_for_again"](sandbox)


@pytest.mark.django_db(transaction=True)
def test_the_test_of_a_shop_passes(sandbox: Sandbox, settings: Any, make_order: Any) -> None:
    run(IN_DJANGO)["test_an_unknown_outcome_is_not_called_failed"](sandbox, settings, make_order())


def test_certificates_are_rotated_as_shown(sandbox: Sandbox) -> None:
    run(ROTATING, sandbox=sandbox)


def test_faults_are_planned_as_shown(sandbox: Sandbox) -> None:
    run(FAULTS, sandbox=sandbox)
    assert Caller(sandbox.merchant_settings()).cancel().status == 200


def test_limits_are_set_as_shown(sandbox: Sandbox) -> None:
    run(LIMITS, sandbox=sandbox)
    assert sandbox.rate_limits.per_caller == 50


@pytest.fixture
def address() -> Iterator[str]:
    with Sandbox(rate_limits=True) as sandbox:
        yield sandbox.url


def said(script: str, folder: Path, **environment: str) -> list[str]:
    """What each command of a dialogue prints, run one after the other in one shell."""
    separator = "-- 8< --"
    lines = "".join(f"{each.line}\necho\necho '{separator}'\n" for each in commands(script))
    ran = subprocess.run(
        ["sh", "-c", lines.replace("curl ", "curl -s ")],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "*", **environment},
        capture_output=True,
        text=True,
    )
    return [each.strip() for each in ran.stdout.split(separator)[:-1]]


def shown(script: str) -> list[str]:
    return [each.output.strip() for each in commands(script)]


def without_serials(lines: list[str]) -> list[str]:
    return [NEW_EACH_TIME.sub("", line) for line in lines]


@needs_curl
def test_the_control_api_answers_what_is_shown(address: str, tmp_path: Path) -> None:
    script = DIALOGUE.replace("http://127.0.0.1:8089", address)
    assert without_serials(said(script, tmp_path)) == without_serials(shown(script))


@needs_curl
def test_who_has_no_token_is_shut_out_as_shown(tmp_path: Path) -> None:
    with Sandbox(control_token="of this test") as sandbox:
        script = CLOSED.replace("http://127.0.0.1:8090", sandbox.url)
        assert said(script, tmp_path, WECHATPAY_SANDBOX_TOKEN="of this test") == shown(script)


@needs_curl
def test_a_client_of_openssl_and_curl_ends_with_a_verified_answer(
    address: str, tmp_path: Path
) -> None:
    ran = subprocess.run(
        ["sh", "-c", OWN_CLIENT.replace("http://127.0.0.1:8089", address)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.endswith("Verified OK\n"), ran.stderr
    assert ORDER["transaction_id"] in (tmp_path / "answer").read_text()
