"""The APIs: which path is answered by which function."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from wechat_subsidies.sandbox.fields import Field, read_fields
from wechat_subsidies.sandbox.messages import Answer, RefusalError, Request, error, json_answer
from wechat_subsidies.sandbox.orders import Cancellation, Orders, Refund

_MOMENT = "2026-11-01T10:00:00+08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was admitted: who calls, what the path named, and the state to work on."""

    request: Request
    mchid: str
    named: Mapping[str, str]
    orders: Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method, a path with `{names}`, and the function that answers; it may raise RefusalError."""

    method: str
    template: str
    respond: Callable[[Call], Answer]

    def match(self, path: str) -> dict[str, str] | None:
        """Return what the path names, None if it is another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern, path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


def find(*, method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route and what the path names. Raises RefusalError with 404 or 405."""
    matches = [(route, named) for route in ROUTES if (named := route.match(path)) is not None]
    if not matches:
        raise RefusalError(error(404, "RESOURCE_NOT_EXISTS", f"There is no API at {path}."))
    for route, named in matches:
        if route.method == method:
            return route, named
    allowed = ", ".join(route.method for route, _ in matches)
    answer = error(405, "METHOD_NOT_ALLOWED", f"{path} takes {allowed}, not {method}.")
    raise RefusalError(answer.with_headers(("Allow", allowed)))


def cancel_subsidy(call: Call) -> Answer:
    """Cancel a subsidy: pay.weixin.qq.com/doc/v3/partner/4012477639."""
    sent = read_fields(call.request.body, _CANCELLATION)
    wanted = Cancellation(
        sub_mchid=sent["sub_mchid"],
        transaction_id=sent["transaction_id"],
        refund_id=sent.get("refund_id"),
        description=sent["description"],
    )
    carried_out = call.orders.cancel(wanted, mchid=call.mchid)
    return replace(cancellation_answer(sent, result="SUCCESS"), carried_out=carried_out)


def cancellation_answer(sent: Mapping[str, str], *, result: str) -> Answer:
    """Return the answer to a cancel call: its fields in the order of the API page, and a result."""
    echoed = {name: sent[name] for name in _ECHOED if name in sent}
    return json_answer(200, {**echoed, "result": result, "description": sent["description"]})


def echo(call: Call) -> Answer:
    """Answer what was sent, a self-test of signatures: …/doc/v3/partner/4015139289."""
    sent = read_fields(call.request.body, _ECHO)
    return json_answer(200, sent)


def query_refund(call: Call) -> Answer:
    """Describe a refund: …/docs/partner/apis/ecommerce-refund/refunds/query-refund.html."""
    sub_mchid = call.request.query.get("sub_mchid")
    if not sub_mchid:
        detail = {"field": "sub_mchid", "issue": "is required", "location": "query"}
        raise RefusalError(error(400, "PARAM_ERROR", "sub_mchid is required.", detail=detail))
    order, refund = call.orders.refund(
        refund_id=call.named["refund_id"], sub_mchid=sub_mchid, mchid=call.mchid
    )
    return json_answer(200, _refund_content(refund, transaction_id=order.transaction_id))


def _refund_content(refund: Refund, *, transaction_id: str) -> dict[str, object]:
    content: dict[str, object] = {
        "refund_id": refund.refund_id,
        "out_refund_no": f"R{refund.refund_id}",
        "transaction_id": transaction_id,
        "out_trade_no": f"T{transaction_id}",
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": _MOMENT,
        "status": refund.status,
        "amount": {"refund": refund.amount, "payer_refund": refund.amount, "currency": "CNY"},
    }
    if refund.status == "SUCCESS":
        content["success_time"] = _MOMENT
    return content


_ECHOED = ("sub_mchid", "transaction_id", "refund_id")
_ECHO = (Field(name="echo_message", length=1024),)
_CANCELLATION = (
    Field(name="sub_mchid", length=32),
    Field(name="transaction_id", length=64),
    Field(name="refund_id", length=64, required=False),
    Field(name="description", length=80),
)

CANCEL_PATH = "/v3/ecommerce/subsidies/cancel"
ECHO_PATH = "/v3/security/echo"
REFUND_PATH = "/v3/ecommerce/refunds/id/{refund_id}"

ROUTES = (
    Route(method="POST", template=CANCEL_PATH, respond=cancel_subsidy),
    Route(method="POST", template=ECHO_PATH, respond=echo),
    Route(method="GET", template=REFUND_PATH, respond=query_refund),
)
