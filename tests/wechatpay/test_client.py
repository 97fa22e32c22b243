import json
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from wechat_subsidies import wechatpay
from wechat_subsidies.wechatpay import (
    AnswerMismatch,
    BadRequest,
    ConfigurationError,
    CredentialsError,
    Deadline,
    InvalidParameter,
    MerchantCredentials,
    NotSent,
    OutcomeUnknown,
    SignatureRefused,
    UnexpectedStatus,
    UnverifiedAnswer,
    WeChatPayClient,
    WeChatPayError,
)

from .conftest import Seal
from .samples import PUB_KEY_ID, private_pem
from .servers import Connection, Request, Server, as_json

Serve = Callable[..., Server]
ClientTo = Callable[..., WeChatPayClient]
ORDER = {"sub_mchid": "1900013401", "transaction_id": "4208450740201411110007820472"}


@pytest.fixture
def gateway(serve: Serve, seal: Seal) -> Callable[..., Server]:
    """A server that answers with a signed body, made of the request where it is callable."""

    def start(body: object, *, status: int = 200) -> Server:
        def handle(connection: Connection, request: Request) -> None:
            content = body(request) if callable(body) else body
            connection.answer(status, content, headers={"Request-ID": "R1", **seal(content)})

        return serve(handle)

    return start


def success(request: Request) -> bytes:
    return as_json(**json.loads(request.body), result="SUCCESS")


