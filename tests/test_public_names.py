"""What hosts write down and compare: settings, crontabs, columns, codes, URLs.

Leaving it takes a deprecation. More may be there; what these tests name has to stay. Where they say
"all", what is new is to be named here as well.
"""

import argparse
import logging
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.dispatch import Signal

from example_project.shop.models import Order
from wechat_subsidies import conf, exceptions, logbook, services, signals
from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateFilter, SubsidyStateMixin
from wechat_subsidies.checks.values import CHOICES
from wechat_subsidies.exceptions import Conflict, InvalidRequest, SubsidyError
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode
from wechat_subsidies.orders.mapped import KEYS

from .test_public_api import SURFACE, signature_of

if TYPE_CHECKING:
    from wechat_subsidies.sandbox import Sandbox

SETTINGS = {
    "DEFAULTS": {
        "MERCHANTS": {},
        "ORDERS": {},
        "PARTIAL_REFUNDS": "ask",
        "SCOPES": None,
        "DESCRIPTION": "订单退款",
        "DISPATCHER": "inline",
        "VERIFY_REFUND": "off",
        "MAX_ATTEMPTS": 8,
        "GIVE_UP_AFTER": timedelta(days=7),
        "RETENTION_DAYS": 730,
        "API": {},
        "CELERY": {},
    },
    "MERCHANT_DEFAULTS": {
        "MCHID": "",
        "MERCHANT_SERIAL_NO": "",
        "PRIVATE_KEY": None,
        "WECHATPAY_PUBLIC_KEY_ID": "",
        "WECHATPAY_PUBLIC_KEY": None,
        "API_V3_KEY": None,
        "BASE_URL": "https://api.mch.weixin.qq.com",
        "BACKUP_URL": None,
        "TIMEOUT": (5, 10),
        "RATE_LIMIT": 200,
        "SEND_REFUND_ID": True,
    },
    "API_DEFAULTS": {"PERMISSION_CLASSES": None, "THROTTLE_RATE": None, "MAX_BATCH": 1000},
    "CELERY_DEFAULTS": {"QUEUE": None},
}
MAY_BE = {"PARTIAL_REFUNDS": "ask refuse allow", "VERIFY_REFUND": "off exists succeeded"}
MAPPING = """
    transaction_id sub_mchid has_refund refund_id reference queryset paid_amount refunded_amount
    subsidy_amount blocked_because scope description merchant
"""
MAPPING_BEYOND = (
    "paid_at refunded_at"  # beyond what was agreed upon; public since they are documented
)
FIELDS = """
    merchant mchid sub_mchid transaction_id refund_id description status in_doubt proof reason result
    error_code error_message request_id attempt_count send_after order_model order_pk order_reference
    scope paid_amount refunded_amount subsidy_amount source requested_by requested_by_name
    resolved_by_name resolved_at resolution_note created_at updated_at completed_at
"""
STATUSES = "pending sending succeeded failed needs_review withdrawn"
SOURCES = "admin api service command auto"
CODES = {
    "SubsidyError": "error",
    "InvalidRequest": "invalid",
    "NotEligible": "not_eligible",
    "SeveralTransactions": "several_transactions",
    "Conflict": "conflict",
    "ForeignTransaction": "foreign_transaction",
    "ConcurrentRequest": "try_again",
}
REASONS = """
    not_found missing_transaction_id missing_sub_mchid invalid unknown_merchant not_refunded blocked
    partly_refunded amounts_unknown several_transactions not_the_orders other_order adapter_error changed
    stopped in_progress already_cancelled refused_before awaiting_review withdrawn duplicate
"""
# Which signal an answer of the sandbox comes to, where one call with unknown outcome is enough.
ARRIVALS = {
    "subsidy_cancelled": None,
    "subsidy_cancellation_failed": "invalid_request",
    "subsidy_cancellation_needs_review": "system_error",
}
REPORT = "calls outcomes"
# The last three are properties.
STATUS = """
    at due oldest_due expired_leases needs_review announcements_given_up pauses last_sweep attempts
    last_sweep_age nobody_is_sending figures
"""
COMMANDS = {
    "process_subsidy_cancellations": "--forever --limit --merchant --concurrency --status --json --fail-if",
    "cancel_subsidies": "file --dry-run --skip-bad --partial --merchant --by",
    "cancel_refunded_subsidies": "--older-than --limit --model --partial --dry-run",
    "subsidy_sending": "--pause --resume --reason --by",
    "check_wechatpay": "--merchant --json",
    "wechatpay_sandbox": "--host --port --keys --strict-orders --key-mode --no-rate-limits --ledger-size "
    "--tls --control-token --quiet",
    "prune_subsidies": "--dry-run --anonymise",
}
NEEDS = pytest.mark.needs("cheroot")
PERMISSIONS = {"cancel_subsidy", "resolve_cancellation", "pause_sending", "view_all_batches"}
TASKS = {
    "send": "keys",
    "work_on": "batch_pk",
    "process_due": "",
}  # work_on is beyond what was agreed upon
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


@pytest.mark.parametrize("name", SETTINGS)
def test_these_are_all_settings_with_their_defaults(name: str) -> None:
    assert getattr(conf, name) == SETTINGS[name]


