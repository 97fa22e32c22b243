import base64
import re
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from wechat_subsidies.wechatpay import KeySigner, MerchantCredentials
from wechat_subsidies.wechatpay.signing import answer_message, request_message

from .samples import public_pem

BODY = '{"description":"订单退款"}'.encode()


def signer(credentials: MerchantCredentials) -> KeySigner:
    return KeySigner(credentials=credentials, clock=lambda: 1554208460.9, make_nonce=lambda: "N1")


def fields_of(authorization: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', authorization))


def test_a_request_is_signed_as_five_lines_each_of_them_ended() -> None:
    message = request_message(
        method="POST", path="/v3/x?a=1", timestamp="1554208460", nonce="N1", body=b"{}"
    )
    assert message == b"POST\n/v3/x?a=1\n1554208460\nN1\n{}\n"


def test_the_body_is_signed_byte_for_byte() -> None:
    message = request_message(method="POST", path="/", timestamp="1", nonce="N", body=b"\xff\x00")
    assert message.endswith(b"\n\xff\x00\n")


def test_a_request_without_a_body_has_an_empty_fifth_line() -> None:
    message = request_message(method="GET", path="/v3/x", timestamp="1", nonce="N", body=b"")
    assert message == b"GET\n/v3/x\n1\nN\n\n"


def test_an_answer_is_signed_as_three_lines() -> None:
    assert answer_message(timestamp="1", nonce="N", body=b"{}") == b"1\nN\n{}\n"


def test_the_authorization_names_merchant_and_certificate(
    credentials: MerchantCredentials,
) -> None:
    authorization = signer(credentials).authorization(method="GET", path="/", body=b"")
    assert authorization.startswith("WECHATPAY2-SHA256-RSA2048 mchid=")
    assert fields_of(authorization) | {"signature": ""} == {
        "mchid": "1900000001",
        "nonce_str": "N1",
        "timestamp": "1554208460",
        "serial_no": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "signature": "",
    }


def test_openssl_accepts_the_signature(
    credentials: MerchantCredentials, merchant_key: RSAPrivateKey, tmp_path: Path
) -> None:
    authorization = signer(credentials).authorization(method="POST", path="/v3/x", body=BODY)
    files = {
        "key.pem": public_pem(merchant_key).encode(),
        "signature": base64.b64decode(fields_of(authorization)["signature"]),
        "message": b"POST\n/v3/x\n1554208460\nN1\n" + BODY + b"\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = "openssl dgst -sha256 -verify key.pem -signature signature message"
    openssl = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    assert openssl.stdout == b"Verified OK\n"


def test_every_request_has_a_nonce_of_its_own(credentials: MerchantCredentials) -> None:
    nonces = {
        fields_of(
            KeySigner(credentials=credentials).authorization(method="GET", path="/", body=b"")
        )["nonce_str"]
        for _ in range(3)
    }
    assert len(nonces) == 3
    assert {len(nonce) for nonce in nonces} == {32}
