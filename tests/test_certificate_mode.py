"""Certificate mode, and both keys at once, from the setting to the stored proof."""

import pytest
from django.core.cache import cache

from wechat_subsidies import services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import ProcessReport

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
    yield
    cache.clear()


def cancel(transaction_id: str) -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id)


@pytest.mark.parametrize("key_mode", ["public_key", "certificates", "both"])
def test_a_success_is_proven_in_every_key_mode(gateway: Sandbox, settings, key_mode: str) -> None:
    gateway.add_merchant(mchid="1900000002", key_mode=key_mode)
    merchant = gateway.merchant_settings("1900000002", key_mode=key_mode)
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    cancellation = cancel("T1")
    assert (cancellation.status, cancellation.proof) == ("succeeded", "wechat")
    key_id = cancellation.attempts.get().key_id
    is_certificate = key_id in gateway.certificates
    assert is_certificate == (key_mode == "certificates")


def test_a_rotation_between_two_calls_loses_none(gateway: Sandbox, settings) -> None:
    gateway.add_merchant(mchid="1900000002", key_mode="certificates")
    merchant = gateway.merchant_settings("1900000002", key_mode="certificates")
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    before = cancel("T1").attempts.get().key_id
    gateway.rotate_certificates()
    gateway.retire_certificate()
    after = cancel("T2")
    assert after.status == "succeeded"
    assert after.attempts.get().key_id != before


def test_a_rotation_in_the_middle_of_a_run_leaves_nobody_in_doubt(
    gateway: Sandbox, settings
) -> None:
    gateway.add_merchant(mchid="1900000002", key_mode="certificates")
    merchant = gateway.merchant_settings("1900000002", key_mode="certificates")
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    cancel("T0")  # the first certificate is held
    gateway.faults.add("delay", seconds=0.05)  # longer than a slot may be missed by
    for number in range(1, 61):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T{number}", send="later")

    def rotate(report: ProcessReport) -> None:
        if len(key_ids()) == 1:
            gateway.rotate_certificates()
            gateway.retire_certificate()

    assert services.process_due(on_progress=rotate, concurrency=8).outcomes == {"succeeded": 60}
    assert len(key_ids()) == 2


def key_ids() -> set[str]:
    return set(CancellationAttempt.objects.values_list("key_id", flat=True))


def test_a_new_merchant_without_certificates_is_told_to_use_the_public_key(
    gateway: Sandbox, settings
) -> None:
    gateway.add_merchant(mchid="1900000002", key_mode="public_key")
    merchant = gateway.merchant_settings("1900000002", key_mode="public_key")
    without = {key: value for key, value in merchant.items() if "PUBLIC_KEY" not in key}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": without | {"API_V3_KEY": "k" * 32}}}
    cancellation = cancel("T1")
    assert (cancellation.status, cancellation.reason) == ("pending", "configuration")
    assert "public key" in cancellation.attempts.get().failure
    assert gateway.calls("T1") == []
