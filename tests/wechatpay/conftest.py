import base64
import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from wechat_subsidies.wechatpay import MerchantCredentials, WeChatPayClient
from wechat_subsidies.wechatpay.transport import Transport

from .platform import API_V3_KEY, Gateway, PlatformKey
from .samples import PUB_KEY_ID, private_pem, public_pem
from .servers import Server

Seal = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def merchant_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def wechatpay_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def certificate(merchant_key: RSAPrivateKey) -> x509.Certificate:
    """A certificate of the merchant's key, good for TLS on loopback and by proxy as well."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("wechatpay.invalid"),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(merchant_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(merchant_key, SHA256())
    )


@pytest.fixture(scope="session")
def certificate_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="session")
def ca_bundle(certificate_pem: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    path.write_text(certificate_pem)
    return str(path)


@pytest.fixture(scope="session")
def server_tls(ca_bundle: str, merchant_key: RSAPrivateKey) -> ssl.SSLContext:
    key = Path(ca_bundle).with_name("key.pem")
    key.write_text(private_pem(merchant_key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_bundle, key)
    return context


@pytest.fixture
def credentials(merchant_key: RSAPrivateKey, wechatpay_key: RSAPrivateKey) -> MerchantCredentials:
    return MerchantCredentials(
        mchid="1900000001",
        serial_no="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        private_key=private_pem(merchant_key),
        public_keys={PUB_KEY_ID: public_pem(wechatpay_key)},
    )


@pytest.fixture
def seal(wechatpay_key: RSAPrivateKey) -> Seal:
    """The headers that sign a body, as WeChat Pay does; written without the code under test."""

    def sign(
        body: bytes, *, timestamp: int | None = None, key: RSAPrivateKey = wechatpay_key
    ) -> dict[str, str]:
        seconds = str(int(time.time()) if timestamp is None else timestamp)
        message = b"%b\n%b\n%b\n" % (seconds.encode(), b"aNonce", body)
        return {
            "Wechatpay-Timestamp": seconds,
            "Wechatpay-Nonce": "aNonce",
            "Wechatpay-Serial": PUB_KEY_ID,
            "Wechatpay-Signature": base64.b64encode(
                key.sign(message, PKCS1v15(), SHA256())
            ).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    return sign


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server with a handler; it ends with the test."""
    servers: list[Server] = []

    def start(handler: Callable[..., None], **options: object) -> Server:
        servers.append(Server(handler, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def refusing_url() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def transport_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Transport]]:
    """A transport to a URL; its connections end with the test."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    transports: list[Transport] = []

    def make(url: str, **options: object) -> Transport:
        transports.append(Transport(base_url=url, **options))
        return transports[-1]

    yield make
    for transport in transports:
        transport.close()


@pytest.fixture
def client_to(credentials: MerchantCredentials) -> Iterator[Callable[..., WeChatPayClient]]:
    """A client of a URL; its connections end with the test."""
    clients: list[WeChatPayClient] = []

    def make(url: str, **options: object) -> WeChatPayClient:
        clients.append(WeChatPayClient(credentials, base_url=url, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def platform_keys(wechatpay_key: RSAPrivateKey) -> list[PlatformKey]:
    """Two platform keys with valid certificates; the second one is the newer."""
    other = generate_private_key(65537, 2048)
    return [PlatformKey.of(wechatpay_key), PlatformKey.of(other, start=-60)]


@pytest.fixture
def gateway(platform_keys: list[PlatformKey]) -> Gateway:
    """A gateway that signs with, and lists, the first of the platform keys."""
    return Gateway(in_use=platform_keys[0], listed=[platform_keys[0]])


@pytest.fixture
def certified(merchant_key: RSAPrivateKey) -> MerchantCredentials:
    """Credentials that rest on certificates alone."""
    return MerchantCredentials(
        mchid="1900000001",
        serial_no="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        private_key=private_pem(merchant_key),
        api_v3_key=API_V3_KEY,
    )
