import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat_subsidies.wechatpay import (
    Answer,
    AnswerMismatch,
    CancelRequest,
    InvalidParameter,
    MalformedAnswer,
    WeChatPayError,
)
from wechat_subsidies.wechatpay.subsidies import Target, result_in, target_of

from .samples import answer_of
from .servers import as_json

TRANSACTION_ID = "4208450740201411110007820472"
REFUND_ID = "3008450740201411110007820472"
TARGET = Target(sub_mchid="1900013401", transaction_id=TRANSACTION_ID)


def request(**changes: object) -> CancelRequest:
    fields = {
        "sub_mchid": "1900013401",
        "transaction_id": TRANSACTION_ID,
        "description": "订单退款",
    }
    return CancelRequest(**{**fields, **changes})


def answer(**changes: object) -> Answer:
    fields = {
        "sub_mchid": "1900013401",
        "transaction_id": TRANSACTION_ID,
        "refund_id": REFUND_ID,
        "result": "SUCCESS",
        "description": "订单退款",
    }
    merged = {**fields, **changes}
    return answer_of(as_json(**{name: merged[name] for name in merged if merged[name] != "-"}))


def test_the_documented_example_has_exactly_its_four_fields_in_order() -> None:
    assert (
        request(refund_id=REFUND_ID).to_body()
        == (
            '{"sub_mchid":"1900013401","refund_id":"3008450740201411110007820472",'
            '"transaction_id":"4208450740201411110007820472","description":"订单退款"}'
        ).encode()
    )


def test_without_a_refund_the_key_is_absent() -> None:
    assert list(json.loads(request().to_body())) == ["sub_mchid", "transaction_id", "description"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sub_mchid", "", "required"),
        ("sub_mchid", None, "required"),
        ("sub_mchid", 1900013401, "wrong_type"),
        ("sub_mchid", "1" * 33, "too_long"),
        ("sub_mchid", "1900 013401", "invalid_characters"),
        ("sub_mchid", "19０", "invalid_characters"),
        ("transaction_id", "", "required"),
        ("transaction_id", "1" * 65, "too_long"),
        ("transaction_id", "4208\n", "invalid_characters"),
        ("transaction_id", "a.b", "invalid_characters"),
        ("refund_id", "", "required"),
        ("refund_id", "1" * 65, "too_long"),
        ("refund_id", "é", "invalid_characters"),
        ("description", "", "required"),
        ("description", " \u3000\n", "required"),
        ("description", "退" * 81, "too_long"),
        ("description", "a\nb", "invalid_characters"),
        ("description", "a\x00b", "invalid_characters"),
        ("description", "a\x85b", "invalid_characters"),
        ("description", "ok😀", "invalid_characters"),
        ("description", "a\ud800b", "invalid_characters"),
        ("description", b"bytes", "wrong_type"),
    ],
)
def test_what_would_be_refused_is_refused_here(field: str, value: object, code: str) -> None:
    with pytest.raises(InvalidParameter, match=field) as refused:
        request(**{field: value})
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sub_mchid", "1" * 32),
        ("transaction_id", "aZ09_-|*@"),
        ("transaction_id", "1" * 64),
        ("refund_id", "1" * 64),
        ("description", "退" * 80),
        ("description", 'say "no" \\ 100%'),
        ("description", "\uffff"),
    ],
)
def test_the_longest_and_the_oddest_are_taken_as_they_are(field: str, value: str) -> None:
    assert json.loads(request(**{field: value}).to_body())[field] == value


def test_a_refusal_here_is_a_value_error_and_nothing_was_done() -> None:
    with pytest.raises(ValueError, match="sub_mchid is required") as refused:
        request(sub_mchid="")
    assert isinstance(refused.value, WeChatPayError)
    assert refused.value.outcome_known is True


def test_the_target_of_stored_bytes_is_what_they_name() -> None:
    assert target_of(request(refund_id=REFUND_ID).to_body()) == TARGET


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b"", "body", "malformed"),
        (b"\xff", "body", "malformed"),
        (b"[]", "body", "malformed"),
        (b"{}", "sub_mchid", "required"),
        (b'{"sub_mchid":"1"}', "transaction_id", "required"),
    ],
)
def test_stored_bytes_that_name_no_order_are_refused(body: bytes, field: str, code: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        target_of(body)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_what_is_wrong_with_stored_bytes_that_cannot_be_read_is_said() -> None:
    with pytest.raises(InvalidParameter, match=r"^The request body is no JSON object .*: \S+"):
        target_of(b"[]")


def test_a_success_is_read_with_all_its_fields() -> None:
    result = result_in(answer(), target=TARGET)
    assert result.succeeded is True
    assert (result.sub_mchid, result.transaction_id) == ("1900013401", TRANSACTION_ID)
    assert (result.refund_id, result.description) == (REFUND_ID, "订单退款")


def test_fail_is_a_refusal() -> None:
    result = result_in(answer(result="FAIL"), target=TARGET)
    assert (result.result, result.succeeded) == ("FAIL", False)


@pytest.mark.parametrize("absent", ["-", None])
def test_refund_and_description_may_be_absent(absent: str | None) -> None:
    result = result_in(answer(refund_id=absent, description=absent), target=TARGET)
    assert (result.refund_id, result.description) == (None, "")


def test_unknown_fields_are_ignored() -> None:
    assert result_in(answer(new_field={"a": [1.5]}), target=TARGET).succeeded


@pytest.mark.parametrize("name", ["sub_mchid", "transaction_id"])
def test_an_answer_about_another_order_is_not_ours(name: str) -> None:
    asked = (
        f"Asked about order {TRANSACTION_ID} of sub-merchant 1900013401, answered about .*another"
    )
    with pytest.raises(AnswerMismatch, match=asked) as refused:
        result_in(answer(**{name: "another"}), target=TARGET)
    assert refused.value.outcome_known is False


@pytest.mark.parametrize(
    "changes",
    [
        {"result": "-"},
        {"result": "success"},
        {"result": "PROCESSING"},
        {"result": True},
        {"sub_mchid": "-"},
        {"sub_mchid": 1900013401},
        {"transaction_id": None},
        {"refund_id": 5},
        {"description": ["订单退款"]},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_read_is_unknown(changes: dict[str, object]) -> None:
    given = answer(**changes)
    with pytest.raises(MalformedAnswer, match=next(iter(changes))) as refused:
        result_in(given, target=TARGET)
    assert refused.value.outcome_known is False
    assert refused.value.answer is given


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_whatsoever_is_a_success_by_accident(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        result_in(answer_of(body), target=TARGET)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
NAMES = ["sub_mchid", "transaction_id", "result", "refund_id", "description"]


@given(changes=st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1))
def test_any_change_of_type_leads_to_a_result_or_to_a_documented_error(
    changes: dict[str, object],
) -> None:
    try:
        result = result_in(answer(**changes), target=TARGET)
    except (MalformedAnswer, AnswerMismatch):
        return
    assert (result.sub_mchid, result.transaction_id) == ("1900013401", TRANSACTION_ID)
