"""Orders by the state of their subsidies, as the database tells it."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import F, QuerySet
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from example_project.shop.models import Order, Seller
from example_project.shop.subsidies import orders
from tests.hosts.mall.models import Checkout
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import OrderAdapter, adapter_for
from wechat_subsidies.orders.stored_keys import stored_key
from wechat_subsidies.services import cancel_subsidy_for_order, waiting
from wechat_subsidies.services.candidates import candidates
from wechat_subsidies.services.subsidy_states import SubsidyState, states_of

from .test_routers import SecondDatabase

pytestmark = pytest.mark.django_db


BY_INDEX_ALONE = {
    "sqlite": "USING COVERING INDEX subsidies_order",
    "postgresql": "Index Only Scan using subsidies_order",
    "mysql": "subsidies_order .*Using index(?! condition)|Covering index .*subsidies_order",
}


@pytest.fixture
def request_of_root(db: None) -> Any:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("root")
    return request


def mapped(settings: Any, **paths: Any) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    entry = {"shop.Order": {**mapping, **paths}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": entry}


@pytest.fixture
def by_columns_alone(monkeypatch: Any) -> None:
    """As of orders that are too many to be looked at."""
    monkeypatch.setattr(waiting, "LOOKED_AT", -1)


def to_cancel(request: Any) -> set[str]:
    found = waiting.in_state(Order.objects.all(), SubsidyState.TO_CANCEL, request=request)
    return {order.number for order in found}


# What columns say, and what orders say of themselves


def test_few_orders_are_looked_at(request_of_root: Any, make_order: Any, monkeypatch: Any) -> None:
    fine, blocked = make_order(), make_order(subsidy_fen=0)
    assert to_cancel(request_of_root) == {fine.number}
    monkeypatch.setattr(waiting, "LOOKED_AT", 1)
    assert to_cancel(request_of_root) == {fine.number, blocked.number}


def test_the_oldest_is_one_that_is_to_be_cancelled(request_of_root: Any, make_order: Any) -> None:
    moments = [timezone.now() - timedelta(days=days) for days in (3, 2, 1)]
    for moment, subsidy in zip(moments, (0, 100, 100), strict=True):
        make_order(subsidy_fen=subsidy).refunds.update(refunded_at=moment)
    found = waiting.waiting_among(Order.objects.all(), request=request_of_root)
    assert found is not None
    assert (found.to_cancel.number, found.oldest) == (2, moments[1])


def test_of_some_orders_only_what_is_left_of_them_is_counted(
    request_of_root: Any, make_order: Any
) -> None:
    long_ago = timezone.now() - timedelta(days=151)
    first, _second = (make_order(paid_at=long_ago) for _ in range(2))
    numbers = {
        name: waiting.waiting_among(some, request=request_of_root)
        for name, some in (
            ("all", Order.objects.all()),
            ("one", Order.objects.filter(pk=first.pk)),
            ("none", Order.objects.none()),
        )
    }
    assert {name: (it.to_cancel.number, it.old.number) for name, it in numbers.items()} == {
        "all": (2, 2),
        "one": (1, 1),
        "none": (0, 0),
    }


def test_all_orders_are_not_looked_up_among_all_orders(request_of_root: Any) -> None:
    with CaptureQueriesContext(connection) as captured:
        waiting.waiting_among(Order.objects.all(), request=request_of_root)
    table = f"FROM {connection.ops.quote_name(Order._meta.db_table)}"
    assert {each["sql"].count(table) for each in captured} <= {0, 1}
    assert sum(table in each["sql"] for each in captured) == 2  # those to cancel, and old ones


@pytest.mark.usefixtures("by_columns_alone")
def test_the_oldest_of_many_is_what_their_column_says(
    request_of_root: Any, make_order: Any
) -> None:
    moments = [timezone.now() - timedelta(days=days) for days in (1, 3, 2)]
    for moment in moments:
        make_order().refunds.update(refunded_at=moment)
    found = waiting.waiting_among(Order.objects.all(), request=request_of_root)
    assert found is not None
    assert (found.to_cancel.number, found.oldest) == (3, moments[1])


def with_objection(request: object = None) -> QuerySet[Order]:
    return orders().annotate(is_objected=F("is_profit_shared"), objection=F("title"))


@pytest.mark.parametrize(
    ("path", "fields"),
    [("is_objected", {"is_profit_shared": True}), ("objection", {"title": "已分账"})],
)
@pytest.mark.usefixtures("by_columns_alone")
def test_what_a_column_objects_to_is_not_to_be_cancelled(
    request_of_root: Any, make_order: Any, settings: Any, path: str, fields: dict[str, Any]
) -> None:
    mapped(settings, blocked_because=path, queryset=with_objection)
    make_order(**({"title": ""} | fields))
    fine = make_order(title="")
    assert to_cancel(request_of_root) == {fine.number}


@pytest.mark.usefixtures("by_columns_alone")
def test_partly_refunded_orders_are_left_out_where_the_shop_refuses_them(
    request_of_root: Any, make_order: Any, settings: Any
) -> None:
    partly, fully = make_order(refunds=(300,)), make_order()
    assert to_cancel(request_of_root) == {partly.number, fully.number}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    assert to_cancel(request_of_root) == {fully.number}


@pytest.mark.usefixtures("by_columns_alone")
def test_what_no_column_says_leaves_none_out(
    request_of_root: Any, make_order: Any, settings: Any
) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    mapped(settings, paid_amount="why_no_cancellation")
    blocked = make_order(subsidy_fen=0, refunds=(300,))
    assert to_cancel(request_of_root) == {blocked.number}


@pytest.mark.usefixtures("by_columns_alone")
def test_what_was_not_paid_with_wechat_pay_is_not_to_be_cancelled(
    request_of_root: Any, make_order: Any
) -> None:
    fine, _ = make_order(), make_order(wechat_transaction_id="")
    assert to_cancel(request_of_root) == {fine.number}


@pytest.mark.usefixtures("by_columns_alone")
@pytest.mark.parametrize("few", [5000, -1])  # looked up by key, and by a sub-query
def test_another_models_order_with_the_same_key_is_another_order(
    request_of_root: Any, make_order: Any, gateway: Any, monkeypatch: Any, few: int
) -> None:
    monkeypatch.setattr(waiting, "FEW", few)
    order = make_order()
    row = cancel_subsidy_for_order(order)
    SubsidyCancellation.objects.filter(pk=row.pk).update(
        order_model="mall.Checkout", status="succeeded", proof="wechat", send_after=None
    )
    cancelled = waiting.in_state(
        Order.objects.all(), SubsidyState.CANCELLED, request=request_of_root
    )
    assert (list(cancelled), to_cancel(request_of_root)) == ([], {order.number})


class RefundedAdapter(OrderAdapter):
    model = Order

    def candidates(self) -> QuerySet[Any]:
        return orders().filter(has_refund=True).order_by("title")


class SilentAdapter(OrderAdapter):
    model = Order


@pytest.mark.usefixtures("by_columns_alone")
def test_an_adapters_candidates_are_taken(
    request_of_root: Any, make_order: Any, settings: Any
) -> None:
    entry = f"{__name__}.RefundedAdapter"
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Order": entry}}
    refunded, _ = make_order(), make_order(refunds=())
    assert to_cancel(request_of_root) == {refunded.number}
    found = waiting.waiting_among(Order.objects.all(), request=request_of_root)
    assert found is not None
    assert (found.to_cancel.number, found.oldest, found.old) == (1, None, None)


def test_an_adapter_that_narrows_nothing_down_is_not_counted_by(
    request_of_root: Any, make_order: Any, settings: Any
) -> None:
    entry = f"{__name__}.SilentAdapter"
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Order": entry}}
    make_order()
    assert waiting.waiting_among(Order.objects.all(), request=request_of_root) is None


@pytest.mark.parametrize("use_tz", [True, False])
def test_how_long_ago_orders_were_paid_is_told_with_time_zones_and_without(
    request_of_root: Any, make_order: Any, settings: Any, monkeypatch: Any, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    old = make_order(paid_at=timezone.now() - timedelta(days=151))
    make_order(paid_at=timezone.now() - timedelta(days=149))
    for looked_at in (200, -1):
        monkeypatch.setattr(waiting, "LOOKED_AT", looked_at)
        assert list(waiting.old(Order.objects.all(), request=request_of_root)) == [old]


# Databases


class Encoded(models.BigIntegerField):  # type: ignore[type-arg]
    def from_db_value(self, value: Any, *args: Any) -> str:
        return f"#{value}"


KEYS: dict[str, tuple[Any, bool]] = {
    "text": (models.CharField(max_length=32, primary_key=True), True),
    "another model's": (
        models.OneToOneField(
            Checkout, on_delete=models.DO_NOTHING, primary_key=True, related_name="+"
        ),
        True,
    ),
    "a moment": (models.DateTimeField(primary_key=True), False),
    "a number that Python shows otherwise": (Encoded(primary_key=True), False),
}


@pytest.mark.parametrize("kind", KEYS)
def test_of_which_keys_the_text_can_be_told(kind: str) -> None:
    field, is_told = KEYS[kind]
    with isolate_apps("example_project.shop"):
        attributes = {"__module__": Order.__module__, "key": field}
        model = type("Keyed", (models.Model,), attributes)
    assert (stored_key(model) is not None) == is_told
    assert waiting.can_be_told(model) == is_told


@pytest.mark.parametrize("make_key", [lambda: 7, lambda: 10**15])
def test_numbers_are_told_as_they_are_recorded(make_order: Any, make_key: Any) -> None:
    order = make_order(pk=make_key())
    assert stored_texts(Order) == [str(order.pk)]


@pytest.mark.parametrize("key", [uuid.UUID(int=5), uuid.uuid4()])
def test_uuids_are_told_as_they_are_recorded(key: uuid.UUID) -> None:
    Checkout.objects.create(pk=key, number="C1")
    assert stored_texts(Checkout) == [str(key)]


def stored_texts(model: Any) -> list[Any]:
    """What the database makes of the keys, looked up from an outer query as the filter does."""
    inner = Seller.objects.annotate(key=stored_key(model)).values("key")[:1]
    Seller.objects.get_or_create(name="any")
    found = model.objects.annotate(key=models.Subquery(inner, output_field=models.CharField()))
    return list(found.values_list("key", flat=True))


def test_with_cancellations_in_another_database_nothing_is_told(settings: Any) -> None:
    assert waiting.can_be_told(Order)
    settings.DATABASE_ROUTERS = [SecondDatabase()]
    assert not waiting.can_be_told(Order)


@pytest.fixture
def many(make_order: Any, gateway: Any) -> None:
    """Some hundreds of each, so that reading all of them is not the quickest way."""
    whole = cancel_subsidy_for_order(make_order(), send="later")
    facts = {"status": "succeeded", "send_after": None, "proof": "wechat"}
    rows = []
    for number in range(400):
        row = SubsidyCancellation.objects.get(pk=whole.pk)
        names = {"transaction_id": f"X{number}", "order_pk": f"X{number}"}
        for name, value in (names | facts | {"pk": None}).items():
            setattr(row, name, value)
        rows.append(row)
    SubsidyCancellation.objects.bulk_create(rows)
    seller = Seller.objects.get()
    Order.objects.bulk_create(
        Order(number=f"X{number}", seller=seller, wechat_transaction_id="X")
        for number in range(400)
    )
    tables = {"postgresql": "", "sqlite": "", "mysql": "TABLE shop_order, "}
    ours = SubsidyCancellation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables[connection.vendor]}{ours}")


@contextmanager
def unwilling_to_read_whole_tables() -> Iterator[None]:
    """PostgreSQL prefers it for small ones; it is to show what it does with large ones."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [SubsidyState.TO_CANCEL, SubsidyState.CANCELLED])
