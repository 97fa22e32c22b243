"""What hosts import, set, call and compare: leaving it takes a deprecation.

More may be there; what these tests name has to stay. Where they say "all", what is new is to be
named here as well, as public or as ours.
"""

import importlib
import inspect
from typing import Any

import django
import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from wechat_subsidies import conf, services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter

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

# What may be given, in this order where it may be given without its name.
SERVICES = {
    "cancel_subsidy": "* sub_mchid transaction_id description refund_id merchant requested_by partial send",
    "cancel_subsidy_for_order": "order * description refund_id requested_by partial send",
    "cancel_subsidies": "orders * description requested_by partial send",
    "draft_batch": "orders * description requested_by partial",
    "retry": "cancellation * description refund_id note requested_by send",
    "resolve": "cancellation * succeeded note resolved_by",
    "reopen": "cancellation * note reopened_by",
    "withdraw": "cancellation * note requested_by",
    "stop_batch": "batch * stopped_by note",
    "pause": "merchant * reason paused_by",
    "resume": "merchant * resumed_by",
    "process_due": "* limit merchant",
    "status": "",
    "may_share_profit": "order",
}
ADAPTER = {
    "get_queryset": "self request",
    "targets": "self order",
    "why_not": "self order target",
    "candidates": "self",
    "find": "self * sub_mchid transaction_id request",
    "find_several": "self wanted * request",
    "find_by_reference": "self reference",
    "scope": "self order",
    "scopes": "self request",
    "admin_url": "self order_pk * site_name",
}
SETTINGS = {
    "DEFAULTS": "MERCHANTS ORDERS PARTIAL_REFUNDS SCOPES DESCRIPTION DISPATCHER VERIFY_REFUND MAX_ATTEMPTS "
    "GIVE_UP_AFTER RETENTION_DAYS API CELERY",
    "MERCHANT_DEFAULTS": "MCHID MERCHANT_SERIAL_NO PRIVATE_KEY WECHATPAY_PUBLIC_KEY_ID WECHATPAY_PUBLIC_KEY "
    "API_V3_KEY BASE_URL BACKUP_URL TIMEOUT RATE_LIMIT SEND_REFUND_ID",
    "API_DEFAULTS": "PERMISSION_CLASSES THROTTLE_RATE MAX_BATCH",
    "CELERY_DEFAULTS": "QUEUE",
}
FIELDS = """
    merchant mchid sub_mchid transaction_id refund_id description status in_doubt proof reason result
    error_code error_message request_id attempt_count send_after order_model order_pk order_reference
    scope paid_amount refunded_amount subsidy_amount source requested_by requested_by_name
    resolved_by_name resolved_at resolution_note created_at updated_at completed_at
"""
COMMANDS = {
    "process_subsidy_cancellations": "--forever --limit --merchant --concurrency --status --json --fail-if",
    "cancel_subsidies": "",
    "cancel_refunded_subsidies": "",
    "subsidy_sending": "--pause --reason --resume",
    "check_wechatpay": "",
    "wechatpay_sandbox": "",
    "prune_subsidies": "",
}
PERMISSIONS = {"cancel_subsidy", "resolve_cancellation", "pause_sending", "view_all_batches"}
TASKS = {"send", "work_on", "process_due"}
URLS = {
    "cancellation-list": "cancellations/",
    "cancellation-detail": "cancellations/<int:pk>/",
    "cancellation-retry": "cancellations/<int:pk>/retry/",
    "cancellation-resolve": "cancellations/<int:pk>/resolve/",
    "cancellation-withdraw": "cancellations/<int:pk>/withdraw/",
    "batch-list": "batches/",
    "batch-detail": "batches/<int:pk>/",
    "batch-items": "batches/<int:pk>/items/",
    "batch-confirm": "batches/<int:pk>/confirm/",
    "batch-stop": "batches/<int:pk>/stop/",
}


