"""A replica that is read by the shop, and never where something is decided."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import OperationalError, ProgrammingError, connections, models, transaction
from rest_framework.test import APIClient

from wechat_subsidies import services
from wechat_subsidies.exceptions import NotEligible
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..life import API
from .life import Deliveries

Ask = Callable[[Any], Any]


def replicate() -> None:
    """Bring the replica up to date; it is behind from the next change on."""
    replica = connections["replica"]
    tables = replica.introspection.table_names()
    copied = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables
    ]
    with replica.constraint_checks_disabled(), transaction.atomic(using="replica"):
        for model in copied:
            copy(model)


def copy(model: type[models.Model]) -> None:
    with connections["replica"].cursor() as cursor:
        cursor.execute(f"DELETE FROM {connections['replica'].ops.quote_name(model._meta.db_table)}")
    rows = model._base_manager.using("default").all()
    model._base_manager.using("replica").bulk_create(rows)


def by_order(order: Any) -> Any:
    return services.cancel_subsidy_for_order(order)


def by_identifiers(order: Any) -> Any:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T-{order.number}")


class TestDeliveries(Deliveries):
    def settle(self) -> None:
        replicate()

    def test_the_replica_has_no_cancellations_to_be_read(self) -> None:
        with pytest.raises((OperationalError, ProgrammingError)):
            SubsidyCancellation.objects.exists()

    def shared_meanwhile(self) -> Any:
        """An order whose profit was shared after the replica had heard of its refund."""
        order = self.make_order("N1")
        self.settle()
        order.why_not = "profit shared"
        order.save()
        return order

    @pytest.mark.parametrize("ask", [by_order, by_identifiers])
    def test_what_the_shop_has_against_it_by_now_is_not_overlooked(
        self, gateway: Sandbox, ask: Ask
    ) -> None:
        order = self.shared_meanwhile()
        with pytest.raises(NotEligible, match="profit shared"):
            ask(order)
        assert gateway.calls() == []

    def test_nor_is_it_when_a_batch_is_worked_on(self, gateway: Sandbox) -> None:
        batch = services.cancel_subsidies([self.shared_meanwhile()])
        (item,) = batch.items.using("default").all()
        assert (item.code, item.message) == ("blocked", "profit shared")
        assert gateway.calls() == []

    def test_nor_does_another_system_get_round_it(self, machine: APIClient) -> None:
        order = self.shared_meanwhile()
        for named in ({"order": order.pk}, {"order_reference": "N1"}, {"transaction_id": "T-N1"}):
            body = named if "transaction_id" not in named else named | {"sub_mchid": "1900013401"}
            answer = machine.post(f"{API}cancellations/", body, format="json")
            assert (answer.status_code, "profit shared" in answer.content.decode()) == (400, True)

    def test_an_order_refunded_a_moment_ago_is_cancelled(self) -> None:
        order = self.make_order("N1", was_refunded=False)
        self.settle()
        order.was_refunded = True
        order.save()
        assert services.cancel_subsidy_for_order(order).status == "succeeded"
