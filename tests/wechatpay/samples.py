"""Keys as text, and answers without a network."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from requests.structures import CaseInsensitiveDict

from wechat_subsidies.wechatpay import Answer

PUB_KEY_ID = "PUB_KEY_ID_0119000000012024101100397200000006"


def private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def answer_of(
    body: bytes = b"{}", *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer as the transport gives it."""
    return Answer(
        http_status=status,
        headers=CaseInsensitiveDict({"Request-ID": "08F78BB7", **(headers or {})}),
        body=body,
        host="api.mch.weixin.qq.com",
        elapsed=0.1,
    )
