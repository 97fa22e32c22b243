"""Answers with a 3xx, 4xx or 5xx: a refusal only where status and code are a documented pair."""

from functools import partial

from wechat_subsidies.outcomes import Outcome

from .case import (
    GBK,
    JSON,
    PROXY,
    Case,
    signed_by_an_unknown_key,
    signed_over_other_bytes,
    signed_ten_minutes_ago,
    signed_without_a_nonce,
    unsigned,
)

HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"

REASONS = {
    "400 PARAM_ERROR": (Outcome.REFUSED, "param_error"),
    "400 INVALID_REQUEST": (Outcome.REFUSED, "invalid_request"),
    "401 SIGN_ERROR": (Outcome.CONFIGURATION, "sign_error"),
    "403 NO_AUTH": (Outcome.CONFIGURATION, "no_auth"),
    "404 ORDER_NOT_EXIST": (Outcome.REFUSED, "order_not_found"),
    "404 RESOURCE_NOT_EXISTS": (Outcome.REFUSED, "order_not_found"),
    "429 FREQUENCY_LIMITED": (Outcome.NOT_ACCEPTED, "rate_limited"),
    "429 RATELIMIT_EXCEEDED": (Outcome.NOT_ACCEPTED, "rate_limited"),
    "500 SYSTEM_ERROR": (Outcome.UNKNOWN, "system_error"),
    "503 SERVICE_UNAVAILABLE": (Outcome.UNKNOWN, "system_error"),
}


def error_body(code: str, *, detail: str | None = None) -> bytes:
    more = "" if detail is None else f',"detail":{detail}'
    return f'{{"code":"{code}","message":"不符合业务规则"{more}}}'.encode()


def documented(said: str, **changes: object) -> Case:
    status, code = said.split()
    outcome, reason = REASONS[said]
    facts = {
        "name": said,
        "line": f"{status} Whatever",
        "body": error_body(code),
        "outcome": outcome,
        "reason": reason,
        "code": code,
        "message": "不符合业务规则",
    }
    return Case(**facts | changes)


def detailed(name: str, detail: str, *, stored: str | None = None) -> Case:
    """PARAM_ERROR with this `detail`, which is stored as it was sent unless told otherwise."""
    return documented(
        "400 PARAM_ERROR",
        name=f"PARAM_ERROR with {name}",
        body=error_body("PARAM_ERROR", detail=detail),
        detail=detail if stored is None else stored,
    )


def unknown_code(status: int) -> Case:
    return Unforeseen(
        name=f"{status} with an unknown code",
        line=f"{status} Whatever",
        body=error_body("NEVER_HEARD_OF"),
        code="NEVER_HEARD_OF",
        message="不符合业务规则",
    )


Unforeseen = partial(Case, outcome=Outcome.UNKNOWN, reason="unforeseen_answer")
Bad = partial(Unforeseen, line="400 Bad Request")
Unproven = partial(
    documented, outcome=Outcome.UNKNOWN, reason="unverified_answer", code="", message=""
)
Down = partial(Case, outcome=Outcome.UNKNOWN, reason="system_error")
Lost = partial(
    documented,
    outcome=Outcome.UNKNOWN,
    reason="connection_lost",
    code="",
    message="",
    is_whole=False,
    ends=True,
    because="no whole answer",
)
Oversized = partial(
    documented,
    outcome=Outcome.UNKNOWN,
    reason="malformed_answer",
    code="",
    message="",
    is_proven=False,
    because="longer than",
)

DOCUMENTED = [
    *(documented(said, name=f"{said}, signed") for said in REASONS),
    *(documented(said, name=f"{said}, unsigned", sign=unsigned) for said in REASONS),
]

DETAILS = [
    detailed(
        "all four fields",
        '{"field": "/description", "value": "x", "issue": "too long", "location": "body"}',
    ),
    detailed("a field alone", '{"field": "/description"}'),
    detailed("an issue alone", '{"issue": "长度超过限制"}'),
    detailed("a value that is a number", '{"field": "/sub_mchid", "value": 1900013401}'),
    detailed("a value with a fraction", '{"value": 1.50}', stored='{"value": "1.50"}'),
    detailed("a value beyond all numbers", '{"value": -1e999}', stored='{"value": "-1e999"}'),
    detailed("a nested value", '{"field": {"path": ["a", {"b": [1, null, true]}]}, "value": {}}'),
    detailed("a list of details", '[{"field": "/a"}, {"issue": "b"}, []]'),
    detailed("a detail that is text", '"sub_mchid 不匹配"'),
    detailed("a detail that is a number", "0"),
    detailed("a detail that is null", "null", stored=""),
    detailed("an empty detail", "{}"),
    detailed("30 levels of detail", "[" * 30 + "]" * 30),
    detailed(
        "a NUL and an emoji",
        r'{"value": "\u0000\ud83c\udf89"}',
        stored=r'{"value": "\u0000' + '\ufffd"}',
    ),
    detailed("half of an emoji", r'{"value": "\ud83c"}', stored='{"value": "?"}'),
    detailed("a detail of 60,000 letters", f'"{"x" * 60_000}"', stored='"' + "x" * 4095),
]

