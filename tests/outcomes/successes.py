"""Answers with a 2xx, and with the 1xx that may go ahead of one: success only if all is proven."""

from functools import partial

from wechat_subsidies.outcomes import Outcome

from .case import (
    GBK,
    IDS,
    JSON,
    PROXY,
    REQUEST_ID,
    Case,
    signed_by_an_unknown_key,
    signed_over_other_bytes,
    signed_ten_minutes_ago,
    signed_twice,
    signed_without_a_nonce,
    unsigned,
)

ORDER = '"sub_mchid":"{sub_mchid}","transaction_id":"{transaction_id}"'.format(**IDS)
SUCCESS = ("{" + ORDER + ',"result":"SUCCESS","description":"退款后取消补差"}').encode()
FAIL = ("{" + ORDER + ',"result":"FAIL","description":"退款后取消补差"}').encode()


def with_result(result: str) -> bytes:
    return ("{" + ORDER + f',"result":{result}' + "}").encode()


Proven = partial(
    Case,
    line="200 OK",
    body=SUCCESS,
    outcome=Outcome.SUCCEEDED,
    reason="cancelled",
    result="SUCCESS",
)
Refused = partial(Proven, body=FAIL, outcome=Outcome.REFUSED, reason="result_fail", result="FAIL")
Unknown = partial(Case, line="200 OK", body=SUCCESS, outcome=Outcome.UNKNOWN)
Malformed = partial(Unknown, reason="malformed_answer")
Unproven = partial(Unknown, reason="unverified_answer", is_proven=False)
Lost = partial(Unknown, reason="connection_lost", is_whole=False, because="no whole answer")
Unforeseen = partial(Unknown, reason="unforeseen_answer")
Accepted = partial(Unknown, line="202 Accepted", reason="accepted_not_processed")

BELIEVED = [
    Proven(name="SUCCESS"),
    Proven(
        name="SUCCESS with fields that nobody knows",
        body=SUCCESS[:-1] + b',"refund_id":"50000001","new":{"a":[1,null]}}',
    ),
    Proven(
        name="SUCCESS in chunks",
        framing="Transfer-Encoding: chunked",
        wire=b"10\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (SUCCESS[:16], len(SUCCESS) - 16, SUCCESS[16:]),
    ),
    Proven(name="SUCCESS that ends with its connection", framing="", ends=True),
    Proven(name="SUCCESS after 100 Continue", before=b"HTTP/1.1 100 Continue\r\n\r\n"),
    Proven(name="SUCCESS that is called gbk and is UTF-8", headers=GBK),
    Proven(name="SUCCESS under the name of HTML", headers=(*PROXY, JSON[-1])),
    Proven(
        name="SUCCESS with two Request-IDs",
        headers=(*JSON, ("Request-ID", "another")),
        request_id=f"{REQUEST_ID}, another",
    ),
    Proven(name="SUCCESS without a Request-ID", headers=JSON[:-1]),
    Proven(
        name="SUCCESS with the same Content-Length twice",
        headers=(*JSON, ("Content-Length", str(len(SUCCESS)))),
    ),
    Refused(name="FAIL"),
    Refused(
        name="FAIL given after SUCCESS under one key", body=with_result('"SUCCESS","result":"FAIL"')
    ),
]

NOT_PROVEN = [
    Unproven(name="unsigned SUCCESS", sign=unsigned, because="it lacks Wechatpay-Timestamp"),
    Unproven(name="unsigned FAIL", body=FAIL, sign=unsigned, because="not signed"),
    Unproven(name="unsigned and empty", body=b"", sign=unsigned, because="not signed"),
    Unproven(
        name="unsigned HTML of a proxy's",
        body=b"<html>Log in</html>",
        headers=PROXY,
        sign=unsigned,
        because="not signed",
    ),
    Unproven(
        name="unsigned 204",
        line="204 No Content",
        body=b"",
        framing="",
        sign=unsigned,
        because="not signed",
    ),
    Unproven(
        name="unsigned 202", line="202 Accepted", body=b"", sign=unsigned, because="not signed"
    ),
    Unproven(
        name="SUCCESS signed over other bytes",
        sign=signed_over_other_bytes,
        because="does not hold",
    ),
    Unproven(
        name="SUCCESS signed ten minutes ago",
        sign=signed_ten_minutes_ago,
        because="before the time of this machine",
    ),
    Unproven(
        name="SUCCESS signed by an unknown key",
        sign=signed_by_an_unknown_key,
        because="known are PUB_KEY_ID_0119",
    ),
    Unproven(name="SUCCESS with two signatures", sign=signed_twice, because="does not hold"),
    Unproven(
        name="SUCCESS without a nonce",
        sign=signed_without_a_nonce,
        because="it lacks Wechatpay-Nonce",
    ),
]