def test_the_filter_reads_our_index_and_not_our_table(
    request_of_root: Any, many: None, by_columns_alone: None, monkeypatch: Any, state: SubsidyState
) -> None:
    monkeypatch.setattr(waiting, "FEW", -1)
    found = waiting.in_state(Order.objects.all(), state, request=request_of_root)
    with unwilling_to_read_whole_tables():
        plan = found.order_by("-pk")[:100].explain()
    assert re.search(BY_INDEX_ALONE[connection.vendor], plan), plan


@pytest.mark.django_db(transaction=True)
def test_a_page_reads_our_indexes_and_not_our_table(request_of_root: Any, many: None) -> None:
    keys = Order.objects.order_by("-pk").values_list("pk", flat=True)[:10]
    with CaptureQueriesContext(connection) as captured:
        states_of(list(keys), model=Order, request=request_of_root)
    (ours,) = [
        each["sql"]
        for each in captured
        if f"FROM {connection.ops.quote_name(SubsidyCancellation._meta.db_table)}" in each["sql"]
    ]
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with unwilling_to_read_whole_tables(), connection.cursor() as cursor:
        cursor.execute(f"{explain} {ours}")
        plan = str(cursor.fetchall())
    assert {"subsidies_order", "subsidies_transaction"} <= set(re.findall(r"subsidies_\w+", plan))


def test_the_latest_refunded_orders_are_looked_for_one_by_one(request_of_root: Any) -> None:
    found = candidates(adapter_for(Order), request=request_of_root).order_by("-pk")
    is_bare = "COALESCE(EXISTS" not in str(found.query)
    assert is_bare == (connection.vendor != "mysql")  # which would read all refunds for a bare one


@pytest.mark.skipif(connection.vendor != "mysql", reason="others do so for a bare EXISTS as well")
@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_cancelled_is_looked_for_in_the_order_of_the_list(
    request_of_root: Any, many: None, by_columns_alone: None
) -> None:
    if not connection.mysql_is_mariadb:
        pytest.skip("MySQL writes its plans otherwise")
    found = waiting.in_state(Order.objects.all(), SubsidyState.TO_CANCEL, request=request_of_root)
    plan = found.order_by("-pk")[:100].explain().splitlines()
    outermost, *others = [each for each in plan if each.startswith("1 ")]
    assert re.match(r"1 PRIMARY shop_order index \S+ PRIMARY ", outermost), plan
    assert "filesort" not in outermost
    assert others == []  # what is joined may as well come first
