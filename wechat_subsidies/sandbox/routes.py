"""The APIs: which path is answered by which function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wechat_subsidies.sandbox.certificates import listing
from wechat_subsidies.sandbox.fields import Field, read_fields
from wechat_subsidies.sandbox.merchants import Merchant
from wechat_subsidies.sandbox.messages import Answer, RefusalError, Request, error, json_answer
from wechat_subsidies.sandbox.orders import Cancellation, Orders, Refund
from wechat_subsidies.sandbox.platform_keys import PlatformKeys
from wechat_subsidies.sandbox.routing import Route

_MOMENT = "2026-11-01T10:00:00+08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was admitted: who calls, what the path named, and the state to work on."""

    request: Request
    merchant: Merchant
    named: Mapping[str, str]
    orders: Orders
    platform: PlatformKeys


def cancel_subsidy(call: Call) -> Answer:
    """Cancel a subsidy: pay.weixin.qq.com/doc/v3/partner/4012477639."""
    sent = read_fields(call.request.body, _CANCELLATION)
    wanted = Cancellation(
        sub_mchid=sent["sub_mchid"],
        transaction_id=sent["transaction_id"],
        refund_id=sent.get("refund_id"),
        description=sent["description"],
    )
    carried_out = call.orders.cancel(wanted, mchid=call.merchant.mchid)
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
        refund_id=call.named["refund_id"], sub_mchid=sub_mchid, mchid=call.merchant.mchid
    )
    return json_answer(200, _refund_content(refund, transaction_id=order.transaction_id))


def download_certificates(call: Call) -> Answer:
    """List the valid platform certificates, encrypted for the caller.

    A merchant who has none, as every new one, gets 404. Source: pay.weixin.qq.com/docs/merchant/
    development/interface-rules/ (signature-verification).
    """
    if not call.merchant.has_certificates:
        message = (
            f"Merchant {call.merchant.mchid} has no platform certificates; "
            "verify with the WeChat Pay public key."
        )
        raise RefusalError(error(404, "RESOURCE_NOT_EXISTS", message))
    certificates = call.platform.certificates()
    return json_answer(200, listing(certificates, api_v3_key=call.merchant.api_v3_key))


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
CERTIFICATES_PATH = "/v3/certificates"

ROUTES = (
    Route(method="POST", template=CANCEL_PATH, respond=cancel_subsidy),
    Route(method="POST", template=ECHO_PATH, respond=echo),
    Route(method="GET", template=REFUND_PATH, respond=query_refund),
    Route(method="GET", template=CERTIFICATES_PATH, respond=download_certificates),
)
