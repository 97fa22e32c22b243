"""Retry, withdraw and resolve: what each allows, what it refuses, and who may."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from rest_framework.test import APIClient

from example_project.shop.models import Seller
from wechat_subsidies.exceptions import ForeignTransaction
from wechat_subsidies.models import CancellationEvent, SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import CANCELLATIONS, codes

sending = pytest.mark.django_db(transaction=True)
DECISIONS = ["retry", "withdraw", "resolve"]
BODIES = {"resolve": {"succeeded": True, "note": "seen"}}


def url_of(cancellation, decision):
    return f"{CANCELLATIONS}{cancellation.pk}/{decision}/"


@pytest.fixture
def decider(make_user):
    """A client of somebody who may do everything."""
    client = APIClient()
    client.force_authenticate(make_user("li", "cancel_subsidy", "resolve_cancellation"))
    return client


@pytest.fixture
def decide(decider):
    def send(cancellation, decision, body=None, **headers):
        body = BODIES.get(decision, {}) if body is None else body
        return decider.post(url_of(cancellation, decision), body, format="json", **headers)

    return send


@pytest.fixture
def failed(gateway, make_order):
    gateway.faults.add("param_error", times=1)
    return cancel_subsidy_for_order(make_order())


@pytest.fixture
def waiting(gateway, make_order):
    return cancel_subsidy_for_order(make_order(), send="later")


@pytest.fixture
def doubtful(waiting):
    """One that needs review, and whose last call is long over."""
    change = {"status": "needs_review", "in_doubt": True, "send_after": None}
    SubsidyCancellation.objects.filter(pk=waiting.pk).update(**change, attempt_count=1)
    return waiting


def no_call_before(cancellation, moment):
    SubsidyCancellation.objects.filter(pk=cancellation.pk).update(not_before=moment)


@sending
def test_what_was_refused_is_sent_again(gateway, failed, decide):
    no_call_before(failed, None)
    response = decide(failed, "retry")
    assert (response.status_code, response.json()["status"]) == (200, "succeeded")
    assert len(gateway.calls(failed.transaction_id)) == 2


@sending
def test_what_may_not_be_sent_yet_waits(gateway, failed, decide):
    response = decide(failed, "retry")
    assert (response.status_code, response.json()["status"]) == (202, "pending")
    assert response["Location"] == response.json()["url"]
    assert int(response["Retry-After"]) >= 2


@sending
def test_what_was_refused_may_be_sent_with_other_parameters(gateway, failed, decide):
    no_call_before(failed, None)
    body = {"description": "取消", "refund_id": "R7", "note": "打错了"}
    shown = decide(failed, "retry", body).json()
    assert (shown["description"], shown["refund_id"]) == ("取消", "R7")
    assert "取消" in gateway.calls()[-1].body.decode()
    event = CancellationEvent.objects.get()
    assert (event.kind, event.actor_name, event.note) == ("retried", "li", "打错了")


def test_what_waits_is_withdrawn(waiting, decide, gateway):
    response = decide(waiting, "withdraw", {"note": "误操作"})
    assert (response.status_code, response.json()["status"]) == (200, "withdrawn")
    assert CancellationEvent.objects.get().note == "误操作"
    assert gateway.calls() == []


@pytest.mark.parametrize(("succeeded", "status"), [(True, "succeeded"), (False, "failed")])
def test_what_a_person_has_seen_is_taken_as_theirs(doubtful, decide, succeeded, status):
    shown = decide(doubtful, "resolve", {"succeeded": succeeded, "note": "商户平台已查"}).json()
    assert (shown["status"], shown["proof"], shown["in_doubt"]) == (status, "person", False)
    assert (shown["resolved_by_name"], shown["resolution_note"]) == ("li", "商户平台已查")


@pytest.mark.parametrize(
    ("decision", "status", "in_doubt", "code"),
    [
        ("retry", "pending", False, "in_progress"),
        ("retry", "sending", True, "in_progress"),
        ("retry", "succeeded", False, "frozen"),
        ("retry", "withdrawn", False, "frozen"),
        ("withdraw", "sending", True, "in_progress"),
        ("withdraw", "pending", True, "frozen"),
        ("withdraw", "failed", False, "frozen"),
        ("withdraw", "needs_review", True, "frozen"),
        ("resolve", "pending", False, "in_progress"),
        ("resolve", "failed", False, "frozen"),
        ("resolve", "succeeded", False, "frozen"),
    ],
)
def test_what_the_state_does_not_allow_is_a_conflict(
    waiting, decide, decision, status, in_doubt, code
):
    is_open = status in {"pending", "sending"}
    SubsidyCancellation.objects.update(
        status=status,
        in_doubt=in_doubt,
        proof="wechat" if status == "succeeded" else "",
        send_after=waiting.send_after if is_open else None,
    )
    response = decide(waiting, decision)
    assert (response.status_code, codes(response)) == (409, {"": [code]})
    assert SubsidyCancellation.objects.get().status == status


def test_what_is_in_doubt_keeps_its_parameters(doubtful, decide):
    response = decide(doubtful, "retry", {"description": "another"})
    assert (response.status_code, codes(response)) == (409, {"": ["frozen"]})


def test_other_parameters_take_a_merchant_that_there_is(failed, decide):
    SubsidyCancellation.objects.update(merchant="gone")
    response = decide(failed, "retry", {"description": "another"})
    assert (response.status_code, codes(response)) == (400, {"merchant": ["unknown_merchant"]})


@pytest.mark.parametrize(
    ("decision", "body", "expected"),
    [
        ("retry", {"description": "🧧"}, {"description": ["invalid_characters"]}),
        ("retry", {"description": "退" * 81}, {"description": ["too_long"]}),
        ("retry", {"refund_id": 1}, {"refund_id": ["wrong_type"]}),
        ("retry", {"transaction_id": "1"}, {"transaction_id": ["unknown_field"]}),
        ("retry", {"note": "x" * 513}, {"note": ["too_long"]}),
        ("withdraw", {"note": None}, {"note": ["null"]}),
        ("withdraw", {"reason": "x"}, {"reason": ["unknown_field"]}),
        ("withdraw", [], {"": ["invalid"]}),
        ("resolve", {}, {"succeeded": ["required"], "note": ["required"]}),
        ("resolve", {"succeeded": "yes", "note": "x"}, {"succeeded": ["wrong_type"]}),
        ("resolve", {"succeeded": True, "note": " "}, {"note": ["required"]}),
        ("resolve", {"succeeded": True, "note": "\x00"}, {"note": ["invalid_characters"]}),
    ],
)
def test_a_wrong_body_is_refused_by_field(failed, doubtful, decide, decision, body, expected):
    row = failed if decision == "retry" else doubtful
    response = decide(row, decision, body)
    assert (response.status_code, codes(response)) == (400, expected)
    assert not CancellationEvent.objects.exists()


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("cancel_subsidy", {"retry", "withdraw"}),
        ("resolve_cancellation", {"resolve"}),
        ("view_subsidycancellation", set()),
        ("view_all_batches", set()),
    ],
)
@pytest.mark.parametrize("decision", DECISIONS)
def test_each_decision_takes_its_permission(doubtful, make_user, decision, permission, allowed):
    client = APIClient()
    client.force_authenticate(make_user("wang", permission))
    url = url_of(doubtful, decision)
    assert client.get(url).status_code in {403, 405}
    response = client.post(url, BODIES.get(decision, {}), format="json")
    if decision in allowed:
        assert response.status_code in {200, 202, 409}
    else:
        assert (response.status_code, codes(response)) == (403, {"": ["permission_denied"]})
        assert not CancellationEvent.objects.exists()


@pytest.mark.parametrize("decision", DECISIONS)
def test_what_is_out_of_scope_answers_like_what_never_existed(
    by_seller, doubtful, decide, decision
):
    outside = {"HTTP_X_SELLERS": str(Seller.objects.get().pk + 1)}
    hidden = decide(doubtful, decision, **outside)
    CancellationEvent.objects.all().delete()
    SubsidyCancellation.objects.all().delete()
    never = decide(doubtful, decision, **outside)
    assert (hidden.status_code, hidden.content) == (404, never.content)


@pytest.mark.parametrize("decision", DECISIONS)
def test_nothing_is_decided_by_a_get(doubtful, decider, decision):
    response = decider.get(url_of(doubtful, decision))
    assert (response.status_code, codes(response)) == (405, {"": ["method_not_allowed"]})


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_a_decision_in_a_transaction_of_another_database_is_refused(failed, decide):
    with transaction.atomic(using="other"), pytest.raises(ForeignTransaction):
        decide(failed, "retry")
    failed.refresh_from_db()
    assert failed.status == "failed"


@sending
def test_a_decision_that_could_be_rolled_back_unnoticed_is_refused(failed, decide):
    transaction.set_autocommit(False)
    try:
        with pytest.raises(TransactionManagementError, match="Autocommit is off"):
            decide(failed, "retry")
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
