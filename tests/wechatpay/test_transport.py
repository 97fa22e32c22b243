import http.client
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
import requests

from wechat_subsidies.wechatpay import (
    Answer,
    ConfigurationError,
    Deadline,
    MalformedAnswer,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    connections,
    transport,
)
from wechat_subsidies.wechatpay.addresses import check_base_url, checked_proxies
from wechat_subsidies.wechatpay.deadlines import Call
from wechat_subsidies.wechatpay.transport import CHUNK, MAX_BODY, Transport

from .servers import Connection, Request, Server

Serve = Callable[..., Server]
TransportTo = Callable[..., Transport]


def ok(connection: Connection, request: Request) -> None:
    connection.answer(body=b"fine", headers={"Request-ID": "R1", "Wechatpay-Nonce": "N"})


def post(transport: Transport, body: bytes = b"{}", **options: object) -> Answer:
    headers = {"Authorization": "secret", "Accept": "application/json"}
    return transport.send(method="POST", path="/v3/x?a=%7C", headers=headers, body=body, **options)


def failed(transport: Transport, kind: type[NetworkError], **options: object) -> NetworkError:
    with pytest.raises(kind) as refused:
        post(transport, **options)
    assert type(refused.value).__mro__[1] is kind
    return refused.value


# What is sent, and what comes back


