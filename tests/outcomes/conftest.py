from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from wechat_subsidies.sandbox import Sandbox

from ..wechatpay.platform import PlatformKey
from ..wechatpay.samples import PUB_KEY_ID, public_pem
from ..wechatpay.servers import Handler, Server

Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def platform() -> PlatformKey:
    """The key that WeChat Pay signs answers with."""
    return PlatformKey.of(generate_private_key(65537, 2048))


@pytest.fixture
def serve(gateway: Sandbox, settings: Any, platform: PlatformKey) -> Iterator[Serve]:
    """Start a server with a handler, as the gateway that the shop's settings name."""
    servers: list[Server] = []

    def start(handler: Handler, *, verify_refund: str = "off", **changes: Any) -> Server:
        server = Server(handler)
        servers.append(server)
        merchant = gateway.merchant_settings() | {
            "BASE_URL": server.url,
            "WECHATPAY_PUBLIC_KEY_ID": PUB_KEY_ID,
            "WECHATPAY_PUBLIC_KEY": public_pem(platform.key),
        }
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "VERIFY_REFUND": verify_refund,
            "MERCHANTS": {"default": merchant | changes},
        }
        return server

    yield start
    for server in servers:
        server.stop()
