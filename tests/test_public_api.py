"""What hosts import and call: leaving it takes a deprecation.

What they write down is in test_public_names.py. More may be there; what these tests name has to
stay. Where they say "all", and in what a function takes, what is new is to be named here as well,
as public or as ours.
"""

import importlib
import inspect
from typing import Any

import pytest

from wechat_subsidies import services
from wechat_subsidies.dispatch import Dispatcher
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, Reason, Target
from wechat_subsidies.wechatpay import MerchantCredentials, WeChatPayClient, errors

SURFACE = {
    "wechat_subsidies.services": [
        "cancel_subsidies",
        "cancel_subsidy",
        "cancel_subsidy_for_order",
        "draft_batch",
        "may_share_profit",
        "pause",
        "process_due",
        "reopen",
        "resolve",
        "resume",
        "retry",
        "status",
        "stop_batch",
        "withdraw",
        "ProcessReport",
        "Status",
    ],
    "wechat_subsidies.exceptions": [
        "ConcurrentRequest",
        "Conflict",
        "ForeignTransaction",
        "InvalidRequest",
        "NotEligible",
        "SeveralTransactions",
        "SubsidyError",
    ],
    "wechat_subsidies.models": [
        "CancellationAttempt",
        "CancellationBatch",
        "CancellationBatchItem",
        "SubsidyCancellation",
    ],
    "wechat_subsidies.orders": ["OrderAdapter", "Reason", "ReasonCode", "Target"],
    "wechat_subsidies.admin": [
        "CancelSubsidiesMixin",
        "SubsidyStateFilter",
        "SubsidyStateMixin",
        "register",
    ],
    "wechat_subsidies.dispatch": ["Dispatcher"],
    "wechat_subsidies.signals": [
        "sending_paused",
        "sending_resumed",
        "subsidy_cancellation_failed",
        "subsidy_cancellation_needs_review",
        "subsidy_cancelled",
    ],
    "wechat_subsidies.wechatpay": [
        "APIError",
        "AnswerError",
        "AnswerMismatch",
        "BadRequest",
        "CertificatesUnavailable",
        "ConfigurationError",
        "CredentialsError",
        "Forbidden",
        "InvalidParameter",
        "MalformedAnswer",
        "MerchantCredentials",
        "NetworkError",
        "NotFound",
        "NotSent",
        "OutcomeUnknown",
        "RateLimited",
        "ServerError",
        "SignatureRefused",
        "SlotMissed",
        "UnexpectedStatus",
        "UnverifiedAnswer",
        "WeChatPayClient",
        "WeChatPayError",
    ],
    "wechat_subsidies.sandbox": ["Sandbox"],
    "wechat_subsidies.sandbox.pytest_plugin": ["wechatpay_sandbox"],
}
NEEDS = {name: pytest.mark.needs("cheroot") for name in SURFACE if ".sandbox" in name}
# What the admin, the API, commands and workers call of the services, and hosts do not.
OURS = {
    "Given",
    "Selected",
    "ask_for_batch",
    "ask_for_selection",
    "confirm_batch",
    "neglected_since",
    "pauses_that_hold",
    "renew_draft",
    "resume_after_selftest",
    "resume_pauses",
    "retry_batch",
    "retry_refused",
    "work_on_batch",
}

# What commands, workers, the admin and the API give besides, and hosts do not.
GIVEN_BY_US = """
    source http_request within concurrency forever stop on_progress
    deadline user_agent signer certificate_store clock
"""

SERVICES = {
    "cancel_subsidy": "*, sub_mchid, transaction_id, description=None, refund_id=None, merchant='default', "
    "requested_by=None, partial=False, send='now'",
    "cancel_subsidy_for_order": "order, *, description=None, refund_id=None, requested_by=None, "
    "partial=False, send='now'",
    "cancel_subsidies": "orders, *, description=None, requested_by=None, partial=False, send='now'",
    "draft_batch": "orders, *, description=None, requested_by=None, partial=False",
    "retry": "cancellation, *, description=None, refund_id=None, note='', requested_by=None, send='now'",
    "resolve": "cancellation, *, succeeded, note, resolved_by",
    "reopen": "cancellation, *, note, reopened_by",
    "withdraw": "cancellation, *, note='', requested_by=None",
    "stop_batch": "batch, *, stopped_by, note",
    "pause": "merchant, *, reason, paused_by=None",
    "resume": "merchant, *, resumed_by=None",
    "process_due": "*, limit=None, merchant=None",
    "status": "",
    "may_share_profit": "order",
}
ADAPTER = {
    "get_queryset": "self, request=None",
    "targets": "self, order",
    "why_not": "self, order, target",
    "candidates": "self",
    "find": "self, *, sub_mchid, transaction_id, request=None",
    "scope": "self, order",
    "scopes": "self, request",
    # Lists link to orders that they do not load: the key is given, and where the reader is.
    "admin_url": "self, order_pk, *, site_name='admin'",
    # For FILE.csv, and for batches of the API.
    "find_by_reference": "self, reference",
    "find_several": "self, wanted, *, request=None",
}
TARGET = (
    "*, sub_mchid, transaction_id, has_refund, refund_id='', merchant='default', description='', "
    "reference='', paid_amount=None, refunded_amount=None, subsidy_amount=None, paid_at=None, "
    "refunded_at=None, blocked_because=''"
)
CLIENT = {
    "__init__": "self, credentials, *, base_url='https://api.mch.weixin.qq.com', backup_url=None, "
    "timeout=(5, 10), pool_size=10, allow_http=False, ca_bundle=None",
    "cancel_subsidy": "self, *, sub_mchid, transaction_id, description, refund_id=None",
    "query_refund": "self, *, refund_id, sub_mchid",
    "echo": "self, *, message='echo'",
}
SANDBOX = {
    "__init__": "self, *, host='127.0.0.1', port=0, keys=None, key_mode='both', create_orders=True, "
    "repeat='success', rate_limits=False, ledger_size=None, keep_alive=8, tls=None, control_token=None",
    "start": "self",
    "stop": "self",
    "reset": "self",
    "merchant_settings": "self, mchid=None, *, key_mode=None",
    "calls": "self, transaction_id=None, *, path=None",
    "wait_for_calls": "self, count, *, transaction_id=None, path=None, ended=False, timeout=10.0",
    "most_in_flight": "self, transaction_id=None",
    "is_cancelled": "self, *, sub_mchid, transaction_id",
    "add_order": "self, *, sub_mchid, transaction_id, refunded=None, refunds=(), profit_shared=False, "
    "subsidy_mark=True, cancelled=False, mchid=None",
    "add_merchant": "self, *, mchid, serial_no=None, public_key_pem=None, certificate_pem=None, "
    "api_v3_key=None, key_mode='both'",
    "sign_with": "self, kind",
    "use_public_key": "self, *, private_key_pem, key_id=None",
    "rotate_certificates": "self, *, private_key_pem=None, certificate_pem=None",
    "retire_certificate": "self, serial_no=None",
}
SANDBOX_OURS = {"order", "settings_of"}
FAULT = (
    "self, name, *, transaction_id=None, path=None, times=None, share=None, seed=None, seconds=None, "
    "done=None"
)


