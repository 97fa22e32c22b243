"""The control API: under /_sandbox/, in JSON, with the names of Sandbox's methods."""

from collections.abc import Mapping
from dataclasses import dataclass

from wechat_subsidies.sandbox.control import bodies, describe
from wechat_subsidies.sandbox.control.bodies import (
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    YES_OR_NO,
    read_object,
)
from wechat_subsidies.sandbox.faults import FAULTS
from wechat_subsidies.sandbox.messages import Answer, Request, json_answer
from wechat_subsidies.sandbox.routing import Route
from wechat_subsidies.sandbox.world import World

PREFIX = "/_sandbox/"
_ENTRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that may be served; `base_url` is where the sandbox listens."""

    request: Request
    named: Mapping[str, str]
    world: World
    base_url: str


def show_index(call: Call) -> Answer:
    """List what there is."""
    listed = [f"{route.method} {route.template}" for route in ROUTES]
    return json_answer(200, {"endpoints": listed})


def reset(call: Call) -> Answer:
    """Forget everything, as `Sandbox.reset` does."""
    read_object(call.request, {})
    call.world.reset()
    return _done()


def show_ledger(call: Call) -> Answer:
    """Show the totals and the last requests, of one order and/or one path; `limit` of them."""
    query = call.request.query
    limit = query.get("limit", str(_ENTRIES))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len("999999") and int(limit)):
        raise bodies.bad_body(f"limit is {limit!r:.80} and must be a number of requests.")
    found = call.world.calls(query.get("transaction_id"), path=query.get("path"))
    totals = call.world.totals
    content = {
        "requests": totals.requests,
        "carried_out": totals.carried_out,
        "by_status": {str(status): count for status, count in totals.by_status.items()},
        "by_fault": totals.by_fault,
        "entries": [describe.entry(entry) for entry in found[-int(limit) :]],
    }
    return json_answer(200, content)


def list_orders(call: Call) -> Answer:
    """List all orders, as they were first seen."""
    return json_answer(200, {"orders": [describe.order(order) for order in call.world.orders]})


def add_order(call: Call) -> Answer:
    """Make an order known, as `Sandbox.add_order` does."""
    given = read_object(call.request, _ORDER, required=("sub_mchid", "transaction_id"))
    if "refunds" in given:
        given["refunds"] = bodies.read_refunds(given["refunds"])
    call.world.add_order(**given)
    return _order(call, given["transaction_id"], status=201)


def show_order(call: Call) -> Answer:
    """Show one order."""
    return _order(call, call.named["transaction_id"], status=200)


def list_faults(call: Call) -> Answer:
    """List the faults that are planned, and the names that there are."""
    content = {
        "planned": [describe.fault(fault) for fault in call.world.faults.planned()],
        "names": {name: fault.meaning for name, fault in FAULTS.items()},
    }
    return json_answer(200, content)


def add_fault(call: Call) -> Answer:
    """Plan a fault, as `faults.add` does; answer its number."""
    given = read_object(call.request, _FAULT, required=("name",))
    name = given.pop("name")
    return json_answer(201, {"number": call.world.faults.add(name, **given)})


def remove_fault(call: Call) -> Answer:
    """Forget one fault."""
    number = call.named["number"]
    if not (number.isascii() and number.isdigit() and len(number) <= len("999999999")):
        raise KeyError(number)
    call.world.faults.remove(int(number))
    return _done()


def clear_faults(call: Call) -> Answer:
    """Forget all faults and let go of what hangs."""
    call.world.faults.clear()
    return _done()


def release_faults(call: Call) -> Answer:
    """Answer all that hangs, is delayed or drips."""
    read_object(call.request, {})
    call.world.faults.release()
    return _done()


def list_merchants(call: Call) -> Answer:
    """List those who may call."""
    listed = [describe.merchant(merchant) for merchant in call.world.merchants]
    return json_answer(200, {"merchants": listed})


def add_merchant(call: Call) -> Answer:
    """Admit a merchant, as `Sandbox.add_merchant` does."""
    given = read_object(call.request, _MERCHANT, required=("mchid",))
    call.world.add_merchant(**given)
    return json_answer(201, {"mchid": given["mchid"]})


def show_settings(call: Call) -> Answer:
    """Show a merchant's settings, its private key among them if it was made here."""
    settings = call.world.settings_of(
        call.named["mchid"],
        base_url=call.base_url,
        key_mode=call.request.query.get("key_mode"),
    )
    return json_answer(200, settings)


def show_keys(call: Call) -> Answer:
    """Show the public halves of WeChat Pay's keys."""
    return json_answer(200, describe.keys(call.world))


