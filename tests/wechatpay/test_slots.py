"""Calls that begin at a certain moment, on a connection made before, or not at all."""

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace

import pytest

from wechat_subsidies.wechatpay import Answer, Deadline, NotSent, SlotMissed, connections
from wechat_subsidies.wechatpay.deadlines import Call, SlotPassed
from wechat_subsidies.wechatpay.transport import Transport

from .servers import Connection, Request, Server
from .test_transport import tunnel

Serve = Callable[..., Server]
TransportTo = Callable[..., Transport]


def ok(connection: Connection, request: Request) -> None:
    connection.answer(body=b"fine")


def in_slot(transport: Transport, *, seconds: float) -> Answer:
    """Make a call whose slot is so many seconds from now."""
    now = time.monotonic()
    deadline = Deadline(start_by=now + 5, end_by=now + 10, slot=now + seconds)
    return transport.send(method="POST", path="/x", headers={}, body=b"{}", deadline=deadline)


def in_next_slot(transport: Transport) -> Answer:
    """Make a call whose slot is to come, in one after that if this thread wakes up too late for it."""
    for seconds in (0.1, 0.2, 0.4, 0.8, 1.6):
        with suppress(SlotMissed):
            return in_slot(transport, seconds=seconds)
    return in_slot(transport, seconds=3.2)


@pytest.fixture(params=["http", "https"])
def transport(
    request: pytest.FixtureRequest,
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
) -> tuple[Transport, Server]:
    """A transport and the server it leads to, with and without TLS."""
    tls = server_tls if request.param == "https" else None
    server = serve(ok, tls=tls)
    return transport_to(server.url, ca_bundle=ca_bundle if tls else None), server


def test_a_call_waits_for_its_slot(transport: tuple[Transport, Server]) -> None:
    slot = time.monotonic() + 0.1  # of the first try
    in_next_slot(transport[0])
    assert time.monotonic() >= slot


def test_a_call_whose_slot_has_passed_is_not_sent(transport: tuple[Transport, Server]) -> None:
    with pytest.raises(SlotMissed) as missed:
        in_slot(transport[0], seconds=-0.011)
    assert (missed.value.outcome_known, missed.value.is_outage) == (True, False)
    assert transport[1].requests == []


def test_the_connection_of_a_missed_slot_serves_the_next_call(
    transport: tuple[Transport, Server],
) -> None:
    to_server, server = transport
    for _ in range(3):
        with pytest.raises(SlotMissed):
            in_slot(to_server, seconds=-1)
    for _ in range(2):
        assert in_next_slot(to_server).body == b"fine"
    assert server.connections == 1
    assert [(request.line, request.body) for request in server.requests] == [
        ("POST /x HTTP/1.1", b"{}"),
        ("POST /x HTTP/1.1", b"{}"),
    ]


def test_a_connection_can_be_made_before_there_is_a_call(
    transport: tuple[Transport, Server],
) -> None:
    to_server, server = transport
    to_server.connect()
    to_server.connect()
    assert server.requests == []
    assert in_next_slot(to_server).http_status == 200
    assert server.connections == 1


def test_a_kept_connection_that_the_server_has_closed_is_replaced(
    transport: tuple[Transport, Server],
) -> None:
    to_server, server = transport
    to_server.connect()
    server.close_connections()
    assert in_next_slot(to_server).http_status == 200
    assert len(server.requests) == 1


def test_a_spared_connection_is_idle_from_its_beginning_on(
    serve: Serve, transport_to: TransportTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frozen(call: Call) -> None:
        clock.ahead = 7  # a second before WeChat Pay closes it
        raise SlotPassed

    server, clock = serve(ok), SimpleNamespace(ahead=0)
    clock.monotonic = lambda: time.monotonic() + clock.ahead
    monkeypatch.setattr(connections, "time", clock)
    transport = transport_to(server.url)
    with monkeypatch.context() as slot:
        slot.setattr(Call, "wait_for_slot", frozen)
        with pytest.raises(SlotMissed):
            in_slot(transport, seconds=0.1)
    assert in_next_slot(transport).body == b"fine"
    assert server.connections == 2


def test_connecting_to_nobody_is_not_sent(transport_to: TransportTo, refusing_url: str) -> None:
    with pytest.raises(NotSent) as refused:
        transport_to(refusing_url).connect()
    assert refused.value.is_outage
    assert not isinstance(refused.value, SlotMissed)


def test_a_proxys_tunnel_serves_the_call_after_a_missed_slot(
    serve: Serve,
    transport_to: TransportTo,
    server_tls: ssl.SSLContext,
    ca_bundle: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = serve(ok, tls=server_tls, first=tunnel("HTTP/1.1 200 Yes\r\n\r\n"))
    monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
    transport = transport_to("https://wechatpay.invalid", ca_bundle=ca_bundle)
    for _ in range(2):
        with pytest.raises(SlotMissed):
            in_slot(transport, seconds=-1)
    assert in_next_slot(transport).body == b"fine"
    assert (proxy.connections, len(proxy.requests)) == (1, 1)