def test_the_request_is_sent_as_it_was_given(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    post(transport_to(server.url), "订".encode())
    (request,) = server.requests
    assert request.line == "POST /v3/x?a=%7C HTTP/1.1"
    assert request.body == "订".encode()
    assert request.headers == {
        "Host": server.host,
        "User-Agent": request.headers["User-Agent"],
        "Authorization": "secret",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Length": "3",
    }


def test_a_request_without_a_body_has_no_length(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    transport_to(server.url).send(method="GET", path="/v3/y", headers={})
    assert server.requests[0].line == "GET /v3/y HTTP/1.1"
    assert "Content-Length" not in server.requests[0].headers


def test_the_answer_holds_what_came_back(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    before = time.monotonic()
    answer = post(transport_to(server.url))
    assert (answer.http_status, answer.body, answer.host) == (200, b"fine", server.host)
    assert (answer.request_id, answer.key_id) == ("R1", None)
    assert answer.headers["request-id"] == "R1"
    assert answer.wechatpay_headers() == {"Wechatpay-Nonce": "N"}
    assert 0 < answer.elapsed <= time.monotonic() - before


def test_neither_headers_nor_body_are_in_an_answers_repr(
    serve: Serve, transport_to: TransportTo
) -> None:
    shown = repr(post(transport_to(serve(ok).url)))
    assert "fine" not in shown
    assert "R1" not in shown


def test_any_status_is_an_answer_and_no_redirect_is_followed(
    serve: Serve, transport_to: TransportTo
) -> None:
    def redirect(connection: Connection, request: Request) -> None:
        connection.answer(302, headers={"Location": "/elsewhere", "Set-Cookie": "a=b"})

    server = serve(redirect)
    transport = transport_to(server.url)
    assert [post(transport).http_status for _ in range(2)] == [302, 302]
    assert {request.path for request in server.requests} == {"/v3/x?a=%7C"}
    assert not any("Cookie" in request.headers for request in server.requests)


def test_neither_netrc_nor_cookies_are_added(
    serve: Serve, transport_to: TransportTo, tmp_path: os.PathLike[str], monkeypatch: object
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(ok)
    post(transport_to(server.url))
    assert server.requests[0].headers["Authorization"] == "secret"


def test_a_connection_is_used_again(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    for _ in range(3):
        post(transport)
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    post(transport)
    # A second before WeChat Pay closes it.
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 7)
    monkeypatch.setattr(connections, "time", later)
    post(transport)
    assert server.connections == 2


def wait_until_heard(transport: Transport) -> None:
    """Wait until the kernel has brought what the server last did to the kept connection."""
    (kept,) = [
        each for each in transport._wire.session.adapters["https://"]._pool.pool.queue if each
    ]
    select.select([kept.sock], [], [], 10)


def test_a_connection_that_the_server_closed_is_replaced(
    serve: Serve, transport_to: TransportTo
) -> None:
    closed = threading.Event()

    def answer_and_close(connection: Connection, request: Request) -> None:
        connection.answer()
        connection.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    server = serve(answer_and_close)
    transport = transport_to(server.url)
    post(transport)
    closed.wait(10)
    wait_until_heard(transport)
    assert post(transport).http_status == 200
    assert server.connections == 2


@pytest.fixture
def dying_connections(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose kept connections die after the pool handed them out, before a byte is sent."""

    def answer(connection: Connection, request: Request) -> None:
        kept[connection.sock.getpeername()[1]] = connection.sock
        if request.body == b"wait":
            both.wait(10)
        ok(connection, request)

    def late(connection: connections.HTTPConnection, *args: object, **options: object) -> None:
        if connection.sock:
            kept[connection.sock.getsockname()[1]].shutdown(socket.SHUT_RDWR)
            while connection.is_connected:
                pass
        put_request(connection, *args, **options)

    kept: dict[int, socket.socket] = {}
    both = threading.Barrier(2)
    put_request = connections.HTTPConnection.putrequest
    monkeypatch.setattr(connections.HTTPConnection, "putrequest", late)
    return serve(answer)


def test_a_kept_connection_found_dead_before_a_byte_was_sent_is_replaced(
    dying_connections: Server, transport_to: TransportTo
) -> None:
    transport = transport_to(dying_connections.url)
    assert [post(transport).body for _ in range(3)] == [b"fine"] * 3
    assert (dying_connections.connections, len(dying_connections.requests)) == (3, 3)


def test_what_replaces_a_dead_connection_is_a_new_one(
    dying_connections: Server, transport_to: TransportTo
) -> None:
    transport = transport_to(dying_connections.url)
    threads = [threading.Thread(target=post, args=(transport, b"wait")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert post(transport).body == b"fine"
    assert dying_connections.connections == 3


def test_a_host_that_is_gone_behind_a_dead_connection_is_an_outage(
    dying_connections: Server, transport_to: TransportTo
) -> None:
    transport = transport_to(dying_connections.url)
    post(transport)
    dying_connections.stop_listening()
    error = failed(transport, NotSent)
    assert error.is_outage
    assert "Connection refused" in str(error)


def test_a_replaced_connection_is_cut_at_the_deadline_too(
    dying_connections: Server, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = transport_to(dying_connections.url, timeout=(20, 20))
    post(transport)
    monkeypatch.setattr(dying_connections, "_handler", lambda connection, _: connection.drip())
    error = failed(transport, OutcomeUnknown, deadline=Deadline.after(start=20, end=0.5))
    assert "deadline" in str(error)


def test_a_closed_transport_opens_new_connections(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    post(transport)
    transport.close()
    post(transport)
    assert server.connections == 2


def test_a_closed_transport_leaves_no_connection_open(
    serve: Serve, transport_to: TransportTo
) -> None:
    def answer_and_wait(connection: Connection, request: Request) -> None:
        ok(connection, request)
        if connection.sock.recv(1) == b"":
            ended.set()

    ended = threading.Event()
    transport = transport_to(serve(answer_and_wait).url)
    post(transport)
    transport.close()
    assert ended.wait(5)


def test_another_process_number_means_another_pool(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    post(transport)
    parents = transport._wire
    monkeypatch.setattr(os, "getpid", lambda: -1)
    post(transport)
    assert server.connections == 2
    parents.session.close()


def test_a_forked_process_has_connections_and_a_watchdog_of_its_own(serve: Serve) -> None:
    def drip_second(connection: Connection, request: Request) -> None:
        ok(connection, request) if len(server.requests) < 3 else connection.drip()

    server = serve(drip_second)
    command = [sys.executable, "-c", FORKING, server.url]
    python = subprocess.run(command, capture_output=True, text=True, check=True)
    assert python.stdout.split("\n") == ["parent 200", "child 200", "child cut at its deadline", ""]
    assert server.connections == 2


FORKING = """
import os, sys
from wechat_subsidies.wechatpay import Deadline, OutcomeUnknown
from wechat_subsidies.wechatpay.transport import Transport

transport = Transport(base_url=sys.argv[1], timeout=(20, 20))
first = transport.send(method="GET", path="/", headers={})
print("parent", first.http_status, flush=True)
if os.fork() == 0:
    print("child", transport.send(method="GET", path="/", headers={}).http_status, flush=True)
    try:
        transport.send(
            method="GET", path="/", headers={}, deadline=Deadline.after(start=20, end=0.3)
        )
    except OutcomeUnknown as error:
        print("child", "cut at its deadline" if "deadline" in str(error) else error, flush=True)
    os._exit(0)
os.wait()
"""


def test_threads_share_a_transport(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(lambda connection, request: connection.answer(body=request.body))
    transport = transport_to(server.url, pool_size=4)
    wrong = []

    def work(name: int) -> None:
        for number in range(20):
            body = f"{name}/{number}".encode()
            if post(transport, body).body != body:
                wrong.append(body)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(server.requests) == 80


def test_tls_works_with_an_authority_of_ones_own(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext, ca_bundle: str
) -> None:
    server = serve(ok, tls=server_tls)
    transport = transport_to(server.url, ca_bundle=ca_bundle)
    assert [post(transport).body for _ in range(2)] == [b"fine", b"fine"]
    assert server.connections == 1


def end(connection: Connection) -> None:
    connection.sock.shutdown(socket.SHUT_WR)


def forget_tls(connection: Connection) -> None:
    os.write(connection.sock.fileno(), b"HTTP/1.1 408 Request Timeout\r\n\r\n")


@pytest.mark.parametrize("ending", [end, Connection.reset, forget_tls])
def test_a_tls_connection_that_the_server_ended_is_replaced(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    ending: Callable[[Connection], None],
) -> None:
    answered, ended = threading.Event(), threading.Event()

    def answer_and_end(connection: Connection, request: Request) -> None:
        ok(connection, request)
        if not ended.is_set():
            answered.wait(10)
            ending(connection)
            ended.set()

    server = serve(answer_and_end, tls=server_tls)
    transport = transport_to(server.url, ca_bundle=ca_bundle)
    post(transport)
    answered.set()
    ended.wait(10)
    wait_until_heard(transport)
    assert post(transport).body == b"fine"
    assert server.connections == 2


# Nothing was sent


def test_a_refused_connection_is_not_sent(transport_to: TransportTo, refusing_url: str) -> None:
    error = failed(transport_to(refusing_url), NotSent)
    assert error.is_outage
    assert isinstance(error, requests.ConnectionError)
    assert error.outcome_known is True
    assert "ConnectionRefusedError: " in str(error)
    assert "Connection refused" in str(error)
    assert "HTTPConnectionPool" not in str(error)


def test_a_name_that_does_not_resolve_is_not_sent(transport_to: TransportTo) -> None:
    error = failed(transport_to("https://wechatpay.invalid"), NotSent)
    assert isinstance(error, requests.ConnectionError)
    assert "wechatpay.invalid" in str(error)


@pytest.fixture
def silent_url() -> Iterator[str]:
    """The URL of a listener whose queue is full, so that nobody gets connected any more."""
    with socket.socket() as full, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        second.setblocking(False)
        with socket.create_connection(full.getsockname()):
            second.connect_ex(full.getsockname())
            yield f"http://127.0.0.1:{full.getsockname()[1]}"


def test_a_host_that_does_not_answer_is_a_connect_timeout(
    transport_to: TransportTo, silent_url: str
) -> None:
    error = failed(transport_to(silent_url, timeout=(0.2, 5)), NotSent)
    assert isinstance(error, requests.ConnectTimeout)
    assert error.is_outage


def test_start_by_bounds_the_connect_timeout(transport_to: TransportTo, silent_url: str) -> None:
    transport = transport_to(silent_url, timeout=(3, 3))
    error = failed(transport, NotSent, deadline=Deadline.after(start=0.2, end=9))
    assert "connect timeout=0." in str(error.__cause__)
    assert not error.is_outage


def test_a_certificate_that_nobody_vouches_for_is_not_sent(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext
) -> None:
    server = serve(ok, tls=server_tls)
    error = failed(transport_to(server.url), NotSent)
    assert isinstance(error, requests.exceptions.SSLError)
    assert server.requests == []


def test_a_handshake_that_breaks_is_not_sent(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext, ca_bundle: str
) -> None:
    def reset_at_hello(connection: Connection) -> None:
        connection.sock.recv(1)
        connection.reset()

    server = serve(ok, tls=server_tls, first=reset_at_hello)
    assert failed(transport_to(server.url, ca_bundle=ca_bundle), NotSent).outcome_known


def test_a_missing_ca_bundle_is_not_sent(transport_to: TransportTo) -> None:
    error = failed(transport_to("https://127.0.0.1:1", ca_bundle="/no/such/bundle.pem"), NotSent)
    assert isinstance(error, requests.RequestException)
    assert "/no/such/bundle.pem" in str(error)


def test_a_header_that_cannot_be_sent_is_not_sent(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(ok)
    with pytest.raises(NotSent) as refused:
        transport_to(server.url).send(method="GET", path="/", headers={"User-Agent": "a\nb"})
    assert not refused.value.is_outage
    assert server.requests == []


def test_a_call_whose_start_has_passed_does_not_even_connect(
    serve: Serve, transport_to: TransportTo
) -> None:
    server = serve(ok)
    error = failed(transport_to(server.url), NotSent, deadline=Deadline.after(start=-1, end=9))
    assert isinstance(error, requests.ConnectTimeout)
    assert "deadline" in str(error)
    assert server.connections == 0


def test_a_call_whose_end_has_passed_does_not_even_connect(
    serve: Serve, transport_to: TransportTo
) -> None:
    server = serve(ok)
    error = failed(transport_to(server.url), NotSent, deadline=Deadline.after(start=9, end=-1))
    assert "deadline" in str(error)
    assert server.connections == 0


def test_no_byte_is_written_after_start_by_however_long_connecting_took(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    connect = connections.HTTPConnection.connect

    def slowly(connection: connections.HTTPConnection) -> None:
        connect(connection)
        while time.monotonic() < deadline.start_by:
            pass

    monkeypatch.setattr(connections.HTTPConnection, "connect", slowly)
    deadline = Deadline.after(start=0.1, end=10)
    failed(transport, NotSent, deadline=deadline)
    server.stop()
    assert (server.connections, server.requests) == (1, [])


def test_a_kept_connection_is_asked_about_start_by_as_well(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(ok)
    transport = transport_to(server.url)
    post(transport)
    put_request = connections.HTTPConnection.putrequest

    def slowly(*args: object, **options: object) -> None:
        put_request(*args, **options)
        while time.monotonic() < deadline.start_by:
            pass

    monkeypatch.setattr(connections.HTTPConnection, "putrequest", slowly)
    deadline = Deadline.after(start=0.1, end=10)
    failed(transport, NotSent, deadline=deadline)
    assert (server.connections, len(server.requests)) == (1, 1)


def test_a_request_is_written_by_one_write(serve: Serve, transport_to: TransportTo) -> None:
    arrived = []

    def look(connection: Connection) -> None:
        arrived.append(connection.sock.recv(65_536, socket.MSG_PEEK))

    server = serve(ok, first=look)
    assert post(transport_to(server.url), b"body").body == b"fine"
    assert arrived[0].startswith(b"POST ")
    assert arrived[0].endswith(b"\r\n\r\nbody")


def test_a_handshake_that_drips_is_left_at_the_deadline_and_nothing_was_sent(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext, ca_bundle: str
) -> None:
    def drip_a_record(connection: Connection) -> None:
        connection.sock.recv(1)
        connection.write(b"\x16\x03\x03\x3f\xff")  # 16 KiB of handshake are to follow
        connection.drip()
        dripped_to_the_end.append(connection)

    dripped_to_the_end: list[Connection] = []
    server = serve(ok, tls=server_tls, first=drip_a_record)
    transport = transport_to(server.url, ca_bundle=ca_bundle, timeout=(20, 20))
    error = failed(transport, NotSent, deadline=Deadline.after(start=20, end=0.3))
    assert "deadline" in str(error)
    assert dripped_to_the_end == []
    assert server.requests == []


def test_a_handshake_that_never_ends_is_ended_at_the_deadline_and_not_sent(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext, ca_bundle: str
) -> None:
    server = serve(ok, tls=server_tls, first=Connection.hang)
    transport = transport_to(server.url, ca_bundle=ca_bundle, timeout=(20, 20))
    failed(transport, NotSent, deadline=Deadline.after(start=20, end=0.2))
    assert server.requests == []


# Something was sent


def truncate(connection: Connection, request: Request) -> None:
    connection.answer(body=b"half", length=8)
    connection.sock.shutdown(socket.SHUT_RDWR)


def truncate_chunks(connection: Connection, request: Request) -> None:
    connection.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    connection.sock.shutdown(socket.SHUT_RDWR)


def close(connection: Connection, request: Request) -> None:
    connection.sock.shutdown(socket.SHUT_RDWR)


def reset(connection: Connection, request: Request) -> None:
    connection.reset()


def babble(connection: Connection, request: Request) -> None:
    connection.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def long_header(connection: Connection, request: Request) -> None:
    connection.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n")


def many_headers(connection: Connection, request: Request) -> None:
    connection.answer(headers={f"X-{number}": "x" for number in range(200)})


def wrong_coding(connection: Connection, request: Request) -> None:
    connection.answer(body=b"not gzip", headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "fault",
    [
        truncate,
        truncate_chunks,
        close,
        reset,
        babble,
        long_header,
        many_headers,
        wrong_coding,
    ],
)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_an_answer_that_does_not_arrive_whole_is_unknown_and_asked_for_once(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    fault: Callable[..., None],
    secure: bool,
) -> None:
    server = serve(fault, tls=server_tls if secure else None)
    error = failed(transport_to(server.url, ca_bundle=ca_bundle), OutcomeUnknown)
    assert isinstance(error, requests.RequestException)
    assert error.outcome_known is False
    assert len(server.requests) == 1


def test_a_kept_connection_that_dies_under_a_request_is_unknown_and_not_tried_again(
    serve: Serve, transport_to: TransportTo
) -> None:
    def second_time_unlucky(connection: Connection, request: Request) -> None:
        ok(connection, request) if len(server.requests) == 1 else connection.reset()

    server = serve(second_time_unlucky)
    transport = transport_to(server.url)
    post(transport)
    failed(transport, OutcomeUnknown)
    assert (server.connections, len(server.requests)) == (1, 2)


def test_silence_is_a_read_timeout(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(lambda connection, request: connection.hang())
    error = failed(transport_to(server.url, timeout=(5, 0.2)), OutcomeUnknown)
    assert isinstance(error, requests.ReadTimeout)
    assert isinstance(error.__cause__, requests.ReadTimeout)


def test_the_end_of_the_call_bounds_the_read_timeout(
    serve: Serve, transport_to: TransportTo
) -> None:
    server = serve(lambda connection, request: connection.hang())
    transport = transport_to(server.url, timeout=(20, 20))
    error = failed(transport, OutcomeUnknown, deadline=Deadline.after(start=20, end=0.2))
    assert isinstance(error, requests.ReadTimeout)


DRIPPING_HEADS = {
    "framed": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "closing": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n",
    "unframed": b"HTTP/1.0 200 OK\r\n\r\n",
    "in the head": b"HTTP/1.1 200 OK\r\nX: ",
    "before the head": b"",
}


@pytest.mark.parametrize("head", DRIPPING_HEADS.values(), ids=DRIPPING_HEADS)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_a_dripping_server_is_left_at_the_deadline(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    head: bytes,
    secure: bool,
) -> None:
    def drip(connection: Connection, request: Request) -> None:
        connection.write(head)
        connection.drip()
        dripped_to_the_end.append(request)

    dripped_to_the_end: list[Request] = []
    server = serve(drip, tls=server_tls if secure else None)
    transport = transport_to(server.url, ca_bundle=ca_bundle, timeout=(20, 20))
    error = failed(transport, OutcomeUnknown, deadline=Deadline.after(start=20, end=0.4))
    assert isinstance(error, requests.ReadTimeout)
    assert "deadline" in str(error)
    assert dripped_to_the_end == []


def test_a_dripping_server_is_left_on_a_kept_connection_too(
    serve: Serve, transport_to: TransportTo
) -> None:
    def drip_second(connection: Connection, request: Request) -> None:
        if len(server.requests) == 1:
            ok(connection, request)
        else:
            connection.drip()
            dripped_to_the_end.append(request)

    dripped_to_the_end: list[Request] = []
    server = serve(drip_second)
    transport = transport_to(server.url, timeout=(20, 20))
    post(transport)
    error = failed(transport, OutcomeUnknown, deadline=Deadline.after(start=20, end=0.3))
    assert "deadline" in str(error)
    assert dripped_to_the_end == []
    assert server.connections == 1


def test_a_call_without_a_deadline_has_one_of_its_own(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wechat_subsidies.wechatpay.transport.MARGIN", 0.1)

    def drip(connection: Connection, request: Request) -> None:
        connection.write(DRIPPING_HEADS["framed"])
        connection.drip()

    error = failed(transport_to(serve(drip).url, timeout=(0.1, 0.2)), OutcomeUnknown)
    assert "deadline" in str(error)


def test_a_cut_call_harms_no_other(serve: Serve, transport_to: TransportTo) -> None:
    def drip_first(connection: Connection, request: Request) -> None:
        connection.drip() if request.body == b"drip" else ok(connection, request)

    transport = transport_to(serve(drip_first).url)
    with pytest.raises(OutcomeUnknown):
        post(transport, b"drip", deadline=Deadline.after(start=5, end=0.2))
    assert post(transport).body == b"fine"


def test_a_call_is_not_cut_any_more_once_its_connection_is_back_in_the_pool(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_cut(response: requests.Response, *, call: Call) -> bytes:
        content = response.content
        call.cut()
        return content

    server = serve(ok)
    transport = transport_to(server.url)
    monkeypatch.setattr("wechat_subsidies.wechatpay.transport._content", read_and_cut)
    assert [post(transport).body for _ in range(2)] == [b"fine", b"fine"]
    assert server.connections == 1


WHOLE_BODIES = {
    "by length": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
    "by chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("answer", WHOLE_BODIES.values(), ids=WHOLE_BODIES)
def test_an_answer_that_came_whole_before_the_call_was_cut_is_an_answer(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    def cut_and_read(response: requests.Response, *, call: Call) -> bytes:
        call.cut()
        return read(response, call=call)

    read = transport._content
    monkeypatch.setattr(transport, "_content", cut_and_read)
    server = serve(lambda connection, request: connection.write(answer))
    assert post(transport_to(server.url)).body == b"fine"


def test_an_answer_that_ends_with_its_connection_is_read(
    serve: Serve, transport_to: TransportTo
) -> None:
    def answer_and_end(connection: Connection, request: Request) -> None:
        connection.write(b"HTTP/1.0 200 OK\r\n\r\nfine")
        end(connection)

    assert post(transport_to(serve(answer_and_end).url)).body == b"fine"


@pytest.mark.parametrize("length", [MAX_BODY + 1, 4_000_000])
def test_an_answer_is_read_up_to_a_bound(
    serve: Serve, transport_to: TransportTo, length: int
) -> None:
    server = serve(lambda connection, request: connection.answer(body=b"x" * length))
    with pytest.raises(MalformedAnswer, match=f"longer than {MAX_BODY}") as refused:
        post(transport_to(server.url))
    assert refused.value.outcome_known is False
    assert len(refused.value.answer.body) == MAX_BODY


def test_what_is_beyond_the_bound_is_not_waited_for(
    serve: Serve, transport_to: TransportTo
) -> None:
    def answer_and_hang(connection: Connection, request: Request) -> None:
        connection.answer(body=b"x" * (MAX_BODY + CHUNK), length=4_000_000)
        connection.hang()

    with pytest.raises(MalformedAnswer):
        post(transport_to(serve(answer_and_hang).url, timeout=(5, 0.5)))


def test_an_answer_as_long_as_the_bound_is_read(serve: Serve, transport_to: TransportTo) -> None:
    server = serve(lambda connection, request: connection.answer(body=b"x" * MAX_BODY))
    assert len(post(transport_to(server.url)).body) == MAX_BODY


def test_an_error_does_not_lead_to_the_authorization(
    transport_to: TransportTo, refusing_url: str
) -> None:
    error = failed(transport_to(refusing_url), NotSent)
    assert error.request.url == f"{refusing_url}/v3/x?a=%7C"
    assert "Authorization" not in error.request.headers
    assert error.__cause__.request is error.request


def test_a_byte_that_is_sent_by_another_way_is_known_of(serve: Serve) -> None:
    """As by a urllib3 that writes what follows a request, or precedes one, by itself."""
    call = Call(Deadline.after(start=5, end=10))
    server = serve(ok)
    connection = connections.ObservedConnection(server.host)
    with connections.in_hand(call):
        connection.putrequest("POST", "/v3/x")
        connection.putheader("Content-Length", "2")
        assert not call.first_byte_written
        connection.endheaders()
        assert call.first_byte_written
        # What has begun is not begun again: neither too late by now, nor on another connection.
        call.deadline = replace(call.deadline, start_by=0, slot=0)
        connection.send(b"{}")
        assert http.client.HTTPConnection.getresponse(connection).read() == b"fine"
        connection.close()
        with pytest.raises(http.client.NotConnected):
            connection.send(b"{}")
    assert [request.body for request in server.requests] == [b"{}"]
    assert server.connections == 1


# Proxies


def tunnel(to: str) -> Callable[[Connection], None]:
    """A proxy that answers CONNECT and becomes the server itself."""

    def connect(connection: Connection) -> None:
        while not connection.sock.recv(4096).endswith(b"\r\n\r\n"):
            pass
        connection.write(to.encode())

    return connect


def test_what_is_said_to_a_proxy_is_not_the_request(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = serve(ok, tls=server_tls, first=tunnel("HTTP/1.1 403 No\r\n\r\n"))
    monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
    error = failed(transport_to("https://wechatpay.invalid", ca_bundle=ca_bundle), NotSent)
    assert isinstance(error, requests.exceptions.ProxyError)
    assert "403 No" in str(error)


def test_a_request_goes_through_a_proxys_tunnel(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = serve(ok, tls=server_tls, first=tunnel("HTTP/1.1 200 Yes\r\n\r\n"))
    monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
    transport = transport_to("https://wechatpay.invalid", ca_bundle=ca_bundle)
    assert [post(transport).body for _ in range(2)] == [b"fine", b"fine"]
    assert proxy.connections == 1


def test_a_proxy_that_drips_is_left_at_the_deadline_and_nothing_was_sent(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(ok, first=Connection.drip)
    monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
    transport = transport_to("https://wechatpay.invalid", timeout=(20, 20))
    error = failed(transport, NotSent, deadline=Deadline.after(start=20, end=0.3))
    assert "deadline" in str(error)


def test_a_plain_request_goes_to_the_proxy(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(ok)
    monkeypatch.setenv("http_proxy", proxy.host)
    transport = transport_to("http://wechatpay.invalid", allow_http=True)
    assert post(transport).body == b"fine"
    assert proxy.requests[0].line == "POST http://wechatpay.invalid/v3/x?a=%7C HTTP/1.1"


def test_loopback_is_not_asked_through_a_proxy(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://wechatpay.invalid")
    assert post(transport_to(serve(ok).url)).body == b"fine"


@pytest.mark.parametrize("proxy", ["http://proxy:3128", "https://proxy:3129"])
def test_a_proxy_is_spoken_to_with_tls_or_without(proxy: str) -> None:
    assert checked_proxies("https://wechatpay.invalid", {"https": proxy}) == {"https": proxy}


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "http://user:pass word@[::1"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ConfigurationError) as refused:
        transport_to("https://wechatpay.invalid")
    assert refused.value.code == "proxy_invalid"
    assert "wechatpay.invalid" in str(refused.value)
    assert "pass" not in str(refused.value)
    assert refused.value.__cause__ is None


# Settings


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://api.mch.weixin.qq.com", "https://api.mch.weixin.qq.com"),
        ("https://api.mch.weixin.qq.com/", "https://api.mch.weixin.qq.com"),
        ("https://wechatpay.test:8443", "https://wechatpay.test:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_https_or_loopback(url: str, checked: str) -> None:
    assert check_base_url(url) == checked


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://api.mch.weixin.qq.com", "base_url_not_https"),
        ("http://localhost.evil.example", "base_url_not_https"),
        ("http://10.0.0.1", "base_url_not_https"),
        ("ftp://127.0.0.1", "base_url_invalid"),
        ("api.mch.weixin.qq.com", "base_url_invalid"),
        ("https://", "base_url_invalid"),
        ("", "base_url_invalid"),
        (None, "base_url_invalid"),
        (5, "base_url_invalid"),
        ("https://host:port", "base_url_invalid"),
        ("https://host:0", "base_url_invalid"),
        ("https://[::1", "base_url_invalid"),
        ("https://host/v3", "base_url_invalid"),
        ("https://host?a=b", "base_url_invalid"),
        ("https://host#a", "base_url_invalid"),
        ("https://user:password@host", "base_url_invalid"),
    ],
)
def test_any_other_base_url_is_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_base_url(url)
    assert refused.value.code == code
    assert str(refused.value).startswith("The base URL ")
    assert "password" not in str(refused.value)


def test_plain_http_elsewhere_has_to_be_allowed() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Transport(base_url="http://gateway.test")
    assert refused.value.code == "base_url_not_https"
    assert check_base_url("http://gateway.test", allow_http=True) == "http://gateway.test"


@pytest.mark.parametrize(
    "timeout",
    [
        5,
        None,
        (5,),
        (0, 5),
        (5, 0),
        (5, -1),
        (5, float("inf")),
        (float("inf"), 5),
        (float("nan"), 5),
        ("a", 5),
    ],
)
def test_a_timeout_is_finite(timeout: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Transport(base_url="https://host", timeout=timeout)
    assert refused.value.code == "timeout_invalid"
    assert "(connect, read)" in str(refused.value)
