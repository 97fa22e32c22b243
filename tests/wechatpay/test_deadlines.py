import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from wechat_subsidies.wechatpay import Deadline
from wechat_subsidies.wechatpay.deadlines import Call, TooLate, Watchdog


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


@pytest.fixture
def call() -> Iterator[Call]:
    call = Call(Deadline.after(start=100, end=100))
    yield call
    call.finish()


def call_ending(seconds: float) -> Call:
    return Call(Deadline.after(start=seconds, end=seconds))


def test_a_deadline_is_a_number_of_seconds_from_now() -> None:
    deadline = Deadline.after(start=5, end=7)
    assert deadline.start_by <= time.monotonic() + 5
    assert deadline.end_by - deadline.start_by == pytest.approx(2)


def test_cutting_a_call_ends_its_connection(
    pair: tuple[socket.socket, socket.socket], call: Call
) -> None:
    call.attach(pair[0])
    call.cut()
    assert call.was_cut
    assert pair[0].recv(1) == b""
    assert pair[1].recv(1) == b""


def test_a_connection_that_comes_after_the_cut_is_cut_too(
    pair: tuple[socket.socket, socket.socket], call: Call
) -> None:
    call.cut()
    call.attach(pair[0])
    assert pair[1].recv(1) == b""


def test_a_call_that_is_over_is_not_cut(
    pair: tuple[socket.socket, socket.socket], call: Call
) -> None:
    call.attach(pair[0])
    call.finish()
    call.cut()
    pair[0].sendall(b"x")
    assert pair[1].recv(1) == b"x"
    assert not call.was_cut


def test_a_connection_that_is_gone_already_can_be_cut(call: Call) -> None:
    with socket.socket() as never_connected:
        call.attach(never_connected)
        call.cut()
    assert call.was_cut


def test_the_last_connection_attached_is_the_one_that_is_cut(
    pair: tuple[socket.socket, socket.socket], call: Call
) -> None:
    with socket.socket() as other:
        call.attach(other)
    call.attach(pair[0])
    call.cut()
    assert pair[1].recv(1) == b""


def test_a_call_that_begins_in_time_is_marked(
    pair: tuple[socket.socket, socket.socket], call: Call
) -> None:
    call.begin_writing(pair[0])
    assert call.first_byte_written


def test_a_call_that_begins_too_late_is_not_marked(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    call = Call(Deadline.after(start=-1, end=100))
    with pytest.raises(TooLate):
        call.begin_writing(pair[0])
    call.finish()
    assert not call.first_byte_written


def test_a_slot_beyond_the_start_is_not_waited_for(call: Call) -> None:
    call.deadline = replace(call.deadline, start_by=time.monotonic(), slot=float("inf"))
    call.wait_for_slot()


def test_the_watchdog_cuts_at_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog, call = Watchdog(), call_ending(0.05)
    call.attach(pair[0])
    watchdog.watch(call)
    assert pair[1].recv(1) == b""
    assert time.monotonic() >= call.deadline.end_by
    watchdog.release(call)
    call.finish()


def test_the_watchdog_goes_on_after_there_was_nothing_to_watch() -> None:
    watchdog = Watchdog()
    # Many: it may not have seen yet that nothing was left when the next of them comes.
    for _ in range(20):
        ours, theirs = socket.socketpair()
        theirs.settimeout(5)
        call = call_ending(0.01)
        with ours, theirs:
            call.attach(ours)
            watchdog.watch(call)
            assert theirs.recv(1) == b""
        watchdog.release(call)
        call.finish()


def test_the_watchdog_cuts_what_came_while_it_waited_for_a_call_that_is_over(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    watchdog, over, hanging = Watchdog(), call_ending(0.05), call_ending(0.1)
    watchdog.watch(over)
    watchdog.release(over)
    hanging.attach(pair[0])
    watchdog.watch(hanging)
    assert pair[1].recv(1) == b""
    watchdog.release(hanging)
    hanging.finish()


def test_the_watchdog_turns_to_calls_that_end_earlier(call: Call) -> None:
    watchdog = Watchdog()
    watchdog.watch(call)
    for _ in range(20):  # it may not be waiting yet when the first of them comes
        ours, theirs = socket.socketpair()
        theirs.settimeout(5)
        earlier = call_ending(0.01)
        with ours, theirs:
            earlier.attach(ours)
            watchdog.watch(earlier)
            assert theirs.recv(1) == b""
        earlier.finish()
    assert not call.was_cut


def test_a_call_that_was_released_is_not_cut(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog, released, sentinel = Watchdog(), call_ending(0.05), call_ending(0.1)
    sentinel.attach(pair[0])
    watchdog.watch(released)
    watchdog.watch(sentinel)
    watchdog.release(released)
    assert pair[1].recv(1) == b""
    assert not released.was_cut
    sentinel.finish()


def test_released_calls_are_not_kept_behind_one_another() -> None:
    watchdog = Watchdog()
    calls = [call_ending(100 + number) for number in range(5)]
    for call in calls:
        watchdog.watch(call)
    for call in reversed(calls):
        watchdog.release(call)
    assert watchdog._watched == []


def test_one_thread_watches_all_calls() -> None:
    watchdog = Watchdog()
    before = threading.active_count()
    for _ in range(5):
        watchdog.watch(call_ending(100))
    assert threading.active_count() == before + 1


def test_where_processes_do_not_fork_there_is_nothing_to_register(
    monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    monkeypatch.delattr(os, "register_at_fork")
    watchdog = Watchdog()
    watchdog.watch(call)
    watchdog.release(call)
    assert watchdog._watched == []
