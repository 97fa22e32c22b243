import base64
import json
import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wechat_subsidies.wechatpay import (
    CertificatesUnavailable,
    CredentialsError,
    MalformedAnswer,
    NotSent,
    WeChatPayError,
)
from wechat_subsidies.wechatpay.bodies import api_error
from wechat_subsidies.wechatpay.certificates import (
    Certificate,
    certificates_error,
    certificates_in,
)

from .platform import API_V3_KEY, DAY, PlatformKey, body_of, entry_of, x509_of
from .samples import answer_of
from .servers import as_json

CIPHER = AESGCM(API_V3_KEY.encode())
Keys = list[PlatformKey]


def read(body: bytes) -> tuple[Certificate, ...]:
    return certificates_in(answer_of(body), cipher=CIPHER)


def test_each_certificate_comes_with_its_number_and_key(platform_keys: Keys) -> None:
    certificates = read(body_of(*platform_keys))
    assert [each.serial_no for each in certificates] == [each.serial_no for each in platform_keys]
    assert [each.key for each in certificates] == [each.key.public_key() for each in platform_keys]


def test_a_certificate_is_valid_between_its_own_two_dates(platform_keys: Keys) -> None:
    (certificate,) = read(body_of(platform_keys[0]))
    now = time.time()
    assert certificate.is_valid_at(now)
    assert not certificate.is_valid_at(now - 2 * DAY)
    assert not certificate.is_valid_at(now + 2 * DAY)


def test_a_certificate_is_valid_on_its_first_and_its_last_second(platform_keys: Keys) -> None:
    (certificate,) = read(body_of(platform_keys[0]))
    for second in (certificate.not_before, certificate.not_after):
        assert certificate.is_valid_at(second)
    assert not certificate.is_valid_at(certificate.not_before - 1)
    assert not certificate.is_valid_at(certificate.not_after + 1)


def test_expired_certificates_are_read_too(platform_keys: Keys) -> None:
    expired = PlatformKey.of(platform_keys[0].key, end=-60)
    assert not read(body_of(expired))[0].is_valid_at(time.time())


def test_a_number_may_be_spelled_in_lower_case(platform_keys: Keys) -> None:
    entry = entry_of(platform_keys[0])
    entry["serial_no"] = entry["serial_no"].lower()
    assert read(as_json(data=[entry]))[0].serial_no == platform_keys[0].serial_no.lower()


def test_what_another_key_encrypted_is_refused(platform_keys: Keys) -> None:
    with pytest.raises(CredentialsError, match="merchant platform") as refused:
        read(body_of(platform_keys[0], api_v3_key="x" * 32))
    assert refused.value.code == "api_v3_key_mismatch"


def test_one_certificate_that_does_not_hold_spoils_all(platform_keys: Keys) -> None:
    good, bad = entry_of(platform_keys[0]), entry_of(platform_keys[1], associated_data="other")
    with pytest.raises(CredentialsError) as refused:
        read(as_json(data=[good, bad]))
    assert refused.value.code == "api_v3_key_mismatch"


def test_certificates_in_another_encryption_are_passed_over(platform_keys: Keys) -> None:
    chinese = entry_of(platform_keys[0], algorithm="AEAD_SM4_GCM")
    certificates = read(as_json(data=[chinese, entry_of(platform_keys[1])]))
    assert [each.serial_no for each in certificates] == [platform_keys[1].serial_no]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data":{}}',
        b'{"data":[5]}',
        b'{"data":[{"serial_no":"A"}]}',
        b'{"data":[{"encrypt_certificate":[]}]}',
    ],
)
def test_an_answer_of_another_shape_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        read(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "short"},
        {"nonce": "\ud800" * 12},
        {"nonce": 5},
        {"associated_data": None},
        {"ciphertext": "no base64"},
        {"ciphertext": "订"},
    ],
)
def test_what_is_not_encrypted_as_documented_is_malformed(
    platform_keys: Keys, changes: dict[str, object]
) -> None:
    entry = entry_of(platform_keys[0], **changes)
    with pytest.raises(MalformedAnswer):
        read(json.dumps({"data": [entry]}).encode())


def test_what_is_no_certificate_is_malformed(platform_keys: Keys) -> None:
    with pytest.raises(MalformedAnswer, match="no certificate"):
        read(body_of(platform_keys[0], pem=b"-----BEGIN CERTIFICATE-----"))


def test_a_certificate_without_an_rsa_key_is_malformed() -> None:
    platform = PlatformKey(key=None, certificate=x509_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(MalformedAnswer, match="no RSA key"):
        read(body_of(platform))


def test_a_certificate_under_another_number_is_malformed(platform_keys: Keys) -> None:
    entry = {**entry_of(platform_keys[0]), "serial_no": "ABC"}
    with pytest.raises(MalformedAnswer, match="serial number"):
        read(as_json(data=[entry]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_byte_of_the_encryption_changed_is_refused(
    platform_keys: Keys, where: int, flip: int
) -> None:
    entry = entry_of(platform_keys[0])
    data = bytearray(base64.b64decode(entry["encrypt_certificate"]["ciphertext"]))
    data[where % len(data)] ^= flip
    entry["encrypt_certificate"]["ciphertext"] = base64.b64encode(data).decode()
    with pytest.raises(CredentialsError) as refused:
        read(as_json(data=[entry]))
    assert refused.value.code == "api_v3_key_mismatch"


# What a failed request means for the call that needed the certificates


def refusal(status: int, code: str) -> WeChatPayError:
    return api_error(answer_of(as_json(code=code, message="words"), status=status))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (refusal(404, "RESOURCE_NOT_EXISTS"), "public_key_needed", "use its WeChat Pay public key"),
        (refusal(401, "SIGN_ERROR"), "certificates_refused", "SIGN_ERROR"),
        (refusal(403, "NO_AUTH"), "certificates_refused", "NO_AUTH"),
        (CredentialsError("x", code="api_v3_key_mismatch"), "api_v3_key_mismatch", "x"),
    ],
)
def test_what_a_setting_has_to_mend_is_said_so(
    error: WeChatPayError, code: str, words: str
) -> None:
    meaning = certificates_error(error)
    assert words in str(meaning)
    assert isinstance(meaning, CredentialsError)
    assert (meaning.code, meaning.answer, meaning.outcome_known) == (code, None, True)


@pytest.mark.parametrize(
    "error",
    [
        refusal(404, "SOMETHING"),
        refusal(401, "SOMETHING"),
        refusal(429, "FREQUENCY_LIMITED"),
        refusal(500, "SYSTEM_ERROR"),
        refusal(202, ""),
        MalformedAnswer("x", answer=answer_of()),
    ],
)
def test_what_time_may_mend_is_not_sent(error: WeChatPayError) -> None:
    meaning = certificates_error(error)
    assert isinstance(meaning, NotSent)
    assert isinstance(meaning, requests.RequestException)
    assert (meaning.code, meaning.answer) == ("certificates_unavailable", None)
    assert meaning.outcome_known is True
    assert "WeChat Pay's certificates" in str(meaning)
    assert "may have been carried out" not in str(meaning)


def test_a_merchant_without_certificates_is_told_to_use_the_public_key() -> None:
    words = str(certificates_error(refusal(404, "RESOURCE_NOT_EXISTS")))
    assert "WECHATPAY_PUBLIC_KEY" in words
    assert "pub_key.pem" in words


def test_the_meaning_of_a_meaning_is_the_same() -> None:
    once = certificates_error(refusal(500, "SYSTEM_ERROR"))
    assert str(certificates_error(once)) == str(once)
    assert isinstance(certificates_error(once), CertificatesUnavailable)
