"""Calls that cannot be made, since the settings give no client: nothing was sent."""

from typing import Any

import pytest
from django.core.cache import cache

from wechat_subsidies import services
from wechat_subsidies.conf import app_settings
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.clients import client_for

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


def use(settings: Any, gateway: Sandbox, **changes: Any) -> None:
    merchant = gateway.merchant_settings() | changes
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}


@pytest.mark.parametrize(
    "changes",
    [
        {"API_V3_KEY": {"not": "a key"}},
        {"PRIVATE_KEY": []},
        {"MERCHANT_SERIAL_NO": "not hexadecimal"},
        {"BASE_URL": "ftp://api.mch.weixin.qq.com"},
        {"BASE_URL": 5},
        {"WECHATPAY_PUBLIC_KEY_ID": ""},
    ],
)
def test_settings_that_give_no_client_leave_the_row_waiting_and_not_in_doubt(
    gateway: Sandbox, settings: Any, changes: dict[str, Any]
) -> None:
    use(settings, gateway, **changes)
    cancellation = services.cancel_subsidy(**IDS)
    assert (cancellation.status, cancellation.reason) == ("pending", "configuration")
    assert (cancellation.in_doubt, cancellation.unknown_count) == (False, 0)
    assert cancellation.attempts.get().outcome == Outcome.CONFIGURATION
    assert gateway.calls() == []


def test_an_api_v3_key_alone_is_enough_for_a_client(gateway: Sandbox, settings: Any) -> None:
    use(settings, gateway, WECHATPAY_PUBLIC_KEY_ID="", API_V3_KEY="k" * 32)
    credentials = client_for(app_settings.merchant("default")).credentials
    assert credentials.uses_certificates
    assert credentials.public_key_ids == ()


def test_a_public_key_alone_is_enough_for_a_client(gateway: Sandbox) -> None:
    credentials = client_for(app_settings.merchant("default")).credentials
    assert not credentials.uses_certificates
    assert len(credentials.public_key_ids) == 1


def test_certificates_are_shared_through_the_hosts_cache(
    gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    monkeypatch.setattr(type(cache._connections["default"]), "get", spy(looked_up))
    use(settings, gateway, WECHATPAY_PUBLIC_KEY_ID="", API_V3_KEY="k" * 32)
    services.cancel_subsidy(**IDS)
    assert looked_up
    assert not SubsidyCancellation.objects.get().in_doubt


def spy(looked_up: list[str]) -> Any:
    def get(self: Any, key: str, *args: Any, **kwargs: Any) -> None:
        looked_up.append(key)

    return get
