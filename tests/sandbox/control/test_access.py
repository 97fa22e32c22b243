"""Who may control a sandbox; no test listens anywhere but on the loopback."""

import base64

import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.control.http import get, send
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.control.access import check_access, is_loopback
from wechat_subsidies.sandbox.messages import RefusalError, Request

PAGES = ["/", "/_sandbox/", "/_sandbox/ledger"]
ELSEWHERE = "http://192.0.2.7:8089"


def request(**headers: str) -> Request:
    return Request(method="GET", target="/", headers=headers, body=b"", received_at=0)


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'me:{password}'.encode()).decode()}"


def refusal(given: Request, *, base_url: str, token: str | None) -> int:
    with pytest.raises(RefusalError) as caught:
        check_access(given, base_url=base_url, token=token)
    return caught.value.answer.status


@pytest.mark.parametrize("path", PAGES)
def test_on_the_loopback_everybody_may(sandbox: Sandbox, path: str) -> None:
    assert get(sandbox.url, path).status == 200


@pytest.mark.parametrize("base_url", [ELSEWHERE, "http://0.0.0.0:8089", "http://[::]:8089"])
def test_where_others_listen_nobody_may_without_a_token(base_url: str) -> None:
    assert refusal(request(Host="127.0.0.1"), base_url=base_url, token=None) == 403


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer secre", "Basic secret", "Basic c2U=", "Basic é", "Bearer é"],
)
def test_where_there_is_a_token_it_must_be_known(authorization: str) -> None:
    given = request(Host="127.0.0.1", Authorization=authorization)
    assert refusal(given, base_url=ELSEWHERE, token="secret") == 401


@pytest.mark.parametrize("authorization", ["Bearer secret", "bearer secret", basic("secret")])
def test_who_knows_the_token_may_from_anywhere(authorization: str) -> None:
    given = request(Host="sandbox.example", Authorization=authorization)
    check_access(given, base_url=ELSEWHERE, token="secret")


def test_a_token_is_asked_for_on_the_loopback_too() -> None:
    with Sandbox(control_token="secret") as sandbox:
        reply = get(sandbox.url, "/")
        assert (reply.status, reply.content["code"]) == (401, "UNAUTHORIZED")
        assert reply.headers["WWW-Authenticate"].startswith("Basic ")
        assert get(sandbox.url, "/", headers={"Authorization": basic("secret")}).status == 200
        assert Caller(sandbox.merchant_settings()).cancel().status == 200


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example"])
def test_a_name_that_points_to_this_machine_is_refused(sandbox: Sandbox, host: str) -> None:
    reply = get(sandbox.url, "/_sandbox/merchants/1900000001/settings", headers={"Host": host})
    assert reply.refusal == (403, "FORBIDDEN")
    assert "Host header" in reply.content["message"]


def test_a_host_that_is_no_host_is_refused(sandbox: Sandbox) -> None:
    assert get(sandbox.url, "/", headers={"Host": "[::1"}).refusal == (400, "PARAM_ERROR")


def test_another_sites_page_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42")
    headers = {"Origin": "https://evil.example"}
    reply = send(sandbox.url, "POST", "/_sandbox/reset", headers=headers)
    assert reply.refusal == (403, "FORBIDDEN")
    assert sandbox.order("42")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.0.2.7", False),
        ("sandbox.example", False),
        (None, False),
    ],
)
def test_which_addresses_are_this_machines_alone(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_sandbox_says_whether_it_can_be_controlled() -> None:
    assert Sandbox().is_controllable
    assert not Sandbox(host="0.0.0.0").is_controllable
    assert Sandbox(host="0.0.0.0", control_token="secret").is_controllable
