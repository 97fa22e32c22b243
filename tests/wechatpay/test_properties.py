"""Whatever comes back: one outcome, one of ours, and no success without proof."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wechat_subsidies.wechatpay import (
    CancelResult,
    Deadline,
    MalformedAnswer,
    MerchantCredentials,
    WeChatPayClient,
    WeChatPayError,
)

from .conftest import Seal
from .platform import Gateway, PlatformKey, body_of
from .samples import PUB_KEY_ID
from .servers import Connection, Request, Server, as_json

Serve = Callable[..., Server]
ORDER = {"sub_mchid": "1900013401", "transaction_id": "42084507"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.just(value) | JSON for name, value in ORDER.items()},
        **dict.fromkeys(("code", "message", "detail", "refund_id", "description"), JSON),
        "result": st.sampled_from(["SUCCESS", "FAIL"]) | JSON,
    },
)
BODIES = st.binary(max_size=60) | FIELDS.map(lambda fields: as_json(**fields))
any_answer = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


class Scripted:
    """A server's handler that writes what it was last told to."""

    write: Callable[[Connection], None]

    def __call__(self, connection: Connection, request: Request) -> None:
        self.write(connection)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def client(serve: Serve, scripted: Scripted, client_to: Callable[..., WeChatPayClient]) -> object:
    return client_to(serve(scripted).url)


def outcome(client: WeChatPayClient) -> CancelResult | WeChatPayError:
    """What a cancellation ends in; any other exception fails the test, and so does no proof."""
    deadline = Deadline.after(start=5, end=5)
    try:
        result = client.cancel_subsidy(**ORDER, description="x", deadline=deadline)
    except WeChatPayError as error:
        return error
    assert result.answer.key_id == PUB_KEY_ID
    assert (result.sub_mchid, result.transaction_id) == tuple(ORDER.values())
    return result


@any_answer
@given(
    data=st.binary(max_size=80), head=st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n"])
)
def test_whatever_bytes_arrive_the_outcome_is_unknown(
    client: WeChatPayClient, scripted: Scripted, head: bytes, data: bytes
) -> None:
    def write(connection: Connection) -> None:
        connection.write(head + data)
        connection.reset()

    scripted.write = write
    assert outcome(client).outcome_known is False


@any_answer
@given(status=st.integers(200, 599), body=BODIES, signed=st.sampled_from(["well", "badly", "not"]))
def test_an_answer_is_a_success_only_if_it_is_signed_and_names_our_order(
    client: WeChatPayClient, scripted: Scripted, seal: Seal, status: int, body: bytes, signed: str
) -> None:
    headers = {"well": seal(body), "badly": seal(body + b" "), "not": {}}[signed]
    body = b"" if status in {204, 304} else body
    scripted.write = lambda connection: connection.answer(status, body, headers=headers)
    ended = outcome(client)
    if signed != "well" or status != 200:
        assert isinstance(ended, WeChatPayError)
    if signed == "badly" or (signed == "not" and status < 300):
        assert ended.outcome_known is False


@any_answer
@given(result=st.sampled_from(["SUCCESS", "FAIL"]), more=FIELDS)
def test_a_signed_answer_that_says_what_was_asked_is_a_result_or_unknown(
    client: WeChatPayClient, scripted: Scripted, seal: Seal, result: str, more: dict[str, object]
) -> None:
    body = as_json(**{**more, **ORDER, "result": result})
    scripted.write = lambda connection: connection.answer(body=body, headers=seal(body))
    ended = outcome(client)
    # Numbers with a fraction are read as text.
    texts = (str, float, type(None))
    if all(isinstance(more.get(name, ""), texts) for name in ("refund_id", "description")):
        assert ended.result == result
    else:
        assert isinstance(ended, MalformedAnswer)


PARTS = ["body", "Timestamp", "Nonce", "Serial", "Signature"]


@any_answer
@given(part=st.sampled_from(PARTS), where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_success_with_any_byte_flipped_on_its_way_is_unknown(
    client: WeChatPayClient, scripted: Scripted, seal: Seal, part: str, where: int, flip: int
) -> None:
    body = as_json(**ORDER, result="SUCCESS", description="订单退款")
    pieces = {
        "body": body,
        **{name: seal(body)[f"Wechatpay-{name}"].encode() for name in PARTS[1:]},
    }
    flipped = bytearray(pieces[part])
    flipped[where % len(flipped)] ^= flip
    pieces[part] = bytes(flipped)

    def write(connection: Connection) -> None:
        lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(pieces["body"])]
        lines += [b"Wechatpay-%b: %b" % (name.encode(), pieces[name]) for name in PARTS[1:]]
        connection.write(b"\r\n".join([*lines, b"", pieces["body"]]))
        if b"\n" in flipped or b"\r" in flipped:
            connection.reset()  # the rest of the head is no head any more

    scripted.write = write
    ended = outcome(client)
    assert isinstance(ended, WeChatPayError)
    assert ended.outcome_known is False


@any_answer
@given(status=st.sampled_from([200, 202, 400, 404, 500]), body=BODIES, is_signed=st.booleans())
def test_whatever_is_answered_about_certificates_no_cancellation_is_sent_without_a_key(
    serve: Serve,
    gateway: Gateway,
    certified: MerchantCredentials,
    status: int,
    body: bytes,
    is_signed: bool,
) -> None:
    headers = gateway.in_use.seal(body) if is_signed else {}
    gateway.certificates = lambda connection: connection.answer(status, body, headers=headers)
    server = serve(gateway)
    with WeChatPayClient(certified, base_url=server.url) as client:
        ended = outcome(client)
    server.stop()
    assert isinstance(ended, WeChatPayError)
    assert ended.outcome_known is True
    assert gateway.cancels == 0


@any_answer
@given(where=st.integers(0, 100_000), flip=st.integers(1, 255))
def test_certificates_with_any_byte_flipped_bring_no_key(
    serve: Serve,
    platform_keys: list[PlatformKey],
    certified: MerchantCredentials,
    where: int,
    flip: int,
) -> None:
    body = body_of(platform_keys[0])
    headers = platform_keys[0].seal(body)
    flipped = bytearray(body)
    flipped[where % len(flipped)] ^= flip

    def write(connection: Connection, request: Request) -> None:
        connection.answer(body=bytes(flipped), headers=headers)

    server = serve(write)
    with WeChatPayClient(certified, base_url=server.url) as client:
        assert outcome(client).outcome_known is True
    server.stop()
    assert [request.path for request in server.requests] == ["/v3/certificates"]
