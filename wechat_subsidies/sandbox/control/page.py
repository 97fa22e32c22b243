"""The status page: what a running sandbox knows, for people with a browser.

Nearly all of its text comes from callers: every value is escaped, and the page allows no script.
"""

import time
from collections.abc import Iterable, Sequence
from html import escape

from wechat_subsidies.sandbox.control.api import Call
from wechat_subsidies.sandbox.ledger import LedgerEntry
from wechat_subsidies.sandbox.messages import Answer
from wechat_subsidies.sandbox.plan import PlannedFault
from wechat_subsidies.sandbox.world import World

PATH = "/"
SHOWN = 100
_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("X-Content-Type-Options", "nosniff"),
)
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8884; max-width: 24rem; overflow-wrap: break-word;
  padding: .25rem .5rem; text-align: left; vertical-align: top }
h2 { margin-top: 2rem }
:root { color-scheme: light dark }
"""


def show(call: Call) -> Answer:
    """Answer with the page."""
    text = _page(call.world, base_url=call.base_url)
    return Answer(status=200, body=text.encode(errors="replace"), headers=_HEADERS)


def _page(world: World, *, base_url: str) -> str:
    sections = (_overview(world), _merchants(world), _faults(world), _requests(world))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>WeChat Pay sandbox</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>WeChat Pay sandbox</h1>\n<p>{escape(base_url)} moves no money. "
        '<a href="/">Look again</a></p>\n'
        f"{''.join(sections)}{_cancelled(world)}</body>\n</html>\n"
    )


def _overview(world: World) -> str:
    totals, limits = world.totals, world.rate_limits
    answers = ", ".join(f"{status}: {n}" for status, n in sorted(totals.by_status.items()))
    rates = (
        f"{limits.per_caller}/s a merchant, {limits.per_sub_merchant}/s a sub-merchant, "
        f"{limits.per_order}/s an order"
    )
    return _table(
        "Overview",
        ("What", "Now"),
        [
            ("Requests", totals.requests),
            ("Subsidies cancelled by them", totals.carried_out),
            ("Answers by status", answers),
            ("Unknown orders", "made on first sight" if world.create_orders else "refused"),
            ("A repeated cancellation", world.repeat),
            ("Rate limits", rates if limits.enabled else "off"),
            ("Answers are signed with", world.signing_with),
            ("WeChat Pay public key", world.public_key_id),
            ("Platform certificates, newest last", ", ".join(world.certificates)),
        ],
    )


def _merchants(world: World) -> str:
    rows = [(found.mchid, found.serial_no, found.key_mode) for found in world.merchants]
    return _table("Merchants", ("MCHID", "Certificate", "Keys of WeChat Pay's"), rows)


def _faults(world: World) -> str:
    rows = [_fault(planned) for planned in world.faults.planned()]
    return _table("Faults planned", ("No.", "Fault", "Meaning", "Meets"), rows)


def _fault(planned: PlannedFault) -> Sequence[object]:
    words = [
        f"order {planned.transaction_id}" if planned.transaction_id else "",
        f"path {planned.path}" if planned.path else "",
        f"{planned.share:.1%} of requests" if planned.share is not None else "",
        f"{planned.times} more" if planned.times else "",
    ]
    meets = ", ".join(word for word in words if word) or "every request"
    return planned.number, planned.fault.name, planned.fault.meaning, meets


def _requests(world: World) -> str:
    heads = ("No.", "UTC", "Request", "Merchant", "Order", "Answer", "Outcome", "Fault")
    rows = [_request(entry) for entry in reversed(world.ledger[-SHOWN:])]
    return _table(f"Last {SHOWN} requests", heads, rows)


def _request(entry: LedgerEntry) -> Sequence[object]:
    return (
        entry.number,
        time.strftime("%H:%M:%S", time.gmtime(entry.received_at)),
        f"{entry.method} {entry.path}",
        entry.mchid,
        entry.transaction_id,
        entry.status or ("no answer" if entry.ended_at else "under way"),
        entry.code or ("carried out" if entry.carried_out else ""),
        entry.fault,
    )


def _cancelled(world: World) -> str:
    orders = [order for order in world.orders if order.cancelled]
    rows = [
        (
            order.transaction_id,
            order.sub_mchid,
            order.cancellation and order.cancellation.refund_id,
            order.cancellation and order.cancellation.description,
        )
        for order in reversed(orders[-SHOWN:])
    ]
    title = f"Orders cancelled: {len(orders)}"
    return _table(title, ("Order", "Sub-merchant", "Refund", "Description"), rows)


def _table(title: str, heads: Iterable[str], rows: Sequence[Sequence[object]]) -> str:
    heading = f"<h2>{escape(title)}</h2>\n"
    if not rows:
        return f"{heading}<p>None.</p>\n"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>\n" for row in rows)
    return f"{heading}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _cell(value: object) -> str:
    return f"<td>{'' if value is None else escape(str(value))}</td>"
