"""The clients by which this process calls WeChat Pay: one for each merchant."""

import os
import socket
import uuid
from functools import cache, lru_cache
from typing import Final

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.core.signals import setting_changed

from ..conf import SETTING, MerchantSettings
from ..wechatpay import MerchantCredentials, WeChatPayClient

CONCURRENCY: Final = 96  # calls under way at a time, for each platform merchant
# Connections kept to WeChat Pay for a merchant. One that finds no place after its call is closed,
# and costs the next call a handshake, which is as much CPU as a call.
POOL_SIZE: Final = CONCURRENCY


def process_name() -> str:
    """Which process made a call: host, process number, and a word of chance against re-used numbers."""
    return name_of(os.getpid())


@lru_cache(maxsize=1)
def name_of(process_number: int) -> str:
    """The name of this process; another one after a fork, which has another number."""
    return f"{socket.gethostname()[:80]}:{process_number}:{uuid.uuid4().hex[:8]}"


@cache
def client_for(merchant: MerchantSettings) -> WeChatPayClient:
    """The merchant's client. Its keys are read at the first call and kept.

    Raises CredentialsError, ConfigurationError or, for a setting of the wrong type, TypeError.
    """
    key_id = merchant.wechatpay_public_key_id
    credentials = MerchantCredentials(
        mchid=merchant.mchid,
        serial_no=merchant.merchant_serial_no,
        private_key=merchant.private_key or "",
        public_keys={key_id: merchant.wechatpay_public_key or ""} if key_id else None,
        api_v3_key=merchant.api_v3_key or None,
    )
    return WeChatPayClient(
        credentials,
        base_url=merchant.base_url,
        backup_url=merchant.backup_url,
        timeout=merchant.timeout,
        pool_size=POOL_SIZE,
        allow_http=settings.DEBUG,
        certificate_store=shared_cache,
    )


def forget_clients(*, setting: str, **kwargs: object) -> None:
    """Make new clients after a test has changed the setting."""
    if setting == SETTING:
        client_for.cache_clear()


setting_changed.connect(forget_clients)
