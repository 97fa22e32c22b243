"""Hosts with several databases: ours beside the shop's, and replicas that lag behind."""

from collections.abc import Callable
from typing import Any

import pytest

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.models import CancellationAttempt, CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

OURS = {"wechat_subsidies", "auth", "contenttypes"}  # the users, too: who asked is a foreign key


class SecondDatabase:
    """All of ours lives in “other”, the shop's orders in “default”."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "other" if model._meta.app_label in OURS else None

    db_for_write = db_for_read


class Replica:
    """Ours is written to “default”, and read from “other” unless the reader says otherwise."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "other" if model._meta.app_label == "wechat_subsidies" else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True


@pytest.fixture
def route(settings: Any) -> Callable[[type], None]:
    def by(router: type) -> None:
        settings.DATABASE_ROUTERS = [router()]

    return by


def whole_life(gateway: Sandbox, make_order: Callable[..., Order], *, using: str) -> None:
    """Have everything done that services and sender can do, and see that it is."""
    ask_sweep_and_repeat(make_order, using=using)
    refuse_and_retry(gateway, make_order())
    withdraw_and_ask_again(make_order())
    doubt_and_decide(gateway, make_order())
    batch_of([make_order() for _ in range(3)], using=using)


def ask_sweep_and_repeat(make_order: Callable[..., Order], *, using: str) -> None:
    order = make_order()
    row = services.cancel_subsidy_for_order(order, send="later")
    assert (row.status, row.newly_recorded) == ("pending", True)
    assert services.process_due().calls == 1
    again = services.cancel_subsidy_for_order(order)
    assert (again.pk, again.status, again.newly_recorded) == (row.pk, "succeeded", False)
    assert CancellationAttempt.objects.using(using).filter(cancellation=row).count() == 1
    assert services.may_share_profit(order)
    assert services.cancel_subsidy_for_order(make_order()).status == "succeeded"


def refuse_and_retry(gateway: Sandbox, order: Order) -> None:
    gateway.faults.add("fail_result", transaction_id=order.wechat_transaction_id, times=1)
    row = services.cancel_subsidy_for_order(order)
    assert row.status == "failed"
    assert services.retry(row, description="再试").status == "pending"


def withdraw_and_ask_again(order: Order) -> None:
    row = services.cancel_subsidy_for_order(order, send="later")
    assert services.withdraw(row, note="by mistake").status == "withdrawn"
    again = services.cancel_subsidy_for_order(order)
    assert (again.pk, again.status) == (row.pk, "succeeded")


def doubt_and_decide(gateway: Sandbox, order: Order) -> None:
    gateway.faults.add("system_error", transaction_id=order.wechat_transaction_id)
    row = services.cancel_subsidy_for_order(order)
    assert (row.status, row.in_doubt) == ("needs_review", True)
    resolved = services.resolve(row, succeeded=True, note="seen there", resolved_by="lihua")
    assert (resolved.status, resolved.proof) == ("succeeded", "person")
    assert services.reopen(resolved, note="not so", reopened_by="lihua").status == "needs_review"


def batch_of(orders: list[Order], *, using: str) -> None:
    batch = services.draft_batch(orders)
    assert services.confirm_batch(batch, confirmed_by="lihua")
    assert services.work_on_batch(batch.pk)
    asked = services.cancel_subsidies(orders, send="later")
    assert {item.code for item in asked.items.using(using)} == {"already_cancelled"}
    statuses = batch.items.using(using).values_list("cancellation__status", flat=True)
    assert list(statuses) == ["succeeded"] * 3


@pytest.fixture(autouse=True)
def one_try(gateway: Sandbox, settings: Any) -> None:
    """One call of unknown outcome is enough for a person to have to look."""
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_cancellations_may_be_kept_in_a_database_of_their_own(
    gateway: Sandbox, make_order, route
) -> None:
    route(SecondDatabase)
    whole_life(gateway, make_order, using="other")
    assert SubsidyCancellation.objects.using("other").count() == 8
    for model in (SubsidyCancellation, CancellationAttempt, CancellationBatch):
        assert not model.objects.using("default").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_decided_is_never_read_from_a_replica_that_cannot_be_read(
    gateway: Sandbox, make_order, route, caplog: pytest.LogCaptureFixture
) -> None:
    route(Replica)  # Django forbids this test all queries to “other”
    with pytest.raises(AssertionError, match="'other' are not allowed"):
        SubsidyCancellation.objects.exists()
    whole_life(gateway, make_order, using="default")
    assert "not allowed" not in caplog.text  # nor was it tried and passed over


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_what_is_decided_is_never_read_from_a_replica_that_lags_behind(
    gateway: Sandbox, make_order, route
) -> None:
    route(Replica)
    whole_life(gateway, make_order, using="default")
    assert not SubsidyCancellation.objects.exists()  # the replica knows of nothing


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_users_may_ask_where_they_live_beside_the_cancellations(
    gateway: Sandbox, make_order, route, django_user_model
) -> None:
    route(SecondDatabase)
    user = django_user_model.objects.create_user("wangfang")
    row = services.cancel_subsidy_for_order(make_order(), requested_by=user)
    assert (row.status, row.requested_by) == ("succeeded", user)
