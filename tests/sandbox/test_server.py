import datetime
import ipaddress
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.sandbox.caller import CANCEL, ECHO, Caller, private_key, read_reply
from wechat_subsidies.sandbox import Sandbox


def test_a_connection_is_kept_for_the_next_call(caller: Caller) -> None:
    connection = caller.connect()
    for _ in range(2):
        connection.request("GET", "/v3")
        assert read_reply(connection).status == 404
        assert connection.sock is not None
    connection.close()


def test_an_idle_connection_is_closed_in_the_end() -> None:
    with Sandbox(keep_alive=1) as sandbox, connect(sandbox) as sock:
        sock.settimeout(5)
        sock.sendall(b"GET /v3 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 404 ")
        while sock.recv(4096):
            pass


@pytest.mark.parametrize(
    ("connection", "announced"), [("keep-alive", "timeout=8"), ("close", None)]
)
def test_an_answer_says_how_long_the_connection_is_kept(
    caller: Caller, connection: str, announced: str | None
) -> None:
    reply = caller.send("GET", "/v3", headers={"Connection": connection})
    assert reply.headers["Keep-Alive"] == announced


def test_connections_cannot_be_kept_for_no_time_at_all() -> None:
    with pytest.raises(ValueError, match="keep_alive is 0 and must be 1 second or more"):
        Sandbox(keep_alive=0)


def test_an_empty_connection_harms_nobody(caller: Caller, sandbox: Sandbox) -> None:
    connect(sandbox).close()
    assert caller.cancel().status == 200


def test_nonsense_is_refused_and_harms_nobody(caller: Caller, sandbox: Sandbox) -> None:
    with connect(sandbox) as sock:
        sock.sendall(b"HELLO\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert caller.cancel().status == 200


def test_an_enormous_body_is_not_read(caller: Caller, sandbox: Sandbox) -> None:
    with connect(sandbox) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")
    assert sandbox.ledger == []


def test_a_chunked_body_is_read(caller: Caller, sandbox: Sandbox) -> None:
    body = b'{"echo_message": "hello"}'
    headers = {name: value for name, value in caller.headers("POST", ECHO, body).items() if value}
    connection = caller.connect()
    connection.request("POST", ECHO, iter([body[:9], body[9:]]), headers, encode_chunked=True)
    assert read_reply(connection).status == 200
    connection.close()


def test_many_may_hang_and_others_are_still_served(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang", transaction_id="1")
    threads = [
        threading.Thread(target=caller.cancel, kwargs={"transaction_id": "1"}) for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    sandbox.wait_for_calls(30)
    assert caller.cancel(transaction_id="2").status == 200
    sandbox.faults.clear()
    for thread in threads:
        thread.join()


def test_stopping_does_not_wait_for_what_hangs(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox() as sandbox:
        sandbox.faults.add("hang")
        caller = Caller(sandbox.merchant_settings(), timeout=60)
        errors: list[Exception] = []
        thread = threading.Thread(target=cancel_into, args=[caller, errors])
        thread.start()
        sandbox.wait_for_calls(1)
    thread.join()
    assert isinstance(errors[0], ConnectionError)
    assert sandbox.ledger[0].status is None
    assert "Error" not in caplog.text


def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.url).port or 0
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port).start()


@pytest.fixture
def secure_sandbox(sandbox: Sandbox, tmp_path: Path) -> Iterator[Sandbox]:
    key_pem = sandbox.merchant_settings()["PRIVATE_KEY"]
    (tmp_path / "key.pem").write_text(key_pem)
    (tmp_path / "certificate.pem").write_bytes(server_certificate(key_pem))
    with Sandbox(tls=(tmp_path / "certificate.pem", tmp_path / "key.pem")) as secure:
        yield secure


def test_it_speaks_tls(secure_sandbox: Sandbox, tmp_path: Path) -> None:
    assert secure_sandbox.url.startswith("https://127.0.0.1:")
    ca = str(tmp_path / "certificate.pem")
    reply = requests.get(f"{secure_sandbox.url}/v3", verify=ca, timeout=10)
    assert reply.json()["code"] == "RESOURCE_NOT_EXISTS"


@pytest.mark.parametrize("fault", ["reset", "drop_after"])
def test_faults_work_over_tls(secure_sandbox: Sandbox, tmp_path: Path, fault: str) -> None:
    secure_sandbox.faults.add(fault)
    with pytest.raises(requests.ConnectionError):
        cancel_over_tls(secure_sandbox, tmp_path, timeout=10)
    assert secure_sandbox.ledger[0].carried_out


def test_over_tls_a_client_that_goes_is_noticed_too(
    secure_sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secure_sandbox.faults.add("hang")
    with pytest.raises(requests.ReadTimeout):
        cancel_over_tls(secure_sandbox, tmp_path, timeout=0.2)
    assert secure_sandbox.wait_for_calls(1, ended=True)[0].status is None
    secure_sandbox.stop()
    assert "ValueError" not in caplog.text


def test_over_tls_a_hanging_answer_comes_when_it_is_released(
    secure_sandbox: Sandbox, tmp_path: Path
) -> None:
    secure_sandbox.faults.add("hang")
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(cancel_over_tls, secure_sandbox, tmp_path, timeout=10)
        secure_sandbox.wait_for_calls(1)
        secure_sandbox.faults.release()
        assert reply.result().json()["result"] == "SUCCESS"


def cancel_into(caller: Caller, errors: list[Exception]) -> None:
    try:
        caller.cancel()
    except OSError as problem:
        errors.append(problem)


def cancel_over_tls(sandbox: Sandbox, folder: Path, *, timeout: float) -> requests.Response:
    caller = Caller(sandbox.merchant_settings())
    body = b'{"sub_mchid":"1","transaction_id":"2","description":"3"}'
    return requests.post(
        sandbox.url + CANCEL,
        data=body,
        headers=caller.headers("POST", CANCEL, body),
        verify=str(folder / "certificate.pem"),
        timeout=timeout,
    )


def connect(sandbox: Sandbox) -> socket.socket:
    address = urlsplit(sandbox.url)
    return socket.create_connection((address.hostname, address.port or 0), timeout=10)


def server_certificate(key_pem: str) -> bytes:
    key = private_key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_a_port_that_the_system_chose_can_be_bound_again_at_once():
    with Sandbox(keep_alive=1) as sandbox:
        url = sandbox.url
        with socket.create_connection(urlsplit(url).netloc.split(":")) as client:
            client.sendall(b"GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass  # the server closes first, and its end of the connection lingers
        sandbox.stop()
        sandbox.start()
        assert sandbox.url == url


def test_a_port_that_cannot_be_is_refused_and_nothing_hangs():
    with pytest.raises(OverflowError, match="0-65535"):
        Sandbox(port=99999).start()
