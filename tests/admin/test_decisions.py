"""The pages on which a person decides about a cancellation."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation

from .conftest import staff_with
from .pages import cancellation_page, decision_page
from .rows import CANCELLED, DOUBTFUL, REFUSED

pytestmark = pytest.mark.django_db(transaction=True)

RESOLVED = {**CANCELLED, "proof": "person"}
POSSIBLE = {"retry": REFUSED, "withdraw": {}, "resolve": DOUBTFUL, "reopen": RESOLVED}


@pytest.fixture
def reviewer(db):
    client = Client()
    client.force_login(staff_with("reviewer", "resolve_cancellation"))
    return client


@pytest.fixture
def everyone(desk, reviewer):
    """Who may make which decision."""
    return {"retry": desk, "withdraw": desk, "resolve": reviewer, "reopen": reviewer}


def told(answer):
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize("decision", POSSIBLE)
def test_a_decision_is_offered_where_it_is_possible(everyone, ask, decision):
    cancellation = ask(**POSSIBLE[decision])
    page = everyone[decision].get(cancellation_page(cancellation)).content.decode()
    assert decision_page(cancellation, decision) in page
    assert everyone[decision].get(decision_page(cancellation, decision)).status_code == 200


@pytest.mark.parametrize("decision", POSSIBLE)
def test_looking_at_its_page_decides_nothing(everyone, ask, decision):
    cancellation = ask(**POSSIBLE[decision])
    everyone[decision].get(decision_page(cancellation, decision))
    before = cancellation.status
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.events.count()) == (before, 0)


@pytest.mark.parametrize("decision", POSSIBLE)
def test_a_decision_is_not_offered_where_it_is_not_possible(everyone, ask, decision):
    cancellation = ask(**CANCELLED)
    page = everyone[decision].get(cancellation_page(cancellation)).content.decode()
    assert decision_page(cancellation, decision) not in page
    answer = everyone[decision].post(decision_page(cancellation, decision), follow=True)
    assert answer.redirect_chain == [(cancellation_page(cancellation), 302)]
    assert "Subsidy cancelled" in told(answer)[0]


@pytest.mark.parametrize("decision", POSSIBLE)
def test_a_decision_needs_its_own_permission(desk, reviewer, onlooker, everyone, ask, decision):
    cancellation = ask(**POSSIBLE[decision])
    for client in {desk, reviewer, onlooker} - {everyone[decision]}:
        for way in (client.get, client.post):
            assert way(decision_page(cancellation, decision)).status_code == 403
    assert not cancellation.events.exists()


@pytest.mark.parametrize("decision", POSSIBLE)
def test_what_is_outside_of_the_scopes_cannot_be_decided_about(everyone, ask, settings, decision):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: {"north"}}
    cancellation = ask(**POSSIBLE[decision], scope="south")
    for way in (everyone[decision].get, everyone[decision].post):
        assert way(decision_page(cancellation, decision)).status_code == 404
    assert not cancellation.events.exists()


def test_a_refused_one_is_sent_again_with_what_was_corrected(gateway, desk, ask):
    cancellation = ask(**REFUSED)
    answer = desk.post(
        decision_page(cancellation, "retry"),
        {"description": "更正", "refund_id": "R2", "note": "退款已到账"},
        follow=True,
    )
    assert told(answer) == ["It is sent again. Its status is now “Subsidy cancelled”."]
    (call,) = gateway.calls()
    assert '"更正"' in call.body.decode()
    assert '"R2"' in call.body.decode()
    event = cancellation.events.get()
    assert (event.kind, event.actor_name, event.note) == ("retried", "lihua", "退款已到账")
    assert LogEntry.objects.filter(change_message__contains="退款已到账").count() == 2


def test_what_is_in_doubt_cannot_be_corrected(desk, ask):
    cancellation = ask(**DOUBTFUL)
    page = desk.get(decision_page(cancellation, "retry")).content.decode()
    assert 'name="note"' in page
    assert 'name="description"' not in page
    assert 'name="refund_id"' not in page


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(desk, ask):
    cancellation = ask(**REFUSED)
    answer = desk.post(
        decision_page(cancellation, "retry"), {"refund_id": "no good", "note": "我的说明"}
    )
    page = answer.content.decode()
    assert "refund_id: the value has characters that WeChat Pay does not accept." in page
    assert "我的说明" in page
    assert not cancellation.events.exists()


@pytest.mark.parametrize(("length", "is_taken"), [(512, True), (513, False)])
def test_a_note_may_be_as_long_as_over_the_api(desk, ask, length, is_taken):
    cancellation = ask()
    desk.post(decision_page(cancellation, "withdraw"), {"note": "长" * length})
    assert cancellation.events.exists() is is_taken


def test_one_that_waits_is_withdrawn(desk, ask):
    cancellation = ask()
    answer = desk.post(decision_page(cancellation, "withdraw"), follow=True)
    assert told(answer) == ["It is withdrawn and will not be sent. Its status is now “Withdrawn”."]


def test_one_that_is_taken_meanwhile_is_not_withdrawn(desk, ask, monkeypatch):
    cancellation, withdraw = ask(), services.withdraw

    def withdraw_too_late(row, **values):
        SubsidyCancellation.objects.update(status="sending", attempt_count=1)
        return withdraw(row, **values)

    monkeypatch.setattr(services, "withdraw", withdraw_too_late)
    answer = desk.post(decision_page(cancellation, "withdraw"), follow=True)
    assert told(answer) == ["The cancellation of N-1 is on its way."]


@pytest.mark.parametrize(("answer", "status"), [("yes", "succeeded"), ("no", "failed")])
def test_a_doubtful_one_is_resolved_by_what_was_seen(reviewer, ask, answer, status):
    cancellation = ask(**DOUBTFUL)
    reviewer.post(
        decision_page(cancellation, "resolve"), {"succeeded": answer, "note": "商户平台已显示"}
    )
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.proof) == (status, "person")
    assert cancellation.resolution_note == "商户平台已显示"
    assert cancellation.resolved_by_name == "reviewer"


@pytest.mark.parametrize("values", [{}, {"succeeded": "yes"}, {"note": "x"}, {"succeeded": "?"}])
def test_a_resolution_says_what_was_seen_and_where(reviewer, ask, values):
    cancellation = ask(**DOUBTFUL)
    page = reviewer.post(decision_page(cancellation, "resolve"), values).content.decode()
    assert 'class="errornote"' in page
    cancellation.refresh_from_db()
    assert cancellation.status == "needs_review"


def test_a_statement_is_taken_back(reviewer, ask):
    cancellation = ask(**RESOLVED)
    reviewer.post(decision_page(cancellation, "reopen"), {"note": "看错了订单"})
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.in_doubt) == ("needs_review", True)


@pytest.mark.parametrize("field", ["order_reference", "error_message", "request_id"])
def test_markup_is_text(desk, ask, field):
    cancellation = ask(**{**REFUSED, "error_code": "X", field: "<u>hi</u>"})
    page = desk.get(decision_page(cancellation, "retry")).content.decode()
    assert "&lt;u&gt;hi&lt;/u&gt;" in page
    assert "<u>hi</u>" not in page
