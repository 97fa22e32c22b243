"""What is written into the admin's own log: on the order, and on our cancellation of it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import modify_settings
from django.test.utils import CaptureQueriesContext

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import admin_log

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = "Asked WeChat Pay to cancel the subsidy."


def log():
    entries = LogEntry.objects.order_by("pk").select_related("user", "content_type")
    return [(e.user.username, e.content_type.model, e.object_id, e.change_message) for e in entries]


def test_asking_is_logged_on_the_order_and_on_ours(make_order, staff):
    order = make_order(number="N-1")
    row = services.cancel_subsidy_for_order(order, requested_by=staff, send="later")
    assert log() == [
        ("lihua", "subsidycancellation", str(row.pk), ASKED),
        ("lihua", "order", str(order.pk), ASKED),
    ]
    ours, orders = LogEntry.objects.order_by("pk")
    assert ours.is_addition()
    assert orders.is_change()
    assert {ours.object_repr, orders.object_repr} == {"N-1"}


def test_asking_again_for_what_is_recorded_is_not_logged_again(make_order, staff):
    order = make_order()
    for _ in range(2):
        services.cancel_subsidy_for_order(order, requested_by=staff, send="later")
    assert len(log()) == 2


@pytest.mark.parametrize("who", [None, "refund-worker"])
def test_nobody_is_logged_who_is_no_user_of_the_site(make_order, who):
    services.cancel_subsidy_for_order(make_order(), requested_by=who, send="later")
    assert log() == []


def test_what_is_rolled_back_is_not_logged(make_order, staff):
    order = make_order()
    with transaction.atomic():
        services.cancel_subsidy_for_order(order, requested_by=staff, send="later")
        transaction.set_rollback(True)
    assert log() == []


def test_a_batch_is_logged_in_one_go(make_order, staff):
    orders = [make_order() for _ in range(3)]
    batch = services.draft_batch(orders, requested_by=staff)
    services.confirm_batch(batch, confirmed_by=staff)
    with CaptureQueriesContext(connection) as queries:
        services.work_on_batch(batch.pk, seconds=-1)
    assert len(log()) == 6
    assert sum("INSERT INTO" in q["sql"] and "admin_log" in q["sql"] for q in queries) == 1


def test_a_batch_is_logged_for_whoever_confirmed_it(make_order, staff, django_user_model):
    """Who had selected the orders only drafted it: without the other nothing would have been sent."""
    confirming = django_user_model.objects.create_user("wangfang", is_staff=True)
    batch = services.draft_batch([make_order()], requested_by=staff)
    services.confirm_batch(batch, confirmed_by=confirming)
    services.work_on_batch(batch.pk, seconds=-1)
    assert {username for username, *_ in log()} == {"wangfang"}


def test_stopping_a_batch_is_logged_on_what_it_withdraws(make_order, staff):
    order = make_order()
    batch = services.cancel_subsidies([order], requested_by=staff, send="later")
    services.work_on_batch(batch.pk, seconds=-1)
    LogEntry.objects.all().delete()
    services.stop_batch(batch, stopped_by=staff, note="误操作")
    row = SubsidyCancellation.objects.get()
    words = "Cancellation of the subsidy: Withdrawn. 误操作"
    assert log() == [
        ("lihua", "subsidycancellation", str(row.pk), words),
        ("lihua", "order", str(order.pk), words),
    ]


def test_decisions_are_logged_with_their_notes(make_order, staff):
    row = services.cancel_subsidy_for_order(make_order(), send="later")
    services.withdraw(row, requested_by=staff, note="顾客改主意")
    assert {entry[3] for entry in log()} == {"Cancellation of the subsidy: Withdrawn. 顾客改主意"}


def test_a_cancellation_of_no_order_is_logged_on_ours_alone(make_order, staff):
    row = services.cancel_subsidy_for_order(make_order(), send="later")
    for changes in ({"order_model": "gone.Order"}, {"order_model": "", "order_pk": ""}):
        SubsidyCancellation.objects.update(**changes)
        row.refresh_from_db()
        admin_log.write([(row, staff.pk)], words="…", is_new=False)
    assert [entry[1] for entry in log()] == ["subsidycancellation"] * 2


def test_a_log_that_cannot_be_written_holds_nothing_up(make_order, staff, monkeypatch, caplog):
    monkeypatch.setattr(admin_log, "write", lambda *args, **rest: 1 / 0)
    row = services.cancel_subsidy_for_order(make_order(), requested_by=staff, send="later")
    assert row.newly_recorded
    assert "ZeroDivisionError" in caplog.text


@modify_settings(INSTALLED_APPS={"remove": ["django.contrib.admin"]})
def test_nothing_is_logged_where_the_admin_is_not_installed(make_order, staff):
    row = services.cancel_subsidy_for_order(make_order(), requested_by=staff, send="later")
    assert row.newly_recorded
    assert log() == []
