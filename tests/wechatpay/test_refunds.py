import pytest

from wechat_subsidies.wechatpay import Answer, AnswerMismatch, InvalidParameter, MalformedAnswer
from wechat_subsidies.wechatpay.refunds import refund_in, refund_path

from .samples import answer_of
from .servers import as_json


def answer(**changes: object) -> Answer:
    fields = {
        "refund_id": "3008",
        "transaction_id": "4208",
        "status": "SUCCESS",
        "amount": {"refund": 888, "payer_refund": 800},
    }
    return answer_of(as_json(**{**fields, **changes}))


def test_a_refund_is_read() -> None:
    given = answer()
    refund = refund_in(given, refund_id="3008")
    assert (refund.refund_id, refund.transaction_id) == ("3008", "4208")
    assert (refund.status, refund.amount) == ("SUCCESS", 888)
    assert refund.answer is given


@pytest.mark.parametrize("word", ["CLOSED", "CLOSE", "REFUNDCLOSE"])
def test_the_older_words_for_a_closed_refund_are_known(word: str) -> None:
    assert refund_in(answer(status=word), refund_id="3008").status == "CLOSED"


@pytest.mark.parametrize("amount", [None, 5, {}, {"refund": "888"}, {"refund": True}])
def test_an_amount_that_is_no_number_of_fen_is_unsaid(amount: object) -> None:
    assert refund_in(answer(amount=amount), refund_id="3008").amount is None


def test_another_refund_is_not_ours() -> None:
    given = answer(refund_id="3009")
    with pytest.raises(AnswerMismatch, match="3008, answered about 3009") as refused:
        refund_in(given, refund_id="3008")
    assert refused.value.answer is given


@pytest.mark.parametrize(
    ("field", "value"),
    [("refund_id", None), ("status", "NEW"), ("status", None), ("transaction_id", 5)],
)
def test_a_refund_that_cannot_be_read_is_malformed(field: str, value: object) -> None:
    given = answer(**{field: value})
    with pytest.raises(MalformedAnswer, match=field) as refused:
        refund_in(given, refund_id="3008")
    assert refused.value.answer is given


def test_identifiers_are_escaped_in_the_path() -> None:
    path = refund_path(refund_id="a|b*@_-", sub_mchid="1@2")
    assert path == "/v3/ecommerce/refunds/id/a%7Cb%2A%40_-?sub_mchid=1%402"


@pytest.mark.parametrize(
    ("changes", "field"), [({"refund_id": "a/b"}, "refund_id"), ({"sub_mchid": ""}, "sub_mchid")]
)
def test_what_is_no_identifier_is_not_asked_for(changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        refund_path(**{"refund_id": "3008", "sub_mchid": "19", **changes})
    assert refused.value.field == field
