"""What the tables themselves do not let happen."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core import serializers
from django.db import IntegrityError, connection

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.models.fields import InstantField, from_microseconds, to_microseconds
from wechat_subsidies.sandbox import Sandbox

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def cancellation(gateway: Sandbox) -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")


def test_a_transaction_has_one_row(cancellation: SubsidyCancellation) -> None:
    cancellation.pk = None
    with pytest.raises(IntegrityError, match="subsidies"):
        cancellation.save(force_insert=True)


@pytest.mark.parametrize("status", [Status.FAILED, Status.WITHDRAWN, Status.NEEDS_REVIEW])
def test_what_is_not_to_be_sent_is_not_due(cancellation: SubsidyCancellation, status: str) -> None:
    with pytest.raises(IntegrityError, match="subsidies_due_if_open"):
        SubsidyCancellation.objects.update(status=status)


def test_scopes_and_keys_are_compared_letter_for_letter(cancellation: SubsidyCancellation) -> None:
    rows = SubsidyCancellation.objects
    rows.update(scope="aB", order_pk="aB", order_model="shop.Order")
    assert list(rows.filter(scope="aB")) == [cancellation]
    assert not rows.filter(scope="Ab").exists()
    assert not rows.filter(order_pk="ab").exists()


def test_what_is_to_be_sent_is_due_some_day(cancellation: SubsidyCancellation) -> None:
    with pytest.raises(IntegrityError, match="subsidies_due_if_open"):
        SubsidyCancellation.objects.update(send_after=None)


def test_there_is_no_success_without_proof(cancellation: SubsidyCancellation) -> None:
    with pytest.raises(IntegrityError, match="subsidies_success_has_proof"):
        SubsidyCancellation.objects.update(status=Status.SUCCEEDED, send_after=None)


def test_cancellations_of_a_page_of_orders_take_two_queries(
    gateway: Sandbox, make_order, django_assert_num_queries
) -> None:
    orders = [make_order() for _ in range(3)]
    rows = [services.cancel_subsidy_for_order(order, send="later") for order in orders[:2]]
    with django_assert_num_queries(2):
        found = set(SubsidyCancellation.objects.for_orders(Order.objects.all()))
    assert found == set(rows)


def test_a_moment_is_kept_to_the_microsecond(cancellation: SubsidyCancellation) -> None:
    moment = datetime(2026, 11, 11, 0, 0, 0, 1, tzinfo=UTC)
    SubsidyCancellation.objects.update(send_after=moment)
    cancellation.refresh_from_db()
    assert cancellation.send_after == moment
    with connection.cursor() as cursor:
        cursor.execute("SELECT send_after FROM wechat_subsidies_subsidycancellation")
        assert cursor.fetchone() == (1794355200000001,)


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_moment_is_the_same_with_and_without_time_zones(
    cancellation: SubsidyCancellation, settings, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    shanghai = timezone(timedelta(hours=8))
    rows = SubsidyCancellation.objects
    rows.update(send_after=datetime(2026, 11, 11, 8, tzinfo=shanghai))
    assert rows.filter(send_after=datetime(2026, 11, 11, 0, tzinfo=UTC)).exists()


@pytest.mark.parametrize("microseconds", [0, 1, 1794355200000001, -1])
def test_moments_survive_the_way_there_and_back(microseconds: int) -> None:
    assert to_microseconds(from_microseconds(microseconds)) == microseconds


def test_rows_survive_a_fixture(cancellation: SubsidyCancellation) -> None:
    text = serializers.serialize("json", [cancellation])
    (loaded,) = serializers.deserialize("json", text)
    difference = cancellation.send_after - loaded.object.send_after
    assert difference < timedelta(milliseconds=1)  # all that Django's JSON keeps of a moment
    assert bytes(loaded.object.request_body) == bytes(cancellation.request_body)


def test_a_moment_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="is not a moment"):
        InstantField().to_python("yesterday")


def test_the_next_attempt_is_known_while_it_waits(cancellation: SubsidyCancellation) -> None:
    assert cancellation.next_attempt_at == cancellation.send_after
    assert not cancellation.is_final
    cancellation.status, cancellation.send_after = Status.FAILED, None
    assert cancellation.next_attempt_at is None
    assert cancellation.is_final
