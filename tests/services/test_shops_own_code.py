"""Where the shop's own code fails, or says what cannot be: one order is refused, in words."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.exceptions import NotEligible
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, Target, adapter_for
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import Given, Selected, waiting
from wechat_subsidies.services.candidates import within_scopes
from wechat_subsidies.services.subsidy_states import states_of

from .adapters import Simple

pytestmark = pytest.mark.django_db(transaction=True)
MakeOrder = Callable[..., Order]
Break = Callable[..., None]

IMPOSSIBLE = Target(sub_mchid="1", transaction_id="T1", has_refund=True, paid_amount=1.5)


@pytest.fixture(autouse=True)
def simple(gateway: Sandbox, settings: Any) -> None:
    """The shop with an adapter of its own."""
    orders = {"shop.Order": "tests.services.adapters.Simple"}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Have a method of the adapter return something else, or fail."""

    def replace(name: str, returned: Any = None) -> None:
        def method(*args: object, **kwargs: object) -> Any:
            if returned is None:
                raise LookupError("a shop's own mistake")
            return returned

        monkeypatch.setattr(Simple, name, method)

    return replace


def refusal_of(order: Order) -> str:
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy_for_order(order)
    assert not SubsidyCancellation.objects.exists()
    return str(refusal.value.code)


def codes(batch: CancellationBatch) -> list[str]:
    return [item.code or item.status for item in batch.items.order_by("position")]


# One order


@pytest.mark.parametrize("mistake", [ImproperlyConfigured("x"), NotImplementedError("x")])
def test_a_mistake_in_the_set_up_is_raised_for_one_and_leaves_one_of_many_out(
    make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch, mistake: Exception
) -> None:
    def scope(adapter: Simple, order: Order) -> str:
        raise mistake

    monkeypatch.setattr(Simple, "scope", scope)
    order = make_order()
    with pytest.raises(type(mistake)):
        services.cancel_subsidy_for_order(order)
    assert codes(services.draft_batch([order])) == ["adapter_error"]
    assert not SubsidyCancellation.objects.exists()


def test_an_order_that_is_gone_is_not_found(make_order: MakeOrder) -> None:
    order = make_order(refunds=())
    Order.objects.all().delete()
    assert refusal_of(order) == "not_found"


@pytest.mark.parametrize(
    ("method", "returned", "code"),
    [
        ("targets", [], "missing_transaction_id"),
        (
            "targets",
            [Target(sub_mchid="1", transaction_id="T1", has_refund=True, paid_amount=1.5)],
            "invalid",
        ),
        ("targets", None, "adapter_error"),
        ("why_not", None, "adapter_error"),
        ("scope", None, "adapter_error"),
        ("get_queryset", None, "adapter_error"),
    ],
)
def test_an_order_is_refused_for_what_its_adapter_does(
    make_order: MakeOrder, broken: Break, method: str, returned: Any, code: str
) -> None:
    broken(method, returned)
    assert refusal_of(make_order()) == code


def test_a_transaction_that_the_found_order_does_not_have_is_not_found(
    make_order: MakeOrder,
) -> None:
    order = make_order()
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy(sub_mchid="1900013402", transaction_id=order.wechat_transaction_id)
    assert refusal.value.code == "not_found"


@pytest.mark.parametrize("method", ["find", "targets", "why_not", "scope"])
def test_a_transaction_whose_order_cannot_be_read_is_not_asked_for(
    make_order: MakeOrder, broken: Break, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    order = make_order()
    broken(method)
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=order.wechat_transaction_id)
    assert refusal.value.code == "adapter_error"
    assert "a shop's own mistake" in caplog.text
    assert not SubsidyCancellation.objects.exists()


# Batches


def test_an_order_whose_scope_fails_is_left_out_of_a_batch(
    make_order: MakeOrder, broken: Break, caplog: pytest.LogCaptureFixture
) -> None:
    broken("scope")
    assert codes(services.draft_batch([make_order()])) == ["adapter_error"]
    assert "could not be read" in caplog.text


@pytest.mark.parametrize(
    ("returned", "code"),
    [
        (None, "adapter_error"),
        ([Target(sub_mchid="1900013401", transaction_id="T2", has_refund=True)], "not_found"),
    ],
)
def test_a_named_transaction_that_its_order_does_not_have_is_left_out(
    make_order: MakeOrder, broken: Break, returned: Any, code: str
) -> None:
    order = make_order()
    broken("targets", returned)
    selected = Selected(
        key=str(order.pk),
        adapter=adapter_for(Order),
        order=order,
        identity=("1900013401", order.wechat_transaction_id),
        given=Given(),
    )
    assert codes(services.ask_for_selection([selected], draft=True)) == [code]


