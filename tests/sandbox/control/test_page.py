from html.parser import HTMLParser

from tests.sandbox.caller import CANCEL, Caller
from tests.sandbox.control.http import get
from wechat_subsidies.sandbox import Sandbox

HOSTILE = "<script>alert('1')</script>&\""


class Rows(HTMLParser):
    """The rows of a page's tables, and all its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        self.in_cell = tag in ("td", "th")
        if self.in_cell:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


def page(sandbox: Sandbox) -> str:
    return get(sandbox.url, "/").body.decode()


def row(sandbox: Sandbox, first: str) -> list[str]:
    return next(row for row in Rows(page(sandbox)).rows if row[0] == first)


def test_it_is_a_page_that_runs_no_script(sandbox: Sandbox) -> None:
    reply = get(sandbox.url, "/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "script" not in Rows(reply.body.decode()).tags


def test_it_shows_what_there_is(sandbox: Sandbox) -> None:
    sandbox.rate_limits.set(enabled=True)
    sandbox.sign_with("certificate")
    assert row(sandbox, "Rate limits")[1] == "200/s a merchant, 200/s a sub-merchant, 1/s an order"
    assert row(sandbox, "Answers are signed with")[1] == "certificate"
    assert row(sandbox, "WeChat Pay public key")[1] == sandbox.public_key_id


def test_it_shows_merchants(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="certificates")
    assert row(sandbox, "1900000002")[2] == "certificates"


def test_it_shows_requests_with_their_outcome(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("unsigned", times=1)
    caller.cancel(transaction_id="42")
    caller.cancel(transaction_id="42", description="other")
    first, second = row(sandbox, "1"), row(sandbox, "2")
    assert first[2:] == [
        f"POST {CANCEL}",
        "1900000001",
        "42",
        "200",
        "carried out",
        "unsigned",
    ]
    assert second[5:] == ["400", "INVALID_REQUEST", ""]
    assert row(sandbox, "Answers by status")[1] == "200: 1, 400: 1"


def test_it_shows_the_last_hundred_requests(caller: Caller, sandbox: Sandbox) -> None:
    for order in range(101):
        caller.cancel(transaction_id=f"4200{order}")
    rows = [row for row in Rows(page(sandbox)).rows if f"POST {CANCEL}" in row]
    assert [row[0] for row in rows] == [str(number) for number in range(101, 1, -1)]


def test_it_shows_a_request_that_got_no_answer(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("drop_after")
    try:
        caller.cancel()
    except ConnectionError:
        sandbox.wait_for_calls(1, ended=True)
    assert row(sandbox, "1")[5:] == ["no answer", "carried out", "drop_after"]


def test_it_shows_cancelled_orders(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="41")
    caller.cancel(transaction_id="42", refund_id="3008")
    assert "Orders cancelled: 1" in page(sandbox)
    assert row(sandbox, "42") == ["42", "1900013401", "3008", "订单退款"]


def test_it_shows_planned_faults(sandbox: Sandbox) -> None:
    sandbox.faults.add("no_auth", path=CANCEL, share=0.25, times=3)
    sandbox.faults.add("hang")
    meeting = f"path {CANCEL}, 25.0% of requests, 3 more"
    faults = [row for row in Rows(page(sandbox)).rows if row[1:2] in (["no_auth"], ["hang"])]
    assert [fault[3] for fault in faults] == [meeting, "every request"]


def test_hostile_text_is_shown_as_text(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid=HOSTILE)
    sandbox.faults.add("no_auth", transaction_id=HOSTILE, path=HOSTILE)
    caller.cancel(transaction_id="42", sub_mchid="19", description=HOSTILE, refund_id=HOSTILE[:20])
    caller.cancel(transaction_id=HOSTILE)
    caller.send("GET", f"/{HOSTILE.replace(' ', '')}")
    shown = Rows(page(sandbox))
    assert "script" not in shown.tags
    assert sum(HOSTILE in "".join(row) for row in shown.rows) == 6
