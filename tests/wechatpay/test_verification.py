import base64
import contextlib
import string
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wechat_subsidies.wechatpay import Answer, UnverifiedAnswer, Verifier
from wechat_subsidies.wechatpay.verification import comparable_serial

from .conftest import Seal
from .samples import PUB_KEY_ID, answer_of

BODY = '{"result":"SUCCESS","description":"订单退款"}'.encode()
NOW = 1_790_000_000


@pytest.fixture
def verifier(wechatpay_key: RSAPrivateKey) -> Verifier:
    return Verifier({PUB_KEY_ID: wechatpay_key.public_key()}, clock=lambda: NOW)


@pytest.fixture
def proven(seal: Seal) -> Answer:
    return answer_of(BODY, headers=seal(BODY, timestamp=NOW))


def reason_of(verifier: Verifier, answer: Answer) -> str:
    with pytest.raises(UnverifiedAnswer) as refused:
        verifier.verify(answer)
    assert refused.value.outcome_known is False
    assert refused.value.answer is answer
    return refused.value.reason


def changed(answer: Answer, *, body: bytes | None = None, **headers: str) -> Answer:
    named = {f"Wechatpay-{name.replace('_', '-')}": value for name, value in headers.items()}
    return answer_of(
        answer.body if body is None else body,
        status=answer.http_status,
        headers={**answer.headers, **named},
    )


def without(answer: Answer, *names: str) -> Answer:
    kept = {name: value for name, value in answer.headers.items() if name not in names}
    return answer_of(answer.body, status=answer.http_status, headers=kept)


def test_a_signed_success_names_the_key_that_proved_it(verifier: Verifier, proven: Answer) -> None:
    assert verifier.verify(proven).key_id == PUB_KEY_ID


def test_a_signed_answer_may_be_empty(verifier: Verifier, seal: Seal) -> None:
    empty = answer_of(b"", status=204, headers=seal(b"", timestamp=NOW))
    assert verifier.verify(empty).key_id == PUB_KEY_ID


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_success_without_a_signature_is_refused(verifier: Verifier, status: int) -> None:
    assert reason_of(verifier, answer_of(BODY, status=status)) == "unsigned"


@pytest.mark.parametrize("name", ["Timestamp", "Nonce", "Serial", "Signature"])
def test_each_of_the_four_headers_is_needed(verifier: Verifier, proven: Answer, name: str) -> None:
    with pytest.raises(UnverifiedAnswer, match=f"Wechatpay-{name}") as refused:
        verifier.verify(without(proven, f"Wechatpay-{name}"))
    assert refused.value.reason == "unsigned"


@pytest.mark.parametrize("status", [302, 400, 429, 500, 502])
def test_an_error_may_be_unsigned_and_is_not_called_proven(verifier: Verifier, status: int) -> None:
    assert verifier.verify(answer_of(BODY, status=status)).key_id is None


def test_an_error_that_is_signed_is_proven(verifier: Verifier, seal: Seal) -> None:
    error = answer_of(BODY, status=400, headers=seal(BODY, timestamp=NOW))
    assert verifier.verify(error).key_id == PUB_KEY_ID


def test_an_error_with_a_signature_that_does_not_hold_is_refused(
    verifier: Verifier, seal: Seal
) -> None:
    error = answer_of(b"other", status=400, headers=seal(BODY, timestamp=NOW))
    assert reason_of(verifier, error) == "bad_signature"


def test_an_error_with_half_a_signature_is_refused(verifier: Verifier) -> None:
    error = answer_of(BODY, status=400, headers={"Wechatpay-Signature": "aGVsbG8="})
    assert reason_of(verifier, error) == "unsigned"


@pytest.mark.parametrize("seconds", [-299, 299])
def test_clocks_may_differ_by_less_than_five_minutes(
    verifier: Verifier, seal: Seal, seconds: int
) -> None:
    answer = answer_of(BODY, headers=seal(BODY, timestamp=NOW + seconds))
    assert verifier.verify(answer).key_id == PUB_KEY_ID


@pytest.mark.parametrize("seconds", [-300, 300, 10_000])
def test_an_answer_five_minutes_away_is_stale(verifier: Verifier, seal: Seal, seconds: int) -> None:
    answer = answer_of(BODY, headers=seal(BODY, timestamp=NOW + seconds))
    assert reason_of(verifier, answer) == "stale"


def test_a_stale_answer_says_how_far_the_clock_is_away(verifier: Verifier, seal: Seal) -> None:
    answer = answer_of(BODY, headers=seal(BODY, timestamp=NOW - 450))
    with pytest.raises(UnverifiedAnswer, match="450 s before the time of this machine"):
        verifier.verify(answer)


@pytest.mark.parametrize("timestamp", ["", " ", "1e9", "-5", "٣", f"{NOW}.0", "9" * 5000])
def test_a_timestamp_is_a_plain_number(verifier: Verifier, proven: Answer, timestamp: str) -> None:
    assert reason_of(verifier, changed(proven, Timestamp=timestamp)) in {"stale", "unsigned"}


