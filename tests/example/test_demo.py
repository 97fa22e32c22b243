"""The demo, run as `make demo` runs it, in a process and a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.utils import translation
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode
from wechat_subsidies.outcomes import advice

pytestmark = pytest.mark.needs("cheroot", "drf_spectacular")  # the demo is run with all of them

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "example_project.demo"]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return os.environ | {"SHOP_VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"} | variables


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def first(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, SERVE="0")


@pytest.fixture(scope="module")
def second(
    folder: Path, first: subprocess.CompletedProcess[str]
) -> subprocess.CompletedProcess[str]:
    return run(folder, SERVE="0")


def squeezed(text: object) -> str:
    """The text without the spaces and line ends that the table puts between words."""
    return "".join(str(text).split())


def row(result: subprocess.CompletedProcess[str], number: str) -> str:
    """An order's row in the table, squeezed."""
    at = result.stdout.rindex(f"\n{number}  ")
    return squeezed(result.stdout[at : result.stdout.index("\nSC", at + 1)])


def in_chinese(words: object) -> str:
    """Words of the package as the demo prints them: in the shop's language."""
    with translation.override("zh-hans"):
        return squeezed(words)


def test_it_ends_well_and_complains_of_nothing(first: subprocess.CompletedProcess[str]) -> None:
    assert (first.returncode, first.stderr) == (0, "")


@pytest.mark.parametrize("number", ["SC1004", "SC1005", "SC1006", "SC1007", "SC1008"])
def test_the_subsidy_of_a_fully_refunded_order_is_cancelled(
    first: subprocess.CompletedProcess[str], number: str
) -> None:
    assert in_chinese(SubsidyCancellation.Status.SUCCEEDED.label) in row(first, number)


def test_partly_refunded_orders_are_listed_with_their_amounts(
    first: subprocess.CompletedProcess[str],
) -> None:
    line = "SC1003  《茶经》校注    ¥36.00    ¥96.00     ¥8.00"
    assert line in first.stdout.splitlines()


def test_a_refusal_is_explained_in_wechat_pays_words_and_with_advice(
    first: subprocess.CompletedProcess[str],
) -> None:
    assert "SC1010: INVALID_REQUEST: Order 4200001001202611220000001010" in first.stdout
    assert in_chinese(advice("invalid_request")) in squeezed(first.stdout)


def test_the_second_run_makes_no_call(second: subprocess.CompletedProcess[str]) -> None:
    words = "Fully refunded orders: there is nothing left to do. Calls made: 0."
    assert (second.returncode, words in second.stdout) == (0, True)


def test_the_second_run_says_of_each_order_that_it_is_cancelled_already(
    second: subprocess.CompletedProcess[str],
) -> None:
    assert squeezed(second.stdout).count(in_chinese(ReasonCode.ALREADY_CANCELLED.label)) == 6


def test_the_second_run_does_not_ask_for_what_was_refused(
    second: subprocess.CompletedProcess[str],
) -> None:
    assert in_chinese(ReasonCode.REFUSED_BEFORE.label) in row(second, "SC1010")
    assert "INVALID_REQUEST" not in second.stdout


@pytest.mark.usefixtures("first")
def test_the_system_checks_find_no_mistake_in_the_shops_settings(folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "example_project/manage.py", "check", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment(folder, DJANGO_SETTINGS_MODULE="example_project.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


@contextmanager
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def free_port() -> str:
    with taken_port() as port:
        return port


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path) -> None:
    with taken_port() as port:
        result = run(tmp_path, SERVE="1", PORT=port)
    assert result.returncode == 1
    assert f"port {port} is not to be had" in result.stderr
    assert f"make demo PORT={int(port) + 1}" in result.stderr


def test_a_sandbox_port_that_is_taken_is_named_too(tmp_path: Path) -> None:
    with taken_port() as port:
        result = run(tmp_path, SERVE="1", PORT=free_port(), SANDBOX_PORT=port)
    assert (result.returncode, f"make demo SANDBOX_PORT={int(port) + 1}" in result.stderr) == (
        1,
        True,
    )


def test_a_port_that_is_no_number_is_refused_in_words(tmp_path: Path) -> None:
    result = run(tmp_path, SERVE="1", PORT="http")
    assert (result.returncode, "PORT is “http”" in result.stderr) == (1, True)


@contextmanager
def served_shop(folder: Path, *, port: str) -> Iterator[subprocess.Popen[str]]:
    """The demo, once it has said that the shop is open."""
    process = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=environment(folder, SERVE="1", PORT=port, SANDBOX_PORT=free_port()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        yield process
    finally:
        process.kill()
        process.communicate()


def logged_in(url: str) -> requests.Session:
    """A session after logging in as the demo says; the shop may need a moment to open."""
    session = requests.Session()
    retries = Retry(total=None, connect=50, backoff_factor=0.1, backoff_max=0.2)
    session.mount(url, HTTPAdapter(max_retries=retries))
    session.get(f"{url}/admin/login/")
    form = {"username": "admin", "password": "admin", "next": "/admin/shop/order/"}
    session.post(
        f"{url}/admin/login/", form | {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
    )
    return session


@pytest.mark.usefixtures("second")
def test_the_admin_of_the_served_shop_may_log_in_and_sees_the_orders(folder: Path) -> None:
    port = free_port()
    with served_shop(folder, port=port):
        url = f"http://127.0.0.1:{port}"
        with logged_in(url) as session:
            page = session.get(f"{url}/admin/shop/order/")
    assert (page.status_code, page.url) == (200, f"{url}/admin/shop/order/")
    assert "古树普洱" in page.text


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_cleanly(folder: Path, number: signal.Signals) -> None:
    with served_shop(folder, port=free_port()) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "The demo has ended." in out
