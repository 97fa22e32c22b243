"""Tenants whose staff see each other's orders in the admin, and nothing of what became of them."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from wechat_subsidies import services
from wechat_subsidies.admin import SubsidyStateMixin
from wechat_subsidies.admin.summary import summary_for
from wechat_subsidies.services import waiting

from .models import Sale
from .test_tenants import sales  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)

Sales = dict[str, Sale]


class SaleAdmin(SubsidyStateMixin, admin.ModelAdmin):
    """Shows every tenant's, which is the shop's own mistake."""


def request_of(name: str, **params: str) -> Any:
    request = RequestFactory().get("/", params)
    request.user = User.objects.get(username=name)
    return request


def listed(name: str, **params: str) -> dict[str, str | None]:
    page = SaleAdmin(Sale, admin.site)
    found = page.get_changelist_instance(request_of(name, **params)).result_list
    return {sale.number: page.subsidy_state(sale) for sale in found}


def what_is_told(name: str) -> list[Any]:
    lists = [listed(name, subsidy_state=state) for state in ("", "to_cancel", "cancelled")]
    figures = summary_for(request_of(name), site=admin.site).figures
    return [lists, [(figure.label, figure.number) for figure in figures]]


def test_one_tenant_is_told_of_their_own(sales: Sales) -> None:  # noqa: F811
    services.cancel_subsidy_for_order(sales["default"])
    assert "Subsidy cancelled" in str(listed("default")["default"])
    assert list(listed("default", subsidy_state="cancelled")) == ["default"]
    assert list(listed("second", subsidy_state="to_cancel")) == ["second"]


@pytest.mark.parametrize("few", [5000, -1])  # looked up by key, and by a sub-query
@pytest.mark.parametrize("is_blind", [False, True])  # also where the queryset ignores the request
def test_what_another_tenant_asked_for_gives_nothing_away(
    sales: Sales,  # noqa: F811
    settings: Any,
    monkeypatch: Any,
    is_blind: bool,
    few: int,
) -> None:
    monkeypatch.setattr(waiting, "FEW", few)
    if is_blind:
        mapping = {**settings.WECHAT_SUBSIDIES["ORDERS"]["tenants.Sale"], "queryset": blind}
        orders = {"tenants.Sale": mapping}
        settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}
    before = what_is_told("default")
    services.cancel_subsidy_for_order(sales["second"])
    assert what_is_told("default") == before
    assert listed("default")["second"] is None
    assert list(listed("default", subsidy_state="to_cancel")) == ["default"]


def blind(request: Any = None) -> Any:
    from .subsidies import sales as of_all

    return of_all(None)


def test_the_figures_are_of_the_tenants_own_orders(sales: Sales) -> None:  # noqa: F811
    found = waiting.waiting_among(Sale.objects.all(), request=request_of("default"))
    assert found is not None
    assert found.to_cancel.number == 1
    User.objects.create_superuser("root")
    found = waiting.waiting_among(Sale.objects.all(), request=request_of("root"))
    assert found is not None
    assert found.to_cancel.number == 2
