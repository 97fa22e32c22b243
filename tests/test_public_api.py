"""What hosts import: leaving it takes a deprecation."""

import importlib

import pytest

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
    "wechat_subsidies.orders": ["OrderAdapter", "Reason", "Target"],
    "wechat_subsidies.admin": ["CancelSubsidiesMixin", "SubsidyStateFilter", "SubsidyStateMixin"],
    "wechat_subsidies.signals": [
        "sending_paused",
        "sending_resumed",
        "subsidy_cancellation_failed",
        "subsidy_cancellation_needs_review",
        "subsidy_cancelled",
    ],
    "wechat_subsidies.wechatpay": ["WeChatPayClient", "WeChatPayError"],
    "wechat_subsidies.sandbox": ["Sandbox"],
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in SURFACE.items() for name in names]
)
def test_what_hosts_import_is_there(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


def test_the_statuses_are_those_that_hosts_store_and_compare() -> None:
    from wechat_subsidies.models import SubsidyCancellation

    assert SubsidyCancellation.Status.values == [
        "pending",
        "sending",
        "succeeded",
        "failed",
        "needs_review",
        "withdrawn",
    ]