def signature_of(function: Any) -> str:
    """What may be given and what is taken where it is not, without types."""
    signature = inspect.signature(function)
    given = [each for each in signature.parameters.values() if each.name not in GIVEN_BY_US.split()]
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in given]
    shown = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    return str(shown).removeprefix("(").removesuffix(")")


def methods_of(kind: type) -> set[str]:
    return {name for name in dir(kind) if name[0] != "_" and callable(getattr(kind, name))}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param(module, name, marks=NEEDS.get(module, ()))
        for module, names in SURFACE.items()
        for name in names
    ],
)
def test_what_hosts_import_is_there(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


def test_all_services_are_public_or_known_to_be_ours() -> None:
    public = set(SURFACE["wechat_subsidies.services"])
    assert set(services.__all__) == public | OURS
    assert public == {*SERVICES, "ProcessReport", "Status"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_takes_what_hosts_give(name: str) -> None:
    assert signature_of(getattr(services, name)) == SERVICES[name]


@pytest.mark.parametrize("name", ADAPTER)
def test_an_adapter_has_the_methods_that_hosts_write_and_call(name: str) -> None:
    assert signature_of(getattr(OrderAdapter, name)) == ADAPTER[name]


def test_these_are_all_methods_of_an_adapter() -> None:
    assert methods_of(OrderAdapter) == set(ADAPTER)


def test_a_target_is_made_of_what_adapters_say() -> None:
    assert signature_of(Target) == TARGET
    assert signature_of(Reason) == "*, code, message"
    assert signature_of(Reason.of) == "code, message=None"


def test_a_dispatcher_is_what_shops_write() -> None:
    assert signature_of(Dispatcher.send) == "self, keys"
    assert signature_of(Dispatcher.work_on) == "self, batch_pk"


def test_cancellations_are_found_by_their_orders() -> None:
    assert signature_of(SubsidyCancellation.objects.for_order) == "order"
    assert signature_of(SubsidyCancellation.objects.for_orders) == "orders"


def test_a_batch_knows_the_page_from_which_any_view_may_start_the_flow() -> None:
    page = CancellationBatch(pk=7).get_absolute_url()
    assert page == "/admin/wechat_subsidies/cancellationbatch/7/"


@pytest.mark.parametrize("name", CLIENT)
def test_the_client_has_the_calls_that_are_usable_without_django(name: str) -> None:
    assert signature_of(getattr(WeChatPayClient, name)) == CLIENT[name]


def test_the_credentials_of_the_client_are_those_of_a_merchant() -> None:
    told = "*, mchid, serial_no, private_key, public_keys=None, api_v3_key=None"
    assert signature_of(MerchantCredentials) == told


def test_the_errors_of_the_client_are_all_named() -> None:
    assert {*errors.__all__, "MerchantCredentials", "WeChatPayClient"} == {
        *SURFACE["wechat_subsidies.wechatpay"]
    }


@pytest.mark.needs("cheroot")
@pytest.mark.parametrize("name", SANDBOX)
def test_the_sandbox_takes_what_tests_of_hosts_give(name: str) -> None:
    from wechat_subsidies.sandbox import Sandbox

    assert signature_of(getattr(Sandbox, name)) == SANDBOX[name]


def test_all_of_the_sandbox_is_public_or_known_to_be_ours(wechatpay_sandbox: Any) -> None:
    assert methods_of(type(wechatpay_sandbox)) == {*SANDBOX} - {"__init__"} | SANDBOX_OURS
    assert signature_of(type(wechatpay_sandbox.faults).add) == FAULT
    for name in ("url", "ledger", "repeat", "rate_limits"):
        assert hasattr(wechatpay_sandbox, name)
