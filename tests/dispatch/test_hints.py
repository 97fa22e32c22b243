"""Telling workers: after the commit, by keys alone, and never at the cost of those who ask."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.dispatch import hints
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .conftest import Remembering

pytestmark = pytest.mark.django_db(transaction=True)


def ask(transaction_id: str = "T1", **options: str) -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id, **options)


def test_workers_are_told_the_key_and_nothing_is_sent_here(
    hinting: Remembering, gateway: Sandbox
) -> None:
    cancellation = ask()
    assert hinting.hints == [("send", [cancellation.pk])]
    assert cancellation.status == "pending"
    assert gateway.calls() == []


def test_workers_are_told_after_the_commit(hinting: Remembering) -> None:
    with transaction.atomic():
        ask()
        assert hinting.hints == []
    assert len(hinting.hints) == 1


def test_workers_are_not_told_of_what_is_for_later(hinting: Remembering) -> None:
    ask(send="later")
    assert hinting.hints == []


def test_workers_are_told_of_a_retry(hinting: Remembering, gateway: Sandbox) -> None:
    gateway.faults.add("param_error", times=1)
    cancellation = ask()
    services.process_due()
    services.retry(SubsidyCancellation.objects.get())
    assert hinting.hints == [("send", [cancellation.pk])] * 2


def test_workers_are_told_of_a_batch(
    hinting: Remembering, make_order: Callable[..., Order]
) -> None:
    batch = services.cancel_subsidies([make_order()])
    assert hinting.hints == [("work_on", batch.pk)]


def test_workers_are_told_of_a_batch_confirmed_in_the_admin(
    hinting: Remembering, make_order: Callable[..., Order], staff: User, client: Client
) -> None:
    batch = services.draft_batch([make_order()], requested_by=staff, source="admin")
    client.force_login(staff)
    client.post(f"{batch.get_absolute_url()}confirm/")
    assert hinting.hints == [("work_on", batch.pk)]


def test_many_keys_go_in_several_messages(hinting: Remembering) -> None:
    hinting.send(range(250))
    assert [len(keys) for _, keys in hinting.hints] == [100, 100, 50]
    assert [key for _, keys in hinting.hints for key in keys] == list(range(250))


def test_an_engine_that_fails_leaves_a_recorded_row_and_a_warning(
    hinting: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    hinting.error = OSError("Connection refused")
    cancellation = ask()
    assert cancellation.status == "pending"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.message == (
        f"The cancellations [{cancellation.pk}] are recorded, and left for the next sweep: "
        "no worker could be told (OSError: Connection refused)."
    )


def test_the_sweep_sends_what_no_worker_was_told_of(hinting: Remembering, gateway: Sandbox) -> None:
    hinting.error = OSError("Connection refused")
    ask()
    services.process_due()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_an_engine_that_failed_is_left_alone_for_a_while(
    hinting: Remembering, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinting.error = OSError("Connection refused")
    ask("T1")
    ask("T2")
    assert len(hinting.hints) == 1
    assert "just before" in caplog.records[-1].message
    monkeypatch.setattr(hints.time, "monotonic", lambda: hinting._silent_until)
    ask("T3")
    assert len(hinting.hints) == 2


def test_a_batch_of_which_no_worker_was_told_is_named(
    hinting: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    hinting.error = OSError("Connection refused")
    hinting.work_on(7)
    assert caplog.messages[0].startswith("Batch 7 is recorded, and left for the next sweep")