NOT_PROVEN = [
    Unproven(
        "400 INVALID_REQUEST",
        name="refusal signed over other bytes",
        sign=signed_over_other_bytes,
        because="does not hold",
    ),
    Unproven(
        "404 ORDER_NOT_EXIST",
        name="refusal signed ten minutes ago",
        sign=signed_ten_minutes_ago,
        because="before the time of",
    ),
    Unproven(
        "429 FREQUENCY_LIMITED",
        name="429 signed by an unknown key",
        sign=signed_by_an_unknown_key,
        because="known are PUB_KEY_ID_0119",
    ),
    Unproven(
        "401 SIGN_ERROR",
        name="401 without a nonce",
        sign=signed_without_a_nonce,
        because="lacks Wechatpay-Nonce",
    ),
    Unproven(
        "500 SYSTEM_ERROR",
        name="500 signed over other bytes",
        sign=signed_over_other_bytes,
        because="does not hold",
    ),
]

UNREADABLE = [
    Bad(name="400, empty", body=b"", sign=unsigned),
    Bad(name="400, HTML", body=HTML, headers=PROXY, sign=unsigned),
    Bad(name="400, a list", body=b'[{"code":"PARAM_ERROR"}]'),
    Bad(name="400 without a code", body='{"message":"参数错误"}'.encode(), message="参数错误"),
    Bad(name="400, its code a number", body=b'{"code":400,"message":["x"]}'),
    Bad(
        name="400, its code in lower case",
        body=error_body("param_error"),
        code="param_error",
        message="不符合业务规则",
    ),
    Bad(
        name="400, its code of 60,000 letters",
        body=error_body("X" * 60_000),
        code="X" * 64,
        message="不符合业务规则",
    ),
    Bad(name="400 behind a BOM", body=b"\xef\xbb\xbf" + error_body("PARAM_ERROR")),
    Bad(
        name="400 in GB18030",
        headers=GBK,
        body=error_body("PARAM_ERROR").decode().encode("gb18030"),
    ),
    Bad(
        name="400 with 40 levels of detail",
        body=error_body("PARAM_ERROR", detail="[" * 40 + "]" * 40),
    ),
    Bad(
        name="400 with 30,000 levels of detail",
        body=error_body("PARAM_ERROR", detail="[" * 30_000 + "]" * 30_000),
    ),
    documented("400 PARAM_ERROR", name="PARAM_ERROR called gbk that is UTF-8", headers=GBK),
    documented(
        "400 PARAM_ERROR",
        name="PARAM_ERROR with two Request-IDs",
        headers=(*JSON[:-1], ("Request-ID", "1"), ("Request-ID", "2")),
        request_id="1, 2",
    ),
    documented(
        "400 PARAM_ERROR",
        name="PARAM_ERROR with a Request-ID of hostile bytes",
        headers=(*JSON[:-1], ("Request-ID", "\0é" + "x" * 500)),
        request_id="\ufffdÃ©" + "x" * 125,
    ),
    documented(
        "400 PARAM_ERROR",
        name="PARAM_ERROR with a line break",
        body=rb'{"code":"PARAM_ERROR","message":"a\nb\u0000"}',
        message="a\nb\ufffd",
    ),
    Oversized(
        "400 PARAM_ERROR",
        name="400 with 100,000 levels of detail",
        body=error_body("PARAM_ERROR", detail="[" * 100_000 + "]" * 100_000),
    ),
    Oversized("500 SYSTEM_ERROR", name="500 that goes on and on", body=b"x" * 300_000),
    Lost("400 PARAM_ERROR", name="PARAM_ERROR that is cut", wire=error_body("PARAM_ERROR")[:-1]),
    Lost("429 FREQUENCY_LIMITED", name="429 of which no byte comes", wire=b""),
    Lost("500 SYSTEM_ERROR", name="500 that is cut", wire=b'{"code":"SYS'),
]

UNFORESEEN = [
    Unforeseen(name="304", line="304 Not Modified", body=b""),
    *map(unknown_code, [300, 400, 401, 403, 404, 405, 407, 409, 418, 429, 451, 600, 999]),
    *(
        Unforeseen(
            name=f"{line}, somewhere else",
            line=line,
            headers=(*PROXY, ("Location", "/v3/elsewhere")),
            body=b"<html>Moved</html>",
            sign=unsigned,
        )
        for line in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
    ),
    *(
        Unforeseen(
            name=f"{line}, a firewall's HTML", line=line, headers=PROXY, body=HTML, sign=unsigned
        )
        for line in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "429 Slow Down"]
    ),
    Unforeseen(
        name="404 PARAM_ERROR",
        line="404 Not Found",
        body=error_body("PARAM_ERROR"),
        code="PARAM_ERROR",
        message="不符合业务规则",
    ),
    Unforeseen(
        name="400 SIGN_ERROR",
        line="400 Bad Request",
        body=error_body("SIGN_ERROR"),
        code="SIGN_ERROR",
        message="不符合业务规则",
    ),
]

SERVER_ERRORS = [
    Down(name="500, empty", line="500 Internal Server Error", body=b"", sign=unsigned),
    Down(name="502, HTML", line="502 Bad Gateway", headers=PROXY, body=HTML, sign=unsigned),
    Down(name="503, HTML", line="503 Unavailable", headers=PROXY, body=HTML, sign=unsigned),
    Down(name="504, empty", line="504 Gateway Timeout", headers=PROXY, body=b"", sign=unsigned),
    Down(
        name="500 with an unknown code",
        line="500 Error",
        body=error_body("NEW"),
        code="NEW",
        message="不符合业务规则",
    ),
    Down(
        name="500 with a refusal's code",
        line="500 Error",
        body=error_body("PARAM_ERROR"),
        code="PARAM_ERROR",
        message="不符合业务规则",
    ),
]

CASES = [*DOCUMENTED, *DETAILS, *NOT_PROVEN, *UNREADABLE, *UNFORESEEN, *SERVER_ERRORS]