def test_an_unknown_key_is_refused_and_both_sides_are_named(
    wechatpay_key: RSAPrivateKey, proven: Answer
) -> None:
    keys = dict.fromkeys(["PUB_KEY_ID_1", "PUB_KEY_ID_2"], wechatpay_key.public_key())
    verifier = Verifier(keys, clock=lambda: NOW)
    both_sides = f"key {PUB_KEY_ID}; known are PUB_KEY_ID_1, PUB_KEY_ID_2"
    with pytest.raises(UnverifiedAnswer, match=both_sides) as refused:
        verifier.verify(proven)
    assert refused.value.reason == "unknown_serial"


def test_the_key_of_somebody_else_does_not_do(
    verifier: Verifier, seal: Seal, merchant_key: RSAPrivateKey
) -> None:
    answer = answer_of(BODY, headers=seal(BODY, timestamp=NOW, key=merchant_key))
    assert reason_of(verifier, answer) == "bad_signature"


def test_another_type_of_signature_is_refused(verifier: Verifier, proven: Answer) -> None:
    answer = changed(proven, Signature_Type="WECHATPAY2-SM2-WITH-SM3")
    assert reason_of(verifier, answer) == "signature_type"


def test_the_type_of_the_signature_may_go_unsaid(verifier: Verifier, proven: Answer) -> None:
    answer = without(proven, "Wechatpay-Signature-Type")
    assert verifier.verify(answer).key_id == PUB_KEY_ID


@pytest.mark.parametrize("signature", ["WECHATPAY/SIGNTEST/" + "A" * 325, "!", "AA", "é" * 344])
def test_probes_and_rubbish_fail_like_any_bad_signature(
    verifier: Verifier, proven: Answer, signature: str
) -> None:
    assert reason_of(verifier, changed(proven, Signature=signature)) == "bad_signature"


def test_a_signature_has_one_spelling_only(verifier: Verifier, proven: Answer) -> None:
    signature = proven.headers["Wechatpay-Signature"]
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    # The last character before the padding carries two bits; four more are free to differ.
    other = alphabet[alphabet.index(signature[-3]) + 1]
    same_bytes = f"{signature[:-3]}{other}=="
    assert base64.b64decode(same_bytes) == base64.b64decode(signature)
    assert reason_of(verifier, changed(proven, Signature=same_bytes)) == "bad_signature"


def test_a_line_break_cannot_move_the_body_into_the_nonce(
    verifier: Verifier, wechatpay_key: RSAPrivateKey, proven: Answer
) -> None:
    signature = wechatpay_key.sign(b"%d\nN\nfirst\nsecond\n" % NOW, PKCS1v15(), SHA256())
    moved = changed(
        proven,
        body=b"second",
        Nonce="N\nfirst",
        Signature=base64.b64encode(signature).decode(),
    )
    assert reason_of(verifier, moved) == "bad_signature"


def test_a_certificate_is_found_however_its_number_is_spelled(
    wechatpay_key: RSAPrivateKey, proven: Answer
) -> None:
    verifier = Verifier({"0AbC1": wechatpay_key.public_key()}, clock=lambda: NOW)
    assert verifier.verify(changed(proven, Serial="abc1")).key_id == "0AbC1"


@pytest.mark.parametrize(
    ("serial", "comparable"),
    [("00ab", "AB"), ("0", "0"), ("PUB_KEY_ID_0a", "PUB_KEY_ID_0a"), ("", "")],
)
def test_only_numbers_are_compared_as_numbers(serial: str, comparable: str) -> None:
    assert comparable_serial(serial) == comparable


def test_the_answer_chooses_among_several_keys(
    wechatpay_key: RSAPrivateKey, merchant_key: RSAPrivateKey, proven: Answer
) -> None:
    keys = {"PUB_KEY_ID_1": merchant_key.public_key(), PUB_KEY_ID: wechatpay_key.public_key()}
    assert Verifier(keys, clock=lambda: NOW).verify(proven).key_id == PUB_KEY_ID


def test_the_clock_is_the_machines_unless_told_otherwise(
    wechatpay_key: RSAPrivateKey, seal: Seal
) -> None:
    answer = answer_of(BODY, headers=seal(BODY, timestamp=int(time.time())))
    assert Verifier({PUB_KEY_ID: wechatpay_key.public_key()}).verify(answer).key_id == PUB_KEY_ID


PARTS = ["body", "Timestamp", "Nonce", "Serial", "Signature"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(part=st.sampled_from(PARTS), where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_byte_changed_anywhere_is_refused(
    verifier: Verifier, proven: Answer, part: str, where: int, flip: int
) -> None:
    original = proven.body if part == "body" else proven.headers[f"Wechatpay-{part}"].encode()
    flipped = bytearray(original)
    flipped[where % len(original)] ^= flip
    if part == "body":
        answer = changed(proven, body=bytes(flipped))
    else:
        answer = changed(proven, **{part: flipped.decode("latin-1")})
    assert reason_of(verifier, answer)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=50),
    headers=st.dictionaries(
        st.sampled_from([f"Wechatpay-{part}" for part in PARTS[1:]]), st.text(max_size=20)
    ),
)
def test_whatever_arrives_is_unproven_or_refused(
    verifier: Verifier, status: int, body: bytes, headers: dict[str, str]
) -> None:
    answer = answer_of(body, status=status, headers=headers)
    with contextlib.suppress(UnverifiedAnswer):
        assert verifier.verify(answer).key_id is None
