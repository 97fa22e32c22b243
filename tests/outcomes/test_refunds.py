"""Full answers to the question for a refund: whatever they are, nothing was done by asking."""

from dataclasses import dataclass
from functools import partial

import pytest

from wechat_subsidies import services
from wechat_subsidies.outcomes import MEANINGS, Outcome

from ..wechatpay.platform import PlatformKey
from ..wechatpay.servers import Connection, Request
from .case import IDS, Case, Sign, signed, signed_over_other_bytes, unsigned
from .conftest import Serve
from .successes import SUCCESS

pytestmark = pytest.mark.django_db(transaction=True)

REFUND_ID = "50000000382019052709732678859"


def refund_body(status: str, *, transaction_id: str = IDS["transaction_id"]) -> bytes:
    return (
        f'{{"refund_id":"{REFUND_ID}","out_refund_no":"1217752501201407033233368018",'
        f'"transaction_id":"{transaction_id}","channel":"ORIGINAL","status":"{status}",'
        f'"amount":{{"refund":888,"currency":"CNY"}}}}'
    ).encode()


@dataclass(frozen=True, kw_only=True)
class RefundCase:
    """An answer about the refund, and what becomes of the cancellation that waits for it."""

    name: str
    reason: str
    body: bytes = b""
    line: str = "200 OK"
    sign: Sign = signed
    must_have: str = "exists"
    row: str = "pending"

    def raw(self, platform: PlatformKey) -> bytes:
        whole = Case(
            name=self.name,
            line=self.line,
            body=self.body,
            sign=self.sign,
            outcome=Outcome.UNKNOWN,
            reason=self.reason,
        )
        return whole.raw(platform)


Confirmed = partial(RefundCase, reason="refund_confirmed", row="succeeded")
Refused = partial(RefundCase, row="failed")
Unknown = partial(RefundCase, reason="refund_unknown")

REFUNDS = [
    Confirmed(name="SUCCESS", body=refund_body("SUCCESS")),
    Confirmed(name="SUCCESS, which it must be", body=refund_body("SUCCESS"), must_have="succeeded"),
    Confirmed(name="PROCESSING", body=refund_body("PROCESSING")),
    Confirmed(name="ABNORMAL", body=refund_body("ABNORMAL")),
    Refused(name="CLOSED", body=refund_body("CLOSED"), reason="refund_closed"),
    Refused(name="CLOSE of older pages", body=refund_body("CLOSE"), reason="refund_closed"),
    Refused(
        name="REFUNDCLOSE of older pages", body=refund_body("REFUNDCLOSE"), reason="refund_closed"
    ),
    Refused(
        name="a refund of another order",
        body=refund_body("SUCCESS", transaction_id="T2"),
        reason="refund_of_other_order",
    ),
    Refused(
        name="404",
        line="404 Not Found",
        reason="refund_not_found",
        body=b'{"code":"RESOURCE_NOT_EXISTS","message":"x"}',
    ),
    Refused(
        name="404, unsigned",
        line="404 Not Found",
        reason="refund_not_found",
        sign=unsigned,
        body=b'{"code":"RESOURCE_NOT_EXISTS","message":"x"}',
    ),
    RefundCase(
        name="PROCESSING, which is too early",
        body=refund_body("PROCESSING"),
        must_have="succeeded",
        reason="refund_processing",
    ),
    RefundCase(
        name="429",
        line="429 Slow Down",
        reason="rate_limited",
        body=b'{"code":"FREQUENCY_LIMITED","message":"x"}',
    ),
    RefundCase(
        name="401",
        line="401 Unauthorized",
        reason="sign_error",
        body=b'{"code":"SIGN_ERROR","message":"x"}',
    ),
    RefundCase(
        name="403", line="403 Forbidden", reason="no_auth", body=b'{"code":"NO_AUTH","message":"x"}'
    ),
    Unknown(name="400", line="400 Bad Request", body=b'{"code":"PARAM_ERROR","message":"x"}'),
    Unknown(name="404 with HTML", line="404 Not Found", body=b"<html>", sign=unsigned),
    Unknown(name="500", line="500 Error", body=b'{"code":"SYSTEM_ERROR","message":"x"}'),
    Unknown(name="202", line="202 Accepted"),
    Unknown(name="a status that is new", body=refund_body("NEW")),
    Unknown(name="a status that is a number", body=refund_body('","status":1,"x":"')),
    Unknown(name="another refund", body=refund_body("SUCCESS").replace(b"50000000", b"50000001")),
    Unknown(name="unsigned SUCCESS", body=refund_body("SUCCESS"), sign=unsigned),
    Unknown(name="unsigned CLOSED", body=refund_body("CLOSED"), sign=unsigned),
    Unknown(
        name="SUCCESS signed over other bytes",
        body=refund_body("SUCCESS"),
        sign=signed_over_other_bytes,
    ),
    Unknown(name="SUCCESS behind a BOM", body=b"\xef\xbb\xbf" + refund_body("SUCCESS")),
    Unknown(name="empty"),
    Unknown(name="100,000 levels", body=b"[" * 100_000),
]


@pytest.mark.parametrize("refund", REFUNDS, ids=lambda refund: refund.name)
def test_an_answer_about_the_refund_shows_as_what_it_means(
    refund: RefundCase, serve: Serve, platform: PlatformKey
) -> None:
    def answer(connection: Connection, request: Request) -> None:
        if request.method == "GET":
            connection.write(refund.raw(platform))
        else:
            connection.answer(body=SUCCESS, headers=dict(signed(platform, SUCCESS)))

    server = serve(answer, verify_refund=refund.must_have)
    cancellation = services.cancel_subsidy(**IDS, refund_id=REFUND_ID)
    asked = cancellation.attempts.first()
    assert (asked.operation, asked.reason) == ("query_refund", refund.reason)
    assert asked.outcome == MEANINGS[refund.reason].outcome
    assert (cancellation.status, cancellation.in_doubt) == (refund.row, False)
    sent = [request.method for request in server.requests]
    assert sent == (["GET", "POST"] if refund.reason == "refund_confirmed" else ["GET"])