NOT_READABLE = [
    Malformed(name="no result", body=("{" + ORDER + "}").encode(), because="result should be text"),
    Malformed(name="result in lower case", body=with_result('"success"'), because="neither"),
    Malformed(name="result that is new", body=with_result('"PROCESSING"'), because="neither"),
    Malformed(name="result with a blank", body=with_result('"SUCCESS "'), because="neither"),
    Malformed(name="result that is a number", body=with_result("1"), because="is int"),
    Malformed(name="result that is true", body=with_result("true"), because="is bool"),
    Malformed(name="result that is null", body=with_result("null"), because="is absent"),
    Malformed(name="result in a list", body=with_result('["SUCCESS"]'), because="is list"),
    Malformed(
        name="an error's fields under 200",
        body=b'{"code":"PARAM_ERROR","message":"x"}',
        because="sub_mchid should be text",
    ),
    Malformed(name="empty", body=b"", because="no JSON object"),
    Malformed(name="HTML", body=b"<html>200</html>", headers=PROXY, because="no JSON object"),
    Malformed(name="a list", body=b"[" + SUCCESS + b"]", because="of type list"),
    Malformed(name="cut JSON of the right length", body=SUCCESS[:-9], because="no JSON object"),
    Malformed(name="SUCCESS behind a BOM", body=b"\xef\xbb\xbf" + SUCCESS, because="BOM"),
    Malformed(
        name="SUCCESS in GB18030",
        body=SUCCESS.decode().encode("gb18030"),
        headers=GBK,
        because="codec can't decode",
    ),
    Malformed(
        name="SUCCESS in UTF-16",
        body=SUCCESS.decode().encode("utf-16"),
        because="codec can't decode",
    ),
    Malformed(
        name="SUCCESS with 40 levels beside it",
        body=SUCCESS[:-1] + b',"new":' + b"[" * 40 + b"]" * 40 + b"}",
        because="nested too deeply",
    ),
    Malformed(
        name="SUCCESS with 30,000 levels beside it",
        body=SUCCESS[:-1] + b',"new":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        because="nested too deeply",
    ),
    Malformed(
        name="100,000 levels",
        body=b"[" * 100_000 + b"]" * 100_000,
        is_proven=False,
        kept=b"[" * 65_536,
        because="is longer than",
    ),
    Malformed(
        name="SUCCESS behind 100,000 blanks",
        body=b" " * 100_000 + SUCCESS,
        is_proven=False,
        kept=b" " * 65_536,
        because="is longer than",
    ),
    Unknown(
        name="SUCCESS of another order",
        reason="answer_for_other_order",
        body=SUCCESS.replace(b"0001", b"0002"),
        because="answered about order",
    ),
    Unknown(
        name="SUCCESS of another sub-merchant",
        reason="answer_for_other_order",
        body=SUCCESS.replace(b"1900013401", b"1900013402"),
        because="answered about order",
    ),
]

NOT_WHOLE = [
    Lost(name="SUCCESS that is cut", wire=SUCCESS[:40], ends=True),
    Lost(name="SUCCESS of which no byte comes", wire=b"", ends=True),
    Lost(
        name="SUCCESS in chunks without the last",
        framing="Transfer-Encoding: chunked",
        wire=b"%x\r\n%b\r\n" % (len(SUCCESS), SUCCESS),
        ends=True,
    ),
    Lost(
        name="SUCCESS in chunks of no length",
        framing="Transfer-Encoding: chunked",
        wire=b"many\r\n" + SUCCESS,
        ends=True,
    ),
    Lost(name="two Content-Lengths that differ", headers=(*JSON, ("Content-Length", "5"))),
    Lost(name="SUCCESS called gzip that is none", headers=(*JSON, ("Content-Encoding", "gzip"))),
]

OTHER_STATUSES = [
    Accepted(name="202 with no body", body=b""),
    Accepted(name="202 with a body that says SUCCESS"),
    Accepted(
        name="202 with a code",
        body=b'{"code":"ACCEPTED","message":"later"}',
        code="ACCEPTED",
        message="later",
    ),
    Unforeseen(name="204", line="204 No Content", body=b"", framing=""),
    Unforeseen(name="201 that says SUCCESS", line="201 Created"),
    Unforeseen(name="206 that says SUCCESS", line="206 Partial Content"),
    Unforeseen(
        name="299 with an unknown code",
        line="299 Whatever",
        body=b'{"code":"NEW","message":"new"}',
        code="NEW",
        message="new",
    ),
    Unforeseen(
        name="103 ahead of SUCCESS",
        line="103 Early Hints",
        framing="",
        wire=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        sign=unsigned,
    ),
]

CASES = [*BELIEVED, *NOT_PROVEN, *NOT_READABLE, *NOT_WHOLE, *OTHER_STATUSES]