def assert_takes(function: Any, words: str) -> None:
    """See that the parameters are there; before a star, in this place."""
    parameters = inspect.signature(function).parameters
    in_place, _, by_name = words.partition("*")
    assert list(parameters)[: len(in_place.split())] == in_place.split()
    assert set(by_name.split()) <= set(parameters)


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
    assert_takes(getattr(services, name), SERVICES[name])


@pytest.mark.parametrize("name", ADAPTER)
def test_an_adapter_has_the_methods_that_hosts_write_and_call(name: str) -> None:
    assert_takes(getattr(OrderAdapter, name), ADAPTER[name])


@pytest.mark.parametrize("name", SETTINGS)
def test_these_are_all_settings(name: str) -> None:
    assert set(getattr(conf, name)) == set(SETTINGS[name].split())


def test_a_cancellation_has_the_fields_that_hosts_read() -> None:
    assert set(FIELDS.split()) <= {field.name for field in SubsidyCancellation._meta.get_fields()}
    assert SubsidyCancellation().newly_recorded is False


def test_cancellations_are_found_by_their_orders() -> None:
    assert_takes(SubsidyCancellation.objects.for_order, "order")
    assert_takes(SubsidyCancellation.objects.for_orders, "orders")


def test_these_are_all_commands() -> None:
    assert {name for name, app in get_commands().items() if app == "wechat_subsidies"} == {
        *COMMANDS
    }


@pytest.mark.parametrize("name", [name for name, options in COMMANDS.items() if options])
def test_a_command_takes_the_options_that_stand_in_crontabs(name: str) -> None:
    parser = load_command_class("wechat_subsidies", name).create_parser("manage.py", name)
    assert set(COMMANDS[name].split()) <= set(parser._option_string_actions)


def test_these_are_all_permissions_of_our_own() -> None:
    models = apps.get_app_config("wechat_subsidies").get_models()
    assert {code for model in models for code, _ in model._meta.permissions} == PERMISSIONS


@pytest.mark.needs("rest_framework")
def test_these_are_all_urls_of_the_api() -> None:
    from wechat_subsidies.api import urls

    named = {each.name: str(each.pattern) for each in urls.urlpatterns if each.name}
    assert (urls.app_name, named) == ("wechat_subsidies", URLS)


@pytest.mark.needs("celery")
def test_celerys_tasks_have_the_names_that_beat_and_routes_know() -> None:
    from wechat_subsidies.dispatch import celery

    names = {getattr(celery, task).name for task in TASKS}
    assert names == {f"wechat_subsidies.{task}" for task in TASKS}


@pytest.mark.needs(*[] if django.VERSION >= (6, 0) else ["django_tasks"])
def test_the_tasks_of_django_are_where_queues_have_stored_that_they_are() -> None:
    from wechat_subsidies.dispatch import django_tasks

    paths = {getattr(django_tasks, task).module_path for task in TASKS}
    assert paths == {f"wechat_subsidies.dispatch.django_tasks.{task}" for task in TASKS}


def test_the_client_has_the_calls_that_are_usable_without_django() -> None:
    from wechat_subsidies.wechatpay import MerchantCredentials, WeChatPayClient

    assert_takes(MerchantCredentials, "* mchid serial_no private_key public_keys api_v3_key")
    assert_takes(
        WeChatPayClient.cancel_subsidy, "self * sub_mchid transaction_id description refund_id"
    )
    assert_takes(WeChatPayClient.query_refund, "self * refund_id sub_mchid")
    assert_takes(WeChatPayClient.echo, "self")


def test_the_errors_of_the_client_are_all_named() -> None:
    from wechat_subsidies import wechatpay
    from wechat_subsidies.wechatpay import errors

    assert {*errors.__all__, "MerchantCredentials", "WeChatPayClient"} == {
        *SURFACE[wechatpay.__name__]
    }


def test_the_statuses_are_those_that_hosts_store_and_compare() -> None:
    assert SubsidyCancellation.Status.values == [
        "pending",
        "sending",
        "succeeded",
        "failed",
        "needs_review",
        "withdrawn",
    ]
