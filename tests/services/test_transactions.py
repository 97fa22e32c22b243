"""Asking inside transactions of others."""

import pytest
from django.db import connections, transaction

from wechat_subsidies import services
from wechat_subsidies.exceptions import ForeignTransaction
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services.transactions import after_commit

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_a_transaction_on_another_database_is_refused_with_the_remedy(gateway: Sandbox) -> None:
    with (
        transaction.atomic(using="other"),
        pytest.raises(ForeignTransaction, match=r"on_commit.*using=“other”") as refusal,
    ):
        services.cancel_subsidy(**IDS)
    assert refusal.value.code == "foreign_transaction"
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_a_transaction_on_ours_as_well_is_fine(gateway: Sandbox) -> None:
    with transaction.atomic(using="other"), transaction.atomic():
        services.cancel_subsidy(**IDS)
    assert SubsidyCancellation.objects.get().status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_asking_with_autocommit_off_is_refused_with_the_remedy(gateway: Sandbox) -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(
            transaction.TransactionManagementError, match=r"Use transaction\.atomic"
        ):
            services.cancel_subsidy(**IDS)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.django_db
def test_in_a_test_case_sending_is_captured(
    gateway: Sandbox, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cancellation = services.cancel_subsidy(**IDS)
        assert gateway.calls() == []
    cancellation.refresh_from_db()
    assert cancellation.status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_an_error_while_sending_does_not_reach_the_one_who_asked(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(keys: object) -> None:
        raise OSError("the broker is down")

    monkeypatch.setattr("wechat_subsidies.sender.send", broken)
    assert services.cancel_subsidy(**IDS).status == "pending"
    assert "the broker is down" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_done_after_the_commit_is_not_done_before() -> None:
    done: list[int] = []
    with transaction.atomic():
        after_commit(lambda: done.append(1), using="default")
        assert done == []
    assert done == [1]
    assert not connections["default"].in_atomic_block
