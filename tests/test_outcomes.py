"""The closed table: one case for each row, and for what is not in it."""

from pathlib import Path
from typing import Any

import pytest

from wechat_subsidies import outcomes, wechatpay
from wechat_subsidies.models import CancellationAttempt
from wechat_subsidies.outcomes import (
    Outcome,
    advice,
    meaning_of_error,
    meaning_of_refund,
    meaning_of_refund_error,
    meaning_of_result,
)
from wechat_subsidies.wechatpay import Refund

from .answers import api_error, failed, make_answer, result


@pytest.mark.parametrize(
    ("status", "code", "outcome", "reason"),
    [
        (400, "PARAM_ERROR", Outcome.REFUSED, "param_error"),
        (400, "INVALID_REQUEST", Outcome.REFUSED, "invalid_request"),
        (401, "SIGN_ERROR", Outcome.CONFIGURATION, "sign_error"),
        (403, "NO_AUTH", Outcome.CONFIGURATION, "no_auth"),
        (404, "ORDER_NOT_EXIST", Outcome.REFUSED, "order_not_found"),
        (404, "RESOURCE_NOT_EXISTS", Outcome.REFUSED, "order_not_found"),
        (429, "FREQUENCY_LIMITED", Outcome.NOT_ACCEPTED, "rate_limited"),
        (429, "RATELIMIT_EXCEEDED", Outcome.NOT_ACCEPTED, "rate_limited"),
        (500, "SYSTEM_ERROR", Outcome.UNKNOWN, "system_error"),
        (503, "SERVICE_UNAVAILABLE", Outcome.UNKNOWN, "system_error"),
        (202, None, Outcome.UNKNOWN, "accepted_not_processed"),
    ],
)
def test_a_documented_answer_means_what_is_documented(
    status: int, code: str | None, outcome: str, reason: str
) -> None:
    meaning = meaning_of_error(api_error(status, code))
    assert (meaning.outcome, meaning.reason) == (outcome, reason)


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 409, 418, 429])
def test_an_unknown_code_is_neither_success_nor_refusal(status: int) -> None:
    assert meaning_of_error(api_error(status, "NEVER_HEARD_OF")) is outcomes.UNFORESEEN


def test_a_known_code_under_another_status_is_not_guessed_at() -> None:
    assert meaning_of_error(api_error(500, "PARAM_ERROR")) is outcomes.SYSTEM_ERROR
    assert meaning_of_error(api_error(404, "PARAM_ERROR")) is outcomes.UNFORESEEN


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        (wechatpay.NotSent, outcomes.NOT_SENT),
        (wechatpay.OutcomeUnknown, outcomes.CONNECTION_LOST),
        (wechatpay.UnverifiedAnswer, outcomes.UNVERIFIED),
        (wechatpay.MalformedAnswer, outcomes.MALFORMED),
        (wechatpay.AnswerMismatch, outcomes.OTHER_ORDER),
        (wechatpay.CredentialsError, outcomes.CONFIGURATION),
    ],
)
def test_each_kind_of_failure_has_its_row(
    kind: type[wechatpay.WeChatPayError], meaning: outcomes.Meaning
) -> None:
    assert meaning_of_error(failed(kind)) is meaning


def test_the_result_decides_under_http_200() -> None:
    assert meaning_of_result(result("SUCCESS")) is outcomes.RESULT_SUCCESS
    assert meaning_of_result(result("FAIL")) is outcomes.RESULT_FAIL


def test_a_result_that_the_client_learns_before_the_table_is_unforeseen() -> None:
    assert meaning_of_result(result("PROCESSING")) is outcomes.UNFORESEEN