def test_an_order_that_has_another_transaction_by_now_is_not_asked_for(
    make_order: MakeOrder,
) -> None:
    order = make_order()
    batch = services.draft_batch([order])
    Order.objects.update(wechat_transaction_id="another")
    services.confirm_batch(batch, confirmed_by=None)
    services.work_on_batch(batch.pk)
    assert codes(batch) == ["not_found"]
    assert not SubsidyCancellation.objects.exists()


def test_a_tick_does_not_take_in_what_the_settings_refuse_by_now(
    make_order: MakeOrder, settings: Any
) -> None:
    settings.WECHAT_SUBSIDIES = {
        key: value for key, value in settings.WECHAT_SUBSIDIES.items() if key != "ORDERS"
    } | {"ORDERS": EXAMPLES_OWN}
    make_order()
    make_order(refunds=(400,))
    batch = services.draft_batch(Order.objects.order_by("number"))
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    ticked = batch.items.get(code="partly_refunded")
    services.confirm_batch(batch, confirmed_by=None, ticked_items=[ticked.pk])
    assert codes(batch) == ["draft", "partly_refunded"]


def test_a_transaction_without_an_order_fails_alone_where_looking_for_one_fails(
    make_order: MakeOrder, broken: Break, settings: Any
) -> None:
    with_orders = settings.WECHAT_SUBSIDIES
    settings.WECHAT_SUBSIDIES = {**with_orders, "ORDERS": {}}
    selected = Selected(
        key="", adapter=None, order=None, identity=("1900013401", "T1"), given=Given()
    )
    batch = services.ask_for_selection([selected])
    settings.WECHAT_SUBSIDIES = with_orders
    broken("find")
    services.work_on_batch(batch.pk)
    assert codes(batch) == ["adapter_error"]


def test_asking_at_once_for_what_is_no_confirmed_batch_asks_for_nothing(
    make_order: MakeOrder,
) -> None:
    batch = services.draft_batch([make_order()])
    services.ask_for_batch(batch.pk, seconds=1)
    assert codes(batch) == ["draft"]


# What is shown of orders


def request_of(admin_user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = admin_user
    return request


def test_an_order_whose_scope_fails_is_in_nobodys(
    make_order: MakeOrder, broken: Break, settings: Any, admin_user: Any
) -> None:
    order = make_order()
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: ["a"]}
    broken("scope")
    states = states_of([order.pk], model=Order, request=request_of(admin_user))
    assert states == {str(order.pk): []}


def test_an_order_that_cannot_be_judged_says_so(
    make_order: MakeOrder, broken: Break, admin_user: Any
) -> None:
    order = make_order()
    broken("why_not")
    states = states_of([order.pk], model=Order, request=request_of(admin_user))
    (state,) = states[str(order.pk)]
    assert (state.state, state.reason.code) == (None, "adapter_error")


def test_a_key_that_no_order_can_have_any_more_is_none() -> None:
    assert waiting.as_key(Order, "17") == [17]
    assert waiting.as_key(Order, "no number") == []


EXAMPLES_OWN = {
    "shop.Order": {
        "transaction_id": "wechat_transaction_id",
        "sub_mchid": "seller.wechat_mchid",
        "has_refund": "has_refund",
        "queryset": "example_project.shop.subsidies.orders",
        "paid_amount": "paid_fen",
        "refunded_amount": "refunded_fen",
    }
}


@pytest.mark.parametrize("path", ["why_no_cancellation", "seller_id"])
def test_scopes_that_no_column_holds_are_for_python_to_tell(
    settings: Any, admin_user: Any, path: str
) -> None:
    orders = {"shop.Order": EXAMPLES_OWN["shop.Order"] | {"scope": path}}
    changes = {"ORDERS": orders, "SCOPES": lambda request: ["no number"]}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, **changes}
    found = within_scopes(adapter_for(Order), Order.objects.all(), request=request_of(admin_user))
    assert found is None


def test_an_adapter_on_another_database_cannot_be_counted(
    monkeypatch: pytest.MonkeyPatch, admin_user: Any
) -> None:
    monkeypatch.setattr(waiting, "can_be_told", lambda model: False)
    adapter: OrderAdapter = adapter_for(Order)
    assert not waiting.can_be_counted(adapter, request=request_of(admin_user))
