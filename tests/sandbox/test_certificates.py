"""The download of platform certificates, decrypted by hand."""

import base64
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.sandbox.caller import CERTIFICATES, Caller, is_signed
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.certificates import new_certificate
from wechat_subsidies.sandbox.keys import generate_key, private_pem

Listed = dict[str, str]


@pytest.fixture
def certified(sandbox: Sandbox) -> Caller:
    return Caller(sandbox.merchant_settings(key_mode="certificates"))


def decrypted(listed: Listed, *, key: str) -> str:
    assert listed["algorithm"] == "AEAD_AES_256_GCM"
    sealed = base64.b64decode(listed["ciphertext"], validate=True)
    aad = listed["associated_data"].encode()
    return AESGCM(key.encode()).decrypt(listed["nonce"].encode(), sealed, aad).decode()


def test_a_certificate_is_downloaded_under_the_merchants_key(certified: Caller) -> None:
    reply = certified.send("GET", CERTIFICATES)
    (listed,) = reply.content["data"]
    pem = decrypted(listed["encrypt_certificate"], key=certified.settings["API_V3_KEY"])
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert listed["serial_no"] == f"{certificate.serial_number:X}"
    assert is_signed(reply, pem)
    assert reply.headers["Wechatpay-Serial"] == listed["serial_no"]


def test_a_certificate_says_how_long_it_holds(certified: Caller) -> None:
    (listed,) = certified.send("GET", CERTIFICATES).content["data"]
    begin, end = (
        datetime.fromisoformat(listed[f"{name}_time"]) for name in ("effective", "expire")
    )
    assert begin < datetime.now(UTC) < end
    assert listed["expire_time"].endswith("+08:00")


def test_another_key_opens_nothing(certified: Caller) -> None:
    (listed,) = certified.send("GET", CERTIFICATES).content["data"]
    with pytest.raises(InvalidTag):
        decrypted(listed["encrypt_certificate"], key="k" * 32)


def test_no_two_downloads_share_a_nonce(certified: Caller) -> None:
    replies = [certified.send("GET", CERTIFICATES).content["data"][0] for _ in range(20)]
    assert len({listed["encrypt_certificate"]["nonce"] for listed in replies}) == 20


def test_a_new_merchant_has_no_certificates(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="public_key")
    caller = Caller(sandbox.merchant_settings("1900000002"))
    reply = caller.send("GET", CERTIFICATES)
    assert reply.refusal == (404, "RESOURCE_NOT_EXISTS")
    assert "verify with the WeChat Pay public key" in reply.content["message"]
    assert caller.trusts(reply)


def test_a_certificate_is_one_for_openssl(sandbox: Sandbox, tmp_path: Path) -> None:
    ((serial_no, pem),) = sandbox.certificates.items()
    (tmp_path / "certificate.pem").write_text(pem)
    command = ["openssl", "x509", "-in", "certificate.pem", "-noout", "-serial"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout == f"serial={serial_no}\n"


def test_a_certificate_without_its_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="needs its private key"):
        new_certificate(certificate_pem="…")


def test_a_certificate_of_another_key_is_refused(sandbox: Sandbox) -> None:
    (pem,) = sandbox.certificates.values()
    with pytest.raises(ValueError, match="does not belong to the private key"):
        sandbox.rotate_certificates(
            private_key_pem=private_pem(generate_key()), certificate_pem=pem
        )
