"""The closed table: one case for each row, and for what is not in it."""

from pathlib import Path

import pytest

from wechat_subsidies import outcomes, wechatpay
from wechat_subsidies.models import CancellationAttempt
from wechat_subsidies.outcomes import Outcome, advice, meaning_of_error, meaning_of_result

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


def test_a_reason_from_nowhere_has_no_advice() -> None:
    assert advice("nonsense") == ""
