"""Having many sent again at once that WeChat Pay refused."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry

from wechat_subsidies import services
from wechat_subsidies.models import CancellationEvent, SubsidyCancellation
from wechat_subsidies.services import retrying_refused

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = {"status": "failed", "send_after": None, "reason": "invalid_request", "error_code": "X"}
FUTURE = datetime(2126, 11, 23, tzinfo=UTC)


@pytest.fixture
def ask(make_order):
    def make(**changes):
        row = services.cancel_subsidy_for_order(make_order(), send="later")
        SubsidyCancellation.objects.filter(pk=row.pk).update(**changes)
        return row

    return make


def test_the_refused_ones_wait_to_be_sent_and_nothing_of_the_refusal_is_left(ask, staff):
    rows = [ask(**REFUSED), ask(**REFUSED)]
    everything = SubsidyCancellation.objects.all()
    assert services.retry_refused(everything, note="已充值", requested_by=staff) == 2
    for row in rows:
        row.refresh_from_db()
        assert (row.status, row.reason, row.error_code) == ("pending", "", "")
        assert row.send_after == row.asked_at
    events = set(CancellationEvent.objects.values_list("kind", "actor_name", "note"))
    assert events == {("retried", "lihua", "已充值")}
    assert LogEntry.objects.count() == 4


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"status": "succeeded", "send_after": None, "proof": "wechat"},
        {"status": "needs_review", "send_after": None, "in_doubt": True},
        {"status": "withdrawn", "send_after": None},
    ],
)
def test_all_others_are_left_as_they_are(ask, other):
    row = ask(**other)
    before = SubsidyCancellation.objects.filter(pk=row.pk).values().get()
    assert services.retry_refused(SubsidyCancellation.objects.all()) == 0
    assert SubsidyCancellation.objects.filter(pk=row.pk).values().get() == before
    assert not CancellationEvent.objects.exists()


def test_none_is_sent_before_the_gateway_may_be_called_again(ask):
    row = ask(**REFUSED, not_before=FUTURE)
    services.retry_refused(SubsidyCancellation.objects.all())
    row.refresh_from_db()
    assert row.send_after == FUTURE


def test_they_are_sent_by_the_next_sweep(gateway, ask):
    ask(**REFUSED)
    services.retry_refused(SubsidyCancellation.objects.all())
    assert gateway.calls() == []
    services.process_due()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_somebody_who_was_faster_is_not_overruled(ask):
    row = ask(**REFUSED)
    chunk = [row.pk]
    services.retry(row, send="later", requested_by="wangfang")
    who = retrying_refused.Requester.of("lihua")
    assert retrying_refused.retry_chunk(chunk, note="", who=who, using="default") == 0
    assert CancellationEvent.objects.get().actor_name == "wangfang"


def test_many_are_changed_a_chunk_at_a_time(ask, monkeypatch):
    monkeypatch.setattr(retrying_refused, "CHUNK", 2)
    for _ in range(5):
        ask(**REFUSED)
    assert services.retry_refused(SubsidyCancellation.objects.all()) == 5
    assert SubsidyCancellation.objects.filter(status="pending").count() == 5
