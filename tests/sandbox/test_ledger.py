import threading
from collections.abc import Iterator

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, Caller
from wechat_subsidies.sandbox import LedgerEntry, Sandbox
from wechat_subsidies.sandbox.ledger import Ledger, most_in_flight


def test_a_call_leaves_what_was_asked_and_answered(caller: Caller, sandbox: Sandbox) -> None:
    reply = caller.cancel()
    (call,) = sandbox.ledger
    assert (call.number, call.method, call.path, call.status) == (1, "POST", CANCEL, 200)
    assert (call.mchid, call.sub_mchid) == ("1900000001", CANCELLATION["sub_mchid"])
    assert call.transaction_id == CANCELLATION["transaction_id"]
    assert call.request_id == reply.headers["Request-ID"]
    assert (call.code, call.fault, call.carried_out) == (None, None, True)


def test_the_bytes_are_kept_as_they_were_sent(caller: Caller, sandbox: Sandbox) -> None:
    caller.send("POST", CANCEL, b'{ "x":1}')
    assert sandbox.ledger[0].body == b'{ "x":1}'
    assert sandbox.ledger[0].headers["User-Agent"] == "tests"


def test_an_answer_in_hand_is_in_the_ledger(caller: Caller, sandbox: Sandbox) -> None:
    for _ in range(50):
        caller.cancel()
        call = sandbox.ledger[-1]
        assert call.status == 200
        assert call.ended_at == call.answered_at
        assert call.received_at <= (call.ended_at or 0)


def test_a_refund_query_names_its_sub_merchant(caller: Caller, sandbox: Sandbox) -> None:
    caller.send("GET", "/v3/ecommerce/refunds/id/1?sub_mchid=2")
    assert (sandbox.ledger[0].sub_mchid, sandbox.ledger[0].code) == ("2", "RESOURCE_NOT_EXISTS")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"transaction_id": 1}', b"\xff"])
def test_a_body_that_names_no_order_is_written_down_too(
    caller: Caller, sandbox: Sandbox, body: bytes
) -> None:
    caller.send("POST", CANCEL, body)
    assert sandbox.ledger[0].transaction_id is None


def test_calls_are_found_by_order_and_by_path(caller: Caller, sandbox: Sandbox) -> None:
    caller.cancel(transaction_id="1")
    caller.cancel(transaction_id="2")
    caller.post(ECHO, {"echo_message": "hello"})
    assert [call.number for call in sandbox.calls("2")] == [2]
    assert [call.number for call in sandbox.calls(path=ECHO)] == [3]
    assert len(sandbox.calls()) == 3


def flight(number: int, received_at: float, ended_at: float | None) -> LedgerEntry:
    return LedgerEntry(
        number=number,
        method="POST",
        path=CANCEL,
        body=b"",
        headers={},
        received_at=received_at,
        ended_at=ended_at,
    )


@pytest.mark.parametrize(
    ("flights", "most"),
    [
        ([], 0),
        ([(1, 2), (2, 3)], 1),
        ([(1, 3), (2, 4), (3.5, 5)], 2),
        ([(1, None), (2, None), (3, 4)], 3),
    ],
)
def test_the_most_that_were_under_way_at_once(
    flights: list[tuple[float, float | None]], most: int
) -> None:
    entries = [flight(number, *times) for number, times in enumerate(flights)]
    assert most_in_flight(entries) == most


def test_calls_of_one_order_at_the_same_time_are_seen(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    threads = [threading.Thread(target=caller.cancel) for _ in range(3)]
    for thread in threads:
        thread.start()
    sandbox.wait_for_calls(3)
    sandbox.faults.clear()
    for thread in threads:
        thread.join()
    caller.cancel(transaction_id="other")
    order = CANCELLATION["transaction_id"]
    assert (sandbox.most_in_flight(order), sandbox.most_in_flight("other")) == (3, 1)
    assert sandbox.most_in_flight() == 3


def test_calls_after_one_another_are_never_seen_as_at_the_same_time(
    caller: Caller, sandbox: Sandbox
) -> None:
    for _ in range(50):
        caller.cancel()
    assert sandbox.most_in_flight() == 1


def test_waiting_returns_what_is_there(caller: Caller, sandbox: Sandbox) -> None:
    assert sandbox.wait_for_calls(0) == []
    caller.cancel()
    assert len(sandbox.wait_for_calls(1, ended=True)) == 1


def test_waiting_for_calls_that_do_not_come_says_so(caller: Caller, sandbox: Sandbox) -> None:
    caller.cancel()
    with pytest.raises(TimeoutError, match=r"2 requests were waited for and 1 came within 0.01 s"):
        sandbox.wait_for_calls(2, timeout=0.01)


@pytest.fixture(scope="module")
def forgetful() -> Iterator[Sandbox]:
    with Sandbox(ledger_size=2) as sandbox:
        yield sandbox


def test_a_bounded_ledger_keeps_the_last_and_counts_all(forgetful: Sandbox) -> None:
    caller = Caller(forgetful.merchant_settings())
    forgetful.reset()
    forgetful.faults.add("rate_limited", times=1)
    for order in "123":
        caller.cancel(transaction_id=order)
    assert [(call.number, call.transaction_id) for call in forgetful.ledger] == [(2, "2"), (3, "3")]
    totals = forgetful.totals
    assert (totals.requests, totals.carried_out) == (3, 2)
    assert (totals.by_status, totals.by_fault) == ({200: 2, 429: 1}, {"rate_limited": 1})


def test_a_bounded_ledger_stays_bounded_after_a_reset(forgetful: Sandbox) -> None:
    caller = Caller(forgetful.merchant_settings())
    forgetful.reset()
    assert forgetful.totals.requests == 0
    for _ in range(3):
        caller.cancel()
    assert [call.number for call in forgetful.ledger] == [2, 3]


def test_a_request_from_before_a_reset_is_counted_nowhere(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    thread = threading.Thread(target=caller.cancel)
    thread.start()
    sandbox.wait_for_calls(1)
    sandbox.reset()
    thread.join()
    assert (sandbox.totals.requests, sandbox.totals.by_status) == (0, {})


def test_a_ledger_without_room_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="ledger's size is 0 and must be 1 or more"):
        Ledger(size=0)