def use_public_key(call: Call) -> Answer:
    """Take a given key as WeChat Pay's, as `Sandbox.use_public_key` does."""
    shape = {"private_key_pem": TEXT, "key_id": TEXT}
    call.world.use_public_key(**read_object(call.request, shape, required=("private_key_pem",)))
    return show_keys(call)


def rotate_certificates(call: Call) -> Answer:
    """Begin a rotation, as `Sandbox.rotate_certificates` does; answer the new serial."""
    shape = {"private_key_pem": TEXT, "certificate_pem": TEXT}
    serial_no = call.world.rotate_certificates(**read_object(call.request, shape))
    return json_answer(201, {"serial_no": serial_no})


def retire_certificates(call: Call) -> Answer:
    """End a rotation, as `Sandbox.retire_certificate` does."""
    call.world.retire_certificate(**read_object(call.request, {"serial_no": TEXT}))
    return show_keys(call)


def show_switches(call: Call) -> Answer:
    """Show what may be switched."""
    return json_answer(200, describe.switches(call.world))


def change_switches(call: Call) -> Answer:
    """Change what is given, and leave the rest as it is."""
    given = read_object(call.request, _SWITCHES)
    limits = bodies.checked(given.get("rate_limits", {}), _LIMITS)
    call.world.rate_limits.set(**limits)
    if "sign_with" in given:
        call.world.sign_with(given["sign_with"])
    if "repeat" in given:
        call.world.repeat = given["repeat"]
    if "create_orders" in given:
        call.world.create_orders = given["create_orders"]
    return show_switches(call)


def _order(call: Call, transaction_id: str, *, status: int) -> Answer:
    found = call.world.order(transaction_id)
    if found is None:
        raise KeyError(transaction_id)
    return json_answer(status, describe.order(found))


def _done() -> Answer:
    return Answer(status=204)


_ORDER = {
    "sub_mchid": TEXT,
    "transaction_id": TEXT,
    "mchid": TEXT,
    "refunded": YES_OR_NO,
    "refunds": LIST,
    "profit_shared": YES_OR_NO,
    "subsidy_mark": YES_OR_NO,
    "cancelled": YES_OR_NO,
}
_FAULT = {
    "name": TEXT,
    "transaction_id": TEXT,
    "path": TEXT,
    "times": WHOLE,
    "share": NUMBER,
    "seed": WHOLE,
    "seconds": NUMBER,
    "done": YES_OR_NO,
}
_MERCHANT = {
    "mchid": TEXT,
    "serial_no": TEXT,
    "public_key_pem": TEXT,
    "certificate_pem": TEXT,
    "api_v3_key": TEXT,
    "key_mode": TEXT,
}
_SWITCHES = {
    "repeat": TEXT,
    "create_orders": YES_OR_NO,
    "sign_with": TEXT,
    "rate_limits": OBJECT,
}
_LIMITS = {
    "enabled": YES_OR_NO,
    "per_caller": WHOLE,
    "per_sub_merchant": WHOLE,
    "per_order": WHOLE,
}

ROUTES = (
    Route(method="GET", template="/_sandbox/", respond=show_index),
    Route(method="POST", template="/_sandbox/reset", respond=reset),
    Route(method="GET", template="/_sandbox/ledger", respond=show_ledger),
    Route(method="GET", template="/_sandbox/orders", respond=list_orders),
    Route(method="POST", template="/_sandbox/orders", respond=add_order),
    Route(method="GET", template="/_sandbox/orders/{transaction_id}", respond=show_order),
    Route(method="GET", template="/_sandbox/faults", respond=list_faults),
    Route(method="POST", template="/_sandbox/faults", respond=add_fault),
    Route(method="DELETE", template="/_sandbox/faults", respond=clear_faults),
    Route(method="DELETE", template="/_sandbox/faults/{number}", respond=remove_fault),
    Route(method="POST", template="/_sandbox/faults/release", respond=release_faults),
    Route(method="GET", template="/_sandbox/merchants", respond=list_merchants),
    Route(method="POST", template="/_sandbox/merchants", respond=add_merchant),
    Route(method="GET", template="/_sandbox/merchants/{mchid}/settings", respond=show_settings),
    Route(method="GET", template="/_sandbox/keys", respond=show_keys),
    Route(method="PUT", template="/_sandbox/keys/public-key", respond=use_public_key),
    Route(method="POST", template="/_sandbox/keys/rotate", respond=rotate_certificates),
    Route(method="POST", template="/_sandbox/keys/retire", respond=retire_certificates),
    Route(method="GET", template="/_sandbox/switches", respond=show_switches),
    Route(method="PATCH", template="/_sandbox/switches", respond=change_switches),
)