def test_a_cancellation_arrives_with_its_fields_and_its_success_comes_back(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(success)
    result = client_to(server.url).cancel_subsidy(
        **ORDER, refund_id="3008450740201411110007820472", description="订单退款"
    )
    assert result.succeeded
    assert result.answer.key_id == PUB_KEY_ID
    assert (server.requests[0].method, server.requests[0].path) == (
        "POST",
        "/v3/ecommerce/subsidies/cancel",
    )
    assert json.loads(server.requests[0].body) == {
        **ORDER,
        "refund_id": "3008450740201411110007820472",
        "description": "订单退款",
    }


def test_every_request_has_the_documented_headers(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(success)
    client_to(server.url).cancel_subsidy(**ORDER, description="x")
    headers = server.requests[0].headers
    assert headers["Authorization"].startswith("WECHATPAY2-SHA256-RSA2048 mchid=")
    assert headers["Accept"] == headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("django-wechat-subsidies/")
    assert headers["Wechatpay-Serial"] == PUB_KEY_ID


def test_what_is_signed_is_what_is_sent(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    class Recorder:
        def authorization(self, *, method: str, path: str, body: bytes) -> str:
            signed.append((method, path, body))
            return "signed"

    signed: list[tuple[str, str, bytes]] = []
    server = gateway(success)
    client = client_to(server.url, signer=Recorder())
    client.cancel_subsidy(**ORDER, description="订单退款")
    with pytest.raises(WeChatPayError):
        client.query_refund(refund_id="a|b", sub_mchid="1*2")
    sent = [(request.method, request.path, request.body) for request in server.requests]
    assert sent == signed
    assert server.requests[0].headers["Authorization"] == "signed"


def test_stored_bytes_are_sent_as_they_are(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    body = json.dumps({**ORDER, "description": "\u9000", "later": [1]}, indent=1).encode()
    server = gateway(as_json(**ORDER, result="SUCCESS"))
    assert client_to(server.url).send_cancellation(body).succeeded
    assert server.requests[0].body == body


def test_stored_bytes_that_name_no_order_are_not_sent(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(success)
    with pytest.raises(InvalidParameter):
        client_to(server.url).send_cancellation(b"{}")
    assert server.requests == []


def test_a_signed_success_about_another_order_is_unknown(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(as_json(sub_mchid="1900013401", transaction_id="other", result="SUCCESS"))
    with pytest.raises(AnswerMismatch) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert refused.value.outcome_known is False


def test_an_unsigned_success_is_unknown(serve: Serve, client_to: ClientTo) -> None:
    server = serve(lambda connection, request: connection.answer(body=success(request)))
    with pytest.raises(UnverifiedAnswer) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert (refused.value.reason, refused.value.outcome_known) == ("unsigned", False)


def test_a_stale_success_is_refused_by_the_clients_clock(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    client = client_to(gateway(success).url, clock=lambda: 1_000_000_000.0)
    with pytest.raises(UnverifiedAnswer) as refused:
        client.cancel_subsidy(**ORDER, description="x")
    assert refused.value.reason == "stale"


def test_a_request_is_signed_at_the_time_of_the_clients_clock(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(success)
    with pytest.raises(UnverifiedAnswer):
        client_to(server.url, clock=lambda: 1_000_000_000.0).echo()
    assert 'timestamp="1000000000"' in server.requests[0].headers["Authorization"]


def test_a_refusal_carries_the_words_of_wechat_pay(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(as_json(code="INVALID_REQUEST", message="订单未退款"), status=400)
    with pytest.raises(BadRequest) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert (refused.value.code, refused.value.message) == ("INVALID_REQUEST", "订单未退款")
    assert (refused.value.request_id, refused.value.outcome_known) == ("R1", True)
    assert refused.value.answer.key_id == PUB_KEY_ID


def test_an_unsigned_refusal_is_a_refusal(serve: Serve, client_to: ClientTo) -> None:
    body = as_json(code="SIGN_ERROR", message="签名错误")
    server = serve(lambda connection, request: connection.answer(401, body))
    with pytest.raises(SignatureRefused) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert refused.value.answer.key_id is None
    assert refused.value.outcome_known is True


def test_a_refusal_with_a_broken_signature_is_unknown(
    serve: Serve, client_to: ClientTo, seal: Seal
) -> None:
    body = as_json(code="PARAM_ERROR")
    server = serve(lambda connection, request: connection.answer(400, body, headers=seal(b"other")))
    with pytest.raises(UnverifiedAnswer) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert (refused.value.code, refused.value.outcome_known) == (None, False)


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_only_200_is_a_success(
    gateway: Callable[..., Server], client_to: ClientTo, status: int
) -> None:
    server = gateway(b"" if status == 204 else success, status=status)
    with pytest.raises(UnexpectedStatus) as refused:
        client_to(server.url).cancel_subsidy(**ORDER, description="x")
    assert refused.value.outcome_known is False


def test_a_call_that_begins_too_late_is_not_sent(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(success)
    late = Deadline.after(start=-1, end=5)
    client = client_to(server.url)
    for call in (
        lambda: client.cancel_subsidy(**ORDER, description="x", deadline=late),
        lambda: client.query_refund(refund_id="1", sub_mchid="2", deadline=late),
        lambda: client.echo(deadline=late),
        lambda: client.prepare(deadline=late),
    ):
        with pytest.raises(NotSent):
            call()
    assert server.connections == 0


def test_an_echo_is_proven(gateway: Callable[..., Server], client_to: ClientTo) -> None:
    server = gateway(as_json(echo_message="你好"))
    assert client_to(server.url).echo(message="你好").key_id == PUB_KEY_ID
    assert (server.requests[0].method, server.requests[0].path) == ("POST", "/v3/security/echo")
    assert server.requests[0].body == '{"echo_message": "你好"}'.encode()


def test_a_refund_is_asked_for_by_its_number(
    gateway: Callable[..., Server], client_to: ClientTo
) -> None:
    server = gateway(as_json(refund_id="3008", transaction_id="4208", status="PROCESSING"))
    refund = client_to(server.url).query_refund(refund_id="3008", sub_mchid="19")
    assert (refund.status, refund.transaction_id) == ("PROCESSING", "4208")
    assert server.requests[0].line == "GET /v3/ecommerce/refunds/id/3008?sub_mchid=19 HTTP/1.1"
    assert server.requests[0].body == b""


def test_nothing_is_sent_that_could_not_be_verified(
    gateway: Callable[..., Server], merchant_key: RSAPrivateKey
) -> None:
    server = gateway(success)
    credentials = MerchantCredentials(
        mchid="1900000001",
        serial_no="AB",
        private_key=private_pem(merchant_key),
        public_keys={PUB_KEY_ID: "/no/such/pub_key.pem"},
    )
    with (
        WeChatPayClient(credentials, base_url=server.url) as client,
        pytest.raises(CredentialsError),
    ):
        client.cancel_subsidy(**ORDER, description="x")
    assert server.connections == 0


def test_a_client_closes_its_connections(
    gateway: Callable[..., Server], credentials: MerchantCredentials
) -> None:
    server = gateway(success)
    with WeChatPayClient(credentials, base_url=server.url) as client:
        client.cancel_subsidy(**ORDER, description="x")
    client.cancel_subsidy(**ORDER, description="x")
    client.close()
    assert server.connections == 2


def test_a_clients_repr_shows_whose_it_is_and_no_key(client_to: ClientTo) -> None:
    shown = repr(client_to("https://host"))
    assert re.fullmatch(r"<WeChatPayClient MerchantCredentials\(mchid='\d+', .*'\)>", shown)


def test_a_client_asks_its_backup_where_nothing_could_be_sent(
    gateway: Callable[..., Server], client_to: ClientTo, refusing_url: str
) -> None:
    server = gateway(success)
    client = client_to(refusing_url, backup_url=server.url)
    assert client.cancel_subsidy(**ORDER, description="x").answer.host == server.host


def test_a_client_trusts_the_authorities_that_it_was_given(
    serve: Serve, client_to: ClientTo, seal: Seal, server_tls: ssl.SSLContext, ca_bundle: str
) -> None:
    def answer(connection: Connection, request: Request) -> None:
        connection.answer(body=b"{}", headers=seal(b"{}"))

    server = serve(answer, tls=server_tls)
    assert client_to(server.url, ca_bundle=ca_bundle).echo().http_status == 200
    with pytest.raises(NotSent):
        client_to(server.url).echo()


def test_a_client_waits_for_an_answer_as_long_as_it_was_told_to(
    serve: Serve, client_to: ClientTo
) -> None:
    server = serve(lambda connection, request: connection.hang())
    with pytest.raises(OutcomeUnknown) as refused:
        client_to(server.url, timeout=(5, 0.2)).echo()
    assert "read timeout=0.2" in str(refused.value.__cause__)


def test_a_client_keeps_as_many_connections_as_it_was_told_to(
    serve: Serve, client_to: ClientTo, seal: Seal
) -> None:
    def answer(connection: Connection, request: Request) -> None:
        both.wait(10)
        connection.answer(body=b"{}", headers=seal(b"{}"))

    both, server = threading.Barrier(2), serve(answer)
    client = client_to(server.url, pool_size=1)
    for _ in range(2):
        with ThreadPoolExecutor(2) as threads:
            for call in [threads.submit(client.echo) for _ in range(2)]:
                call.result()
    assert server.connections == 3


@pytest.mark.parametrize("name", ["base_url", "backup_url"])
def test_both_urls_are_checked(credentials: MerchantCredentials, name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        WeChatPayClient(credentials, **{name: "http://host"})
    assert refused.value.code == "base_url_not_https"


def test_both_urls_may_be_plain_http_where_that_is_allowed(client_to: ClientTo) -> None:
    client = client_to("http://gateway.test", backup_url="http://api2.test", allow_http=True)
    assert client.backup_url == "http://api2.test"


def test_a_backup_url_is_kept(client_to: ClientTo) -> None:
    assert client_to("https://host", backup_url="https://api2/").backup_url == "https://api2"
    assert client_to("https://host").backup_url is None


def test_what_the_package_exports_is_there() -> None:
    assert sorted(wechatpay.__all__, key=str.lower) == sorted(set(wechatpay.__all__), key=str.lower)
    assert all(hasattr(wechatpay, name) for name in wechatpay.__all__)


def test_the_package_needs_no_django() -> None:
    code = "import sys, wechat_subsidies.wechatpay; print('django' in sys.modules)"
    command = [sys.executable, "-c", code]
    python = subprocess.run(command, capture_output=True, check=True)
    assert python.stdout.strip() == b"False"
