"""Each answer over real HTTP, from the wish to what the row shows; and that no row is left out."""

import socket

import pytest

from wechat_subsidies import services
from wechat_subsidies.outcomes import MEANINGS

from ..wechatpay.platform import PlatformKey
from ..wechatpay.samples import PUB_KEY_ID
from ..wechatpay.servers import Connection, Request
from . import refusals, successes
from .case import IDS, Case, shown
from .conftest import Serve
from .test_faults import FAULTS
from .test_refunds import REFUNDS

CASES = [*successes.CASES, *refusals.CASES]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_shows_as_what_it_means(case: Case, serve: Serve, platform: PlatformKey) -> None:
    def answer(connection: Connection, request: Request) -> None:
        connection.write(case.raw(platform))
        if case.ends:
            connection.sock.shutdown(socket.SHUT_WR)

    server = serve(answer)
    cancellation = services.cancel_subsidy(**IDS)
    assert shown(cancellation) == case.expected(platform)
    failure = cancellation.attempts.get().failure
    assert case.because in failure
    assert bool(case.because) == bool(failure)
    assert [request.path for request in server.requests] == ["/v3/ecommerce/subsidies/cancel"]


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_of_a_success_is_all_it_takes_to_verify_it_again(
    serve: Serve, platform: PlatformKey
) -> None:
    seal = platform.seal(successes.SUCCESS, serial=PUB_KEY_ID)
    hostile = {"Wechatpay-New": "\0" * 2000}

    def answer(connection: Connection, request: Request) -> None:
        connection.answer(body=successes.SUCCESS, headers=seal | hostile)

    serve(answer)
    attempt = services.cancel_subsidy(**IDS).attempts.get()
    assert attempt.answer_headers == seal | {"Wechatpay-New": "\ufffd" * 1024}
    assert bytes(attempt.answer_body) == successes.SUCCESS


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_row_of_the_table_is_reached() -> None:
    answered = {case.reason for case in CASES} | {refund.reason for refund in REFUNDS}
    assert answered | set(FAULTS) == set(MEANINGS)


def test_every_case_expects_the_outcome_of_its_row() -> None:
    for case in CASES:
        assert MEANINGS[case.reason].outcome == case.outcome
