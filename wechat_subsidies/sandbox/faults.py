"""The faults that the gateway has on demand: one table, a row each.

A fault says whether the work is done, and may change the answer, how it is signed, and how it
travels. To add one, add a row.
"""

from dataclasses import dataclass

from wechat_subsidies.sandbox import changes, deliveries, seals
from wechat_subsidies.sandbox.changes import Change
from wechat_subsidies.sandbox.deliveries import Delivery
from wechat_subsidies.sandbox.messages import Answer
from wechat_subsidies.sandbox.seals import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to misbehave.

    `done` says whether the work is done nevertheless; `seconds` is the default of how long the
    delivery waits, None: without end.
    """

    name: str
    meaning: str
    done: bool
    change: Change = changes.as_it_is
    seal: Seal = seals.signed
    deliver: Delivery = deliveries.at_once
    seconds: float | None = None


_HTML = Answer(
    status=502,
    body=b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
    headers=(("Content-Type", "text/html"),),
)
_MOVED = Answer(status=302, headers=(("Location", "/v3/elsewhere"),))

_TABLE = (
    # How the answer travels
    Fault(
        name="delay",
        meaning="answered later, by `seconds`",
        done=True,
        deliver=deliveries.after_waiting,
        seconds=1.0,
    ),
    Fault(
        name="hang",
        meaning="not answered until released",
        done=True,
        deliver=deliveries.after_waiting,
    ),
    Fault(
        name="drop_before",
        meaning="connection closed, nothing done",
        done=False,
        deliver=deliveries.dropped,
    ),
    Fault(
        name="drop_after",
        meaning="connection closed after it was done",
        done=True,
        deliver=deliveries.dropped,
    ),
    Fault(
        name="reset",
        meaning="connection reset (RST) after it was done",
        done=True,
        deliver=deliveries.reset,
    ),
    Fault(
        name="truncated",
        meaning="half of the body, then closed",
        done=True,
        deliver=deliveries.truncated,
    ),
    Fault(
        name="drip",
        meaning="the body byte by byte, one every `seconds`",
        done=True,
        deliver=deliveries.dripped,
        seconds=1.0,
    ),
    # How it is signed
    Fault(name="unsigned", meaning="no signature", done=True, seal=seals.unsigned),
    Fault(
        name="bad_signature",
        meaning="one bit of the signature is wrong",
        done=True,
        seal=seals.bad_signature,
    ),
    Fault(
        name="signtest",
        meaning="a probe: the signature begins with WECHATPAY/SIGNTEST/",
        done=True,
        seal=seals.probe,
    ),
    Fault(name="stale", meaning="signed with a time 10 minutes ago", done=True, seal=seals.stale),
    Fault(
        name="foreign_key",
        meaning="signed by a key that nobody knows",
        done=True,
        seal=seals.foreign_key,
    ),
    # What it says, the work being done
    Fault(
        name="other_order",
        meaning="names another transaction",
        done=True,
        change=changes.other_order,
    ),
    Fault(name="oversized", meaning="a body of 4 MiB", done=True, change=changes.oversized),
    Fault(name="not_json", meaning="a body that is no JSON", done=True, change=changes.not_json),
    # What it says, nothing being done
    Fault(
        name="fail_result",
        meaning="200 with result FAIL",
        done=False,
        change=changes.fail_result,
    ),
    Fault(
        name="accepted",
        meaning="202, not processed",
        done=False,
        change=changes.instead(Answer(status=202)),
    ),
    Fault(
        name="redirect",
        meaning="302, unsigned",
        done=False,
        change=changes.instead(_MOVED),
        seal=seals.unsigned,
    ),
    Fault(
        name="bad_gateway",
        meaning="502 with HTML, unsigned",
        done=False,
        change=changes.instead(_HTML),
        seal=seals.unsigned,
    ),
    Fault(
        name="param_error",
        meaning="400 PARAM_ERROR",
        done=False,
        change=changes.refused(400, "PARAM_ERROR", "A parameter is wrong."),
    ),
    Fault(
        name="invalid_request",
        meaning="400 INVALID_REQUEST",
        done=False,
        change=changes.refused(400, "INVALID_REQUEST", "A business rule is broken."),
    ),
    Fault(
        name="unknown_code",
        meaning="400 with a code that is in no table",
        done=False,
        change=changes.refused(400, "SOMETHING_NEW", "Nobody has heard of this code."),
    ),
    Fault(
        name="sign_error",
        meaning="401 SIGN_ERROR",
        done=False,
        change=changes.refused(401, "SIGN_ERROR", "The request's signature was refused."),
    ),
    Fault(
        name="no_auth",
        meaning="403 NO_AUTH",
        done=False,
        change=changes.refused(403, "NO_AUTH", "The merchant may not call this API."),
    ),
    Fault(
        name="rate_limited",
        meaning="429 FREQUENCY_LIMITED",
        done=False,
        change=changes.refused(429, "FREQUENCY_LIMITED", "Too many calls; slow down."),
    ),
    Fault(
        name="system_error",
        meaning="500 SYSTEM_ERROR",
        done=False,
        change=changes.refused(500, "SYSTEM_ERROR", "Call again later with the same parameters."),
    ),
)

FAULTS = {fault.name: fault for fault in _TABLE}
NO_FAULT = Fault(name="", meaning="as WeChat Pay does", done=True)
