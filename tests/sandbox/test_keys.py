import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wechat_subsidies.sandbox.keys import (
    certificate_pem,
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
