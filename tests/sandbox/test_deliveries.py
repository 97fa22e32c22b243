import http.client
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.sandbox.caller import CANCEL, ORDER, Caller, Reply, read_reply
from wechat_subsidies.sandbox import Sandbox


@contextmanager
def meanwhile(caller: Caller) -> Iterator[Future[Reply]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(caller.cancel)


def test_a_hanging_answer_comes_when_it_is_released(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    with meanwhile(caller) as reply:
        (call,) = sandbox.wait_for_calls(1)
        assert call.status is None
        sandbox.faults.release()
        assert reply.result().content["result"] == "SUCCESS"


def test_the_work_is_done_while_the_answer_hangs(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    with meanwhile(caller):
        (call,) = sandbox.wait_for_calls(1)
        assert sandbox.is_cancelled(**ORDER)
        assert (call.carried_out, call.ended_at) == (True, None)
        sandbox.faults.release()


def test_later_requests_hang_anew(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    sandbox.faults.release()
    with meanwhile(Caller(caller.settings, timeout=0.2)) as reply:
        assert isinstance(reply.exception(), TimeoutError)


def test_a_hanging_request_ends_when_the_client_goes(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    with pytest.raises(TimeoutError):
        Caller(caller.settings, timeout=0.1).cancel()
    (call,) = sandbox.wait_for_calls(1, ended=True)
    assert (call.status, call.answered_at, call.carried_out) == (None, None, True)
    assert call.ended_at is not None


def test_a_hanging_request_ends_when_the_client_resets(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    connection = caller.connect()
    connection.request("POST", CANCEL, b"{}", present(caller.headers("POST", CANCEL, b"{}")))
    sandbox.wait_for_calls(1)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert sandbox.wait_for_calls(1, ended=True)[0].status is None


def test_a_delayed_answer_comes_later(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("delay", seconds=0.05)
    assert caller.cancel().content["result"] == "SUCCESS"
    (call,) = sandbox.ledger
    assert (call.answered_at or 0) - call.received_at >= 0.05


def test_a_dropped_call_was_not_carried_out(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drop_before")
    with pytest.raises(http.client.RemoteDisconnected):
        caller.cancel()
    assert not sandbox.is_cancelled(**ORDER)
    assert (sandbox.ledger[0].status, sandbox.ledger[0].code) == (None, None)


def test_a_dropped_answer_leaves_the_call_carried_out(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drop_after")
    with pytest.raises(http.client.RemoteDisconnected):
        caller.cancel()
    assert sandbox.is_cancelled(**ORDER)
    assert (sandbox.ledger[0].status, sandbox.ledger[0].answered_at) == (None, None)


def test_a_reset_is_a_reset(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("reset")
    with pytest.raises(ConnectionResetError) as caught:
        caller.cancel()
    assert not isinstance(caught.value, http.client.RemoteDisconnected)
    assert sandbox.is_cancelled(**ORDER)


def test_a_truncated_answer_ends_before_its_length(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("truncated")
    with pytest.raises(http.client.IncompleteRead) as caught:
        caller.cancel()
    assert caught.value.partial.startswith(b'{"sub_mchid"')
    assert sandbox.is_cancelled(**ORDER)
    assert (sandbox.ledger[0].status, sandbox.ledger[0].answered_at) == (200, None)


def test_a_dripped_answer_is_whole_in_the_end(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drip", seconds=0.001)
    reply = caller.cancel()
    assert caller.trusts(reply)
    assert sandbox.ledger[0].ended_at == sandbox.ledger[0].answered_at


def test_a_dripped_answer_comes_byte_by_byte(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drip", seconds=60)
    connection = caller.connect()
    connection.request("POST", CANCEL, b"{}", present(caller.headers("POST", CANCEL, b"{}")))
    response = connection.getresponse()
    with ThreadPoolExecutor(1) as pool:
        body = pool.submit(response.read)
        sandbox.faults.release()
        assert len(body.result()) == int(response.headers["Content-Length"])
    connection.close()


def test_dripping_ends_when_the_client_goes(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drip", seconds=60)
    with pytest.raises(TimeoutError):
        Caller(caller.settings, timeout=0.1).cancel()
    (call,) = sandbox.wait_for_calls(1, ended=True)
    assert (call.status, call.answered_at) == (200, None)


def test_a_connection_outlives_a_delay(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("delay", seconds=0.01)
    connection = caller.connect()
    for _ in range(2):
        connection.request("POST", CANCEL, b"{}", present(caller.headers("POST", CANCEL, b"{}")))
        assert read_reply(connection).refusal == (400, "PARAM_ERROR")
    connection.close()


def present(headers: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}
