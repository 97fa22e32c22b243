"""What the table says of calls that got no answer at all."""

import socket
from datetime import UTC, datetime

import pytest

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sender.claiming import claim

from ..wechatpay.platform import PlatformKey
from ..wechatpay.samples import public_pem
from ..wechatpay.servers import Connection, Handler, Request
from .case import IDS, signed
from .conftest import Serve
from .successes import SUCCESS

pytestmark = pytest.mark.django_db(transaction=True)


def hang_up(connection: Connection, request: Request) -> None:
    connection.sock.shutdown(socket.SHUT_RDWR)


def reset(connection: Connection, request: Request) -> None:
    connection.reset()


def say_nothing(connection: Connection, request: Request) -> None:
    connection.hang()


def speak_no_http(connection: Connection, request: Request) -> None:
    connection.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def give_no_status(connection: Connection, request: Request) -> None:
    connection.write(b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n")


def give_1000(connection: Connection, request: Request) -> None:
    connection.write(b"HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n")


def end_in_headers(connection: Connection, request: Request) -> None:
    connection.write(b"HTTP/1.1 200 OK\r\nContent-Len")
    hang_up(connection, request)


def succeed(platform: PlatformKey) -> Handler:
    def answer(connection: Connection, request: Request) -> None:
        connection.answer(body=SUCCESS, headers=dict(signed(platform, SUCCESS)))

    return answer


def unreachable(serve: Serve, platform: PlatformKey) -> None:
    serve(hang_up).stop_listening()
    services.cancel_subsidy(**IDS)


def unusable_key(serve: Serve, platform: PlatformKey) -> None:
    serve(succeed(platform), PRIVATE_KEY=public_pem(platform.key))
    services.cancel_subsidy(**IDS)


def lost_process(serve: Serve, platform: PlatformKey) -> None:
    """One process claims the row and is never heard of again; another takes it over and succeeds."""
    serve(succeed(platform))
    cancellation = services.cancel_subsidy(**IDS, send="later")
    claim(using="default", mchid=cancellation.mchid, limit=1)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    SubsidyCancellation.objects.update(send_after=past, lease_until=past)
    services.process_due()


# By the reason of the first call: how it comes to be, that call's outcome, what the row is then.
FAULTS = {
    "not_sent": (unreachable, Outcome.NOT_SENT, ("pending", False, "")),
    "configuration": (unusable_key, Outcome.CONFIGURATION, ("pending", False, "")),
    "lost": (lost_process, Outcome.LOST, ("succeeded", False, "wechat")),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_call_that_was_never_answered_shows_as_what_it_means(
    reason: str, serve: Serve, platform: PlatformKey
) -> None:
    happen, outcome, state = FAULTS[reason]
    happen(serve, platform)
    row = SubsidyCancellation.objects.get()
    attempt = row.attempts.first()
    assert (attempt.reason, attempt.outcome) == (reason, outcome)
    assert (row.status, row.in_doubt, row.proof) == state
    assert (attempt.http_status, attempt.answer_body, attempt.key_id) == (None, None, "")


@pytest.mark.parametrize(
    "fault",
    [hang_up, reset, say_nothing, speak_no_http, give_no_status, give_1000],
)
def test_a_request_without_a_whole_answer_may_have_been_carried_out(
    fault: Handler, serve: Serve
) -> None:
    server = serve(fault, TIMEOUT=(1, 0.3))
    cancellation = services.cancel_subsidy(**IDS)
    attempt = cancellation.attempts.get()
    assert (cancellation.status, cancellation.in_doubt) == ("pending", True)
    assert (attempt.reason, attempt.outcome) == ("connection_lost", Outcome.UNKNOWN)
    assert "no whole answer came back" in attempt.failure
    assert len(server.requests) == 1


def test_an_answer_that_ends_within_its_headers_is_not_believed(serve: Serve) -> None:
    serve(end_in_headers)
    cancellation = services.cancel_subsidy(**IDS)
    assert (cancellation.status, cancellation.in_doubt) == ("pending", True)
    assert cancellation.reason == "unverified_answer"