def test_these_are_all_values_that_a_choice_may_have() -> None:
    assert {name: " ".join(values) for name, values in CHOICES.items()} == MAY_BE
    assert list(conf.DISPATCHERS) == ["inline", "django_tasks", "celery"]


def test_these_are_all_keys_of_a_mapping() -> None:
    assert set(KEYS) == {*MAPPING.split(), *MAPPING_BEYOND.split()}


def test_a_cancellation_has_the_fields_that_hosts_read() -> None:
    assert set(FIELDS.split()) <= {field.name for field in SubsidyCancellation._meta.get_fields()}
    assert SubsidyCancellation().newly_recorded is False


def test_statuses_sources_and_reasons_are_those_that_hosts_store_and_compare() -> None:
    assert SubsidyCancellation.Status.values == STATUSES.split()
    assert SubsidyCancellation.Source.values == SOURCES.split()
    assert ReasonCode.values == REASONS.split()


@pytest.mark.parametrize("name", SURFACE["wechat_subsidies.exceptions"])
def test_an_error_has_the_code_that_hosts_compare(name: str) -> None:
    kind = getattr(exceptions, name)
    assert issubclass(kind, SubsidyError)
    assert kind.code == CODES[name]


def test_an_error_carries_what_it_is_about() -> None:
    cancellation = SubsidyCancellation()
    conflict = Conflict("Its bytes are frozen.", code="frozen", cancellation=cancellation)
    assert (conflict.code, str(conflict)) == ("frozen", "Its bytes are frozen.")
    assert conflict.cancellation is cancellation
    wrong = {"refund_id": ("invalid", "No such refund.")}
    assert InvalidRequest("One is wrong.", fields=wrong).fields == wrong


def keywords_of(signal: Signal, act: Callable[[], object]) -> list[set[str]]:
    """What each receiver is given besides what Django gives while something is done."""
    heard: list[set[str]] = []

    def hear(**keywords: Any) -> None:
        heard.append(set(keywords) - {"signal", "sender"})

    signal.connect(hear)
    try:
        act()
    finally:
        signal.disconnect(hear)
    return heard


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ARRIVALS)
def test_what_becomes_of_a_cancellation_is_told_with_these_keywords(
    gateway: "Sandbox", settings: Any, name: str
) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
    if ARRIVALS[name]:
        gateway.faults.add(ARRIVALS[name])
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    heard = keywords_of(getattr(signals, name), services.process_due)
    assert heard == [{"cancellation", "attempt_count"}]


@pytest.mark.django_db(transaction=True)
def test_pauses_are_told_with_their_keyword() -> None:
    pausing = keywords_of(signals.sending_paused, lambda: services.pause(None, reason="a test"))
    assert pausing == [{"pause"}]
    assert keywords_of(signals.sending_resumed, lambda: services.resume(None)) == [{"pause"}]


def test_what_services_report_has_the_names_that_monitors_read() -> None:
    properties = {
        name for name, each in vars(services.Status).items() if isinstance(each, property)
    }
    assert {each.name for each in fields(services.Status)} | properties == set(STATUS.split())
    assert {each.name for each in fields(services.ProcessReport)} == set(REPORT.split())


def test_the_action_and_the_column_have_the_names_that_hosts_list() -> None:
    class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
        list_display = ["subsidy_state"]

    shown = OrderAdmin(Order, admin.AdminSite())
    assert "cancel_subsidies" in shown.actions
    assert shown.get_action("cancel_subsidies")
    assert callable(shown.subsidy_state)
    assert SubsidyStateFilter.parameter_name == "subsidy_state"


def test_these_are_all_commands() -> None:
    named = {name for name, app in get_commands().items() if app == "wechat_subsidies"}
    assert named == {*COMMANDS}


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    return {name for each in parser._actions for name in each.option_strings or [each.dest]}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=NEEDS if "sandbox" in name else ()) for name in COMMANDS],
)
def test_these_are_all_options_that_stand_in_crontabs(name: str) -> None:
    of_django = options_of(BaseCommand().create_parser("manage.py", name))
    parser = load_command_class("wechat_subsidies", name).create_parser("manage.py", name)
    assert options_of(parser) - of_django == set(COMMANDS[name].split())


@NEEDS
def test_the_sandbox_takes_the_same_options_without_django() -> None:
    from wechat_subsidies.sandbox.__main__ import add_options

    add_options(parser := argparse.ArgumentParser(add_help=False))
    assert options_of(parser) == set(COMMANDS["wechatpay_sandbox"].split())


def test_all_is_logged_under_one_name() -> None:
    assert logbook.logger is logging.getLogger("wechat_subsidies")


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
    assert {task: signature_of(getattr(celery, task).run) for task in TASKS} == TASKS


@pytest.mark.needs(*[] if django.VERSION >= (6, 0) else ["django_tasks"])
def test_the_tasks_of_django_are_where_queues_have_stored_that_they_are() -> None:
    from wechat_subsidies.dispatch import django_tasks

    paths = {getattr(django_tasks, task).module_path for task in TASKS}
    assert paths == {f"wechat_subsidies.dispatch.django_tasks.{task}" for task in TASKS}
    assert {task: signature_of(getattr(django_tasks, task).func) for task in TASKS} == TASKS
