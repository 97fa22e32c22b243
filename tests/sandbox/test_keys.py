from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from wechat_subsidies.sandbox.keys import (
    certificate_pem,
    generate_key,
    parse_certificate,
    parse_public_key,
    self_signed,
)


def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_public_key_that_is_not_rsa_is_refused() -> None:
    pem = (
        elliptic_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(ValueError, match="not an RSA key"):
        parse_public_key(pem.decode())


def test_a_text_without_a_public_key_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no public key in PEM form"):
        parse_public_key("no key")


def test_a_certificate_of_a_key_that_is_not_rsa_is_refused() -> None:
    certificate = self_signed(name="1", key=elliptic_key())  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ValueError, match="not an RSA key"):
        parse_certificate(certificate_pem(certificate))


def lasting(key: rsa.RSAPrivateKey, *, begin: datetime, end: datetime) -> x509.Certificate:
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end)
    return builder.sign(key, hashes.SHA256())


@pytest.mark.parametrize(
    "end", [datetime(2200, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_a_certificate_after_one_that_has_just_begun_is_valid_already(end: datetime) -> None:
    key = generate_key()
    now = datetime.now(UTC)
    earlier = lasting(key, begin=now - timedelta(seconds=5), end=end)
    later = self_signed(name="1", key=key, after=earlier)
    assert earlier.not_valid_before_utc < later.not_valid_before_utc <= now
    assert later.not_valid_after_utc > datetime(2200, 1, 1, tzinfo=UTC)