@pytest.mark.parametrize(
    ("status", "must_have_succeeded", "meaning"),
    [
        ("SUCCESS", False, outcomes.REFUND_CONFIRMED),
        ("SUCCESS", True, outcomes.REFUND_CONFIRMED),
        ("PROCESSING", False, outcomes.REFUND_CONFIRMED),
        ("PROCESSING", True, outcomes.REFUND_PROCESSING),
        ("ABNORMAL", False, outcomes.REFUND_CONFIRMED),
        ("ABNORMAL", True, outcomes.REFUND_PROCESSING),
        ("CLOSED", False, outcomes.REFUND_CLOSED),
        ("CLOSED", True, outcomes.REFUND_CLOSED),
    ],
)
def test_a_refund_means_what_its_status_says(
    status: Any, must_have_succeeded: bool, meaning: outcomes.Meaning
) -> None:
    refund = Refund(
        refund_id="R1", transaction_id="T1", status=status, amount=1, answer=make_answer()
    )
    asked = {"must_have_succeeded": must_have_succeeded}
    assert meaning_of_refund(refund, transaction_id="T1", **asked) is meaning
    other = meaning_of_refund(refund, transaction_id="T2", **asked)
    assert other is outcomes.REFUND_OF_OTHER_ORDER


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (api_error(404, "ORDER_NOT_EXIST"), outcomes.REFUND_NOT_FOUND),
        (api_error(429, "FREQUENCY_LIMITED"), outcomes.RATE_LIMITED),
        (api_error(401, "SIGN_ERROR"), outcomes.SIGN_ERROR),
        (failed(wechatpay.NotSent), outcomes.NOT_SENT),
        (api_error(400, "PARAM_ERROR"), outcomes.REFUND_UNKNOWN),
        (api_error(500, "SYSTEM_ERROR"), outcomes.REFUND_UNKNOWN),
        (failed(wechatpay.OutcomeUnknown), outcomes.REFUND_UNKNOWN),
    ],
)
def test_what_went_wrong_with_asking_for_a_refund_says_nothing_of_the_cancellation(
    error: wechatpay.WeChatPayError, meaning: outcomes.Meaning
) -> None:
    assert meaning_of_refund_error(error) is meaning


@pytest.mark.parametrize("status", [200, 202, 400, 429, 500])
def test_an_unverified_answer_says_nothing_whatever_its_status(status: int) -> None:
    error = wechatpay.UnverifiedAnswer("x", answer=make_answer(status), reason="bad_signature")
    assert meaning_of_error(error) is outcomes.UNVERIFIED


def test_an_answer_that_is_too_long_says_nothing_whatever_its_status() -> None:
    error = wechatpay.MalformedAnswer("x", answer=make_answer(202))
    assert meaning_of_error(error) is outcomes.MALFORMED


@pytest.mark.parametrize("meaning", outcomes.MEANINGS.values(), ids=lambda meaning: meaning.reason)
def test_every_row_has_words_and_fits_its_column(meaning: outcomes.Meaning) -> None:
    reason = CancellationAttempt._meta.get_field("reason")
    assert str(advice(meaning.reason)).endswith(".")
    assert len(meaning.reason) <= reason.max_length


@pytest.mark.parametrize("meaning", outcomes.MEANINGS.values(), ids=lambda meaning: meaning.reason)
def test_every_row_rests_on_words_of_the_protocols_document(meaning: outcomes.Meaning) -> None:
    document = (Path(__file__).parent.parent / "docs/protocol.md").read_text()
    assert meaning.source in " ".join(document.split())


def test_every_outcome_that_is_certain_here_is_certain_in_the_protocol() -> None:
    for status, code in outcomes.CODES:
        error = api_error(status, code)
        assert error.outcome_known == (meaning_of_error(error).outcome != Outcome.UNKNOWN)


@pytest.mark.parametrize("reason", outcomes.HISTORIES)
def test_what_has_become_of_a_row_without_an_answer_has_advice_too(reason: str) -> None:
    assert str(advice(reason)) == str(outcomes.HISTORIES[reason]) != ""


def test_a_reason_from_nowhere_has_no_advice() -> None:
    assert advice("nonsense") == ""
