import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from wechat_subsidies.wechatpay import (
    Answer,
    Deadline,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    failover,
)
from wechat_subsidies.wechatpay.failover import Failover
from wechat_subsidies.wechatpay.transport import Transport

from .servers import Connection, Request, Server

Serve = Callable[..., Server]
TransportTo = Callable[..., Transport]


def ok(connection: Connection, request: Request) -> None:
    connection.answer(body=b"fine")


@pytest.fixture
def backup(serve: Serve) -> Server:
    return serve(ok)


@pytest.fixture
def not_listening() -> Iterator[socket.socket]:
    """A socket that refuses connections as long as it does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def dead_url(not_listening: socket.socket) -> str:
    return f"http://127.0.0.1:{not_listening.getsockname()[1]}"


@pytest.fixture
def revive(serve: Serve, not_listening: socket.socket) -> Callable[[], Server]:
    """Have the dead primary serve."""

    def start() -> Server:
        not_listening.listen()
        return serve(ok, listener=not_listening)

    return start


@pytest.fixture
def hosts(transport_to: TransportTo, dead_url: str, backup: Server) -> Failover:
    """A primary that is out of reach, and its backup."""
    return Failover(transport_to(dead_url), transport_to(backup.url))


def post(hosts: Failover, *, start: float = 5, end: float = 5, **options: object) -> Answer:
    return hosts.send(
        method="POST",
        path="/v3/x",
        headers={"Authorization": "signed", **options},
        body=b"{}",
        deadline=Deadline.after(start=start, end=end),
    )


def failed(hosts: Failover, kind: type[NetworkError], **options: object) -> NetworkError:
    with pytest.raises(kind) as refused:
        post(hosts, **options)
    return refused.value


def test_while_the_primary_is_there_the_backup_is_left_alone(
    serve: Serve, transport_to: TransportTo, backup: Server
) -> None:
    primary = serve(ok)
    hosts = Failover(transport_to(primary.url), transport_to(backup.url))
    assert [post(hosts).host for _ in range(2)] == [primary.host] * 2
    assert backup.connections == 0


def test_what_could_not_be_sent_goes_to_the_backup_as_it_is(
    hosts: Failover, backup: Server
) -> None:
    assert post(hosts).host == backup.host
    (request,) = backup.requests
    assert (request.path, request.body) == ("/v3/x", b"{}")
    assert request.headers["Authorization"] == "signed"


def test_a_handshake_that_fails_goes_to_the_backup(
    serve: Serve, transport_to: TransportTo, server_tls: ssl.SSLContext, backup: Server
) -> None:
    untrusted = serve(ok, tls=server_tls)
    hosts = Failover(transport_to(untrusted.url), transport_to(backup.url))
    assert post(hosts).host == backup.host
    assert untrusted.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        lambda connection, request: connection.reset(),
        lambda connection, request: connection.answer(body=b"x", length=9) or connection.reset(),
    ],
    ids=["reset", "truncated"],
)
def test_what_was_sent_to_the_primary_never_goes_to_the_backup(
    serve: Serve,
    transport_to: TransportTo,
    backup: Server,
    fault: Callable[[Connection, Request], None],
) -> None:
    primary = serve(fault)
    hosts = Failover(transport_to(primary.url), transport_to(backup.url))
    for _ in range(2):
        failed(hosts, OutcomeUnknown)
    assert (len(primary.requests), backup.connections) == (2, 0)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_that_was_answered_is_no_reason_to_ask_the_backup(
    serve: Serve, transport_to: TransportTo, backup: Server, status: int
) -> None:
    primary = serve(lambda connection, request: connection.answer(status))
    hosts = Failover(transport_to(primary.url), transport_to(backup.url))
    assert post(hosts).http_status == status
    assert backup.connections == 0


def test_an_error_about_both_hosts_names_both(
    transport_to: TransportTo, dead_url: str, backup: Server
) -> None:
    backup.stop_listening()
    hosts = Failover(transport_to(dead_url), transport_to(backup.url))
    error = failed(hosts, NotSent)
    assert dead_url.removeprefix("http://") in str(error)
    assert backup.host in str(error)
    assert isinstance(error, requests.ConnectionError)
    assert error.outcome_known is True


def test_what_the_backup_got_is_unknown_and_both_hosts_are_named(
    serve: Serve, transport_to: TransportTo, dead_url: str
) -> None:
    backup = serve(lambda connection, request: connection.reset())
    error = failed(Failover(transport_to(dead_url), transport_to(backup.url)), OutcomeUnknown)
    assert dead_url.removeprefix("http://") in str(error)
    assert backup.host in str(error)
    assert error.outcome_known is False


def test_without_a_backup_an_outage_is_not_sent(transport_to: TransportTo, dead_url: str) -> None:
    hosts = Failover(transport_to(dead_url))
    assert "Before that" not in str(failed(hosts, NotSent))
    failed(hosts, NotSent)


def test_with_too_little_time_left_there_is_no_second_try(hosts: Failover, backup: Server) -> None:
    failed(hosts, NotSent, start=failover.ENOUGH)
    assert backup.connections == 0


def test_a_call_that_came_too_late_is_no_outage(
    serve: Serve, transport_to: TransportTo, backup: Server
) -> None:
    primary = serve(ok)
    hosts = Failover(transport_to(primary.url), transport_to(backup.url))
    failed(hosts, NotSent, start=-1)
    assert post(hosts).host == primary.host


def test_a_header_that_cannot_be_sent_goes_nowhere(
    serve: Serve, transport_to: TransportTo, backup: Server
) -> None:
    hosts = Failover(transport_to(serve(ok).url), transport_to(backup.url))
    assert "Before that" not in str(failed(hosts, NotSent, Accept="a\nb"))
    assert backup.connections == 0


def test_for_a_minute_after_an_outage_the_backup_is_tried_first(
    hosts: Failover, backup: Server, revive: Callable[[], Server]
) -> None:
    post(hosts)
    revived = revive()
    assert post(hosts).host == backup.host
    assert revived.connections == 0


def test_after_a_minute_the_primary_is_tried_first_again(
    hosts: Failover, revive: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover, "DOWN_FOR", 0)
    post(hosts)
    revived = revive()
    assert post(hosts).host == revived.host


def test_a_backup_that_fails_in_that_minute_leads_back_to_the_primary(
    hosts: Failover, backup: Server, revive: Callable[[], Server]
) -> None:
    post(hosts)
    backup.stop()
    revived = revive()
    assert post(hosts).host == revived.host
    assert time.monotonic() > hosts._primary_is_down_until


def test_a_connection_is_made_to_the_host_that_the_next_call_goes_to(
    serve: Serve, transport_to: TransportTo, dead_url: str
) -> None:
    connected = threading.Event()
    backup = serve(ok, first=lambda connection: connected.set())
    hosts = Failover(transport_to(dead_url), transport_to(backup.url))
    hosts.connect(deadline=Deadline.after(start=5, end=5))
    assert connected.wait(5)
    assert post(hosts).host == backup.host
    assert (backup.connections, len(backup.requests)) == (1, 1)


def test_a_connection_is_not_made_after_the_time_for_it(
    serve: Serve, transport_to: TransportTo
) -> None:
    primary = serve(ok)
    with pytest.raises(NotSent):
        Failover(transport_to(primary.url)).connect(deadline=Deadline.after(start=-1, end=5))
    assert primary.connections == 0


def test_a_deadline_that_is_not_given_has_time_for_both_hosts(
    transport_to: TransportTo, dead_url: str
) -> None:
    primary, backup = (transport_to(dead_url, timeout=(3, 4)) for _ in range(2))
    now = time.monotonic()
    alone, together = Failover(primary), Failover(primary, backup)
    assert alone.default_deadline().start_by - now == pytest.approx(5, abs=1)
    assert together.default_deadline().start_by - now == pytest.approx(8, abs=1)
    assert together.default_deadline().end_by - now == pytest.approx(12, abs=1)


def test_closing_closes_the_connections_to_both(
    serve: Serve, transport_to: TransportTo, backup: Server
) -> None:
    primary = serve(ok)
    to_primary, to_backup = transport_to(primary.url), transport_to(backup.url)
    for host in (Failover(to_primary, to_backup), Failover(to_backup, to_primary)):
        post(host)
        host.close()
        post(host)
    assert (primary.connections, backup.connections) == (2, 2)
