"""Asking for one order: what is recorded, what is sent, and what is refused in which words."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import RequestFactory
from django.utils.translation import override

from example_project.shop.models import Order, Seller
from wechat_subsidies import services
from wechat_subsidies.exceptions import Conflict, InvalidRequest, NotEligible
from wechat_subsidies.models import CancellationEvent, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

Status = SubsidyCancellation.Status
EXAMPLE = {
    "sub_mchid": "1900013401",
    "refund_id": "3008450740201411110007820472",
    "transaction_id": "4208450740201411110007820472",
    "description": "订单退款",
}

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_example_of_the_api_page_arrives_with_exactly_its_four_fields(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE)
    (call,) = gateway.calls()
    assert json.loads(call.body) == EXAMPLE
    assert (cancellation.status, cancellation.proof) == ("succeeded", "wechat")
    assert cancellation.newly_recorded


def test_without_a_refund_id_the_key_is_absent(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    (call,) = gateway.calls()
    assert set(json.loads(call.body)) == {"sub_mchid", "transaction_id", "description"}


def test_a_merchant_can_switch_the_refund_id_off(gateway: Sandbox, settings) -> None:
    merchant = gateway.merchant_settings() | {"SEND_REFUND_ID": False}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    cancellation = services.cancel_subsidy(**EXAMPLE)
    assert "refund_id" not in json.loads(gateway.calls()[0].body)
    assert cancellation.refund_id == EXAMPLE["refund_id"]  # known here all the same
    assert services.cancel_subsidy(**EXAMPLE).differs == ()


def test_an_order_brings_its_own_facts(gateway: Sandbox, make_order: Callable[..., Order]) -> None:
    order = make_order(refunds=(400, 600))
    cancellation = services.cancel_subsidy_for_order(order, requested_by="refund worker")
    assert cancellation.status == Status.SUCCEEDED
    assert cancellation.order_reference == order.number
    assert (cancellation.paid_amount, cancellation.refunded_amount) == (1000, 1000)
    assert cancellation.refund_id == order.refunds.last().refund_id
    assert cancellation.requested_by_name == "refund worker"
    assert list(SubsidyCancellation.objects.for_order(order)) == [cancellation]


def test_identifiers_of_an_order_find_the_order(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    cancellation = services.cancel_subsidy(
        sub_mchid=order.seller.wechat_mchid, transaction_id=order.wechat_transaction_id
    )
    assert cancellation.order_pk == str(order.pk)


def test_a_repeat_returns_the_row_and_sends_nothing(gateway: Sandbox) -> None:
    first = services.cancel_subsidy(**EXAMPLE)
    again = services.cancel_subsidy(**EXAMPLE | {"description": "别的"})
    assert again.pk == first.pk
    assert not again.newly_recorded
    assert again.differs == ("description",)
    assert len(gateway.calls()) == 1


def test_a_repeat_is_harmless_whatever_has_become_of_the_order(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    first = services.cancel_subsidy_for_order(order)
    Order.objects.update(is_profit_shared=True)
    again = services.cancel_subsidy_for_order(order)
    assert (again.pk, again.newly_recorded, again.status) == (first.pk, False, Status.SUCCEEDED)
    by_identifiers = services.cancel_subsidy(
        sub_mchid=first.sub_mchid, transaction_id=first.transaction_id
    )
    assert by_identifiers.pk == first.pk


def test_a_withdrawn_cancellation_is_judged_anew(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    services.cancel_subsidy_for_order(order, send="later")
    SubsidyCancellation.objects.update(status=Status.WITHDRAWN, send_after=None)
    Order.objects.update(is_profit_shared=True)
    with pytest.raises(NotEligible, match="该订单已分账"):
        services.cancel_subsidy_for_order(order)


def test_what_does_not_exist_for_a_request_is_not_asked_for(
    gateway: Sandbox, make_order: Callable[..., Order], rf: RequestFactory
) -> None:
    order = make_order()
    Seller.objects.update(wechat_mchid="1900013499")
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy(
            sub_mchid="1900013401",
            transaction_id=order.wechat_transaction_id,
            http_request=rf.get("/"),
        )
    assert refusal.value.code == "not_found"
    assert gateway.calls() == []


def test_a_withdrawn_one_begins_anew_and_not_too_soon(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE, send="later")
    later = cancellation.asked_at + timedelta(hours=1)
    SubsidyCancellation.objects.update(
        status=Status.WITHDRAWN,
        send_after=None,
        not_before=later,
        unknown_count=7,
        error_code="PARAM_ERROR",
        resolved_by_name="somebody",
    )
    again = services.cancel_subsidy(**EXAMPLE)
    assert (again.status, again.send_after) == (Status.PENDING, later)
    assert (again.unknown_count, again.error_code, again.resolved_by_name) == (0, "", "")


def test_who_asks_need_not_be_a_user(gateway: Sandbox, make_order: Callable[..., Order]) -> None:
    order = make_order()
    cancellation = services.cancel_subsidy(**EXAMPLE, requested_by=order)
    assert (cancellation.requested_by, cancellation.requested_by_name) == (None, str(order))


def test_a_misspelt_way_to_send_is_refused(gateway: Sandbox) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.cancel_subsidies([], send="nwo")
    assert refusal.value.fields["send"][0] == "invalid"


def test_send_later_only_records(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE, send="later")
    assert cancellation.status == Status.PENDING
    assert gateway.calls() == []
    services.process_due()
    cancellation.refresh_from_db()
    assert cancellation.status == Status.SUCCEEDED


def test_in_a_transaction_it_is_sent_after_the_commit(gateway: Sandbox) -> None:
    with transaction.atomic():
        cancellation = services.cancel_subsidy(**EXAMPLE)
        assert cancellation.status == Status.PENDING
        assert gateway.calls() == []
    cancellation.refresh_from_db()
    assert cancellation.status == Status.SUCCEEDED


def test_rolled_back_nothing_is_sent(gateway: Sandbox) -> None:
    with transaction.atomic():
        services.cancel_subsidy(**EXAMPLE)
        transaction.set_rollback(True)
    assert gateway.calls() == []
    assert not SubsidyCancellation.objects.exists()


def test_a_gateway_that_is_down_leaves_the_row_waiting(gateway: Sandbox) -> None:
    gateway.stop()
    try:
        cancellation = services.cancel_subsidy(**EXAMPLE)
    finally:
        gateway.start()
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, "not_sent")
    assert not cancellation.in_doubt
    SubsidyCancellation.objects.update(send_after=cancellation.asked_at)
    services.process_due()
    cancellation.refresh_from_db()
    assert cancellation.status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"sub_mchid": ""}, "sub_mchid", "required"),
        ({"sub_mchid": "1" * 33}, "sub_mchid", "too_long"),
        ({"transaction_id": "42 00"}, "transaction_id", "invalid_characters"),
        ({"refund_id": "é"}, "refund_id", "invalid_characters"),
        ({"description": "退" * 81}, "description", "too_long"),
        ({"description": "退款🎉"}, "description", "invalid_characters"),
        ({"merchant": "nobody"}, "merchant", "unknown_merchant"),
        ({"transaction_id": "\ud800"}, "transaction_id", "invalid_characters"),
        ({"transaction_id": "a\0b"}, "transaction_id", "invalid_characters"),
        ({"sub_mchid": None}, "sub_mchid", "required"),
        ({"transaction_id": 42}, "transaction_id", "wrong_type"),
    ],
)
def test_bad_input_is_refused_by_field_and_not_recorded(
    gateway: Sandbox, changes: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.cancel_subsidy(**EXAMPLE | changes)
    assert refusal.value.fields[field][0] == code
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "refunds", "code"),
    [
        ({}, (), "not_refunded"),
        ({}, (400,), "partly_refunded"),
        ({"wechat_transaction_id": ""}, (1000,), "missing_transaction_id"),
        ({"subsidy_fen": 0}, (1000,), "blocked"),
    ],
)
def test_an_order_that_is_not_to_be_cancelled_says_why(
    gateway: Sandbox,
    make_order: Callable[..., Order],
    fields: dict[str, object],
    refunds: tuple[int, ...],
    code: str,
) -> None:
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy_for_order(make_order(refunds=refunds, **fields))
    assert refusal.value.code == code
    assert gateway.calls() == []


def test_a_partly_refunded_order_needs_an_explicit_yes(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order(refunds=(400,))
    assert services.cancel_subsidy_for_order(order, partial=True).status == Status.SUCCEEDED


def test_an_explicit_yes_is_not_enough_where_partial_refunds_are_refused(
    gateway: Sandbox, make_order: Callable[..., Order], settings
) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    with pytest.raises(NotEligible, match="partly refunded"):
        services.cancel_subsidy_for_order(make_order(refunds=(400,)), partial=True)


def test_a_transaction_of_another_order_is_a_conflict(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    services.cancel_subsidy_for_order(order)
    twin = make_order(wechat_transaction_id=order.wechat_transaction_id)
    with pytest.raises(Conflict) as refusal:
        services.cancel_subsidy_for_order(twin)
    assert refusal.value.code == "other_order"
    assert refusal.value.cancellation.order_reference == order.number


def test_another_merchant_is_a_conflict(gateway: Sandbox, settings) -> None:
    merchant = gateway.merchant_settings()
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant, "second": merchant}}
    services.cancel_subsidy(**EXAMPLE)
    with pytest.raises(Conflict) as refusal:
        services.cancel_subsidy(**EXAMPLE, merchant="second")
    assert refusal.value.code == "other_merchant"


def test_a_withdrawn_cancellation_may_be_asked_for_again_with_other_parameters(
    gateway: Sandbox,
) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE, send="later")
    SubsidyCancellation.objects.update(status=Status.WITHDRAWN, send_after=None)
    again = services.cancel_subsidy(**EXAMPLE | {"description": "再次"}, requested_by="lihua")
    assert (again.pk, again.status) == (cancellation.pk, Status.SUCCEEDED)
    assert json.loads(gateway.calls()[0].body)["description"] == "再次"
    event = CancellationEvent.objects.get()
    assert (event.kind, event.actor_name) == ("asked_again", "lihua")


def test_who_asked_is_kept_by_name_when_the_user_is_gone(gateway: Sandbox, staff: User) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE, requested_by=staff)
    assert cancellation.requested_by == staff
    staff.delete()
    cancellation.refresh_from_db()
    assert (cancellation.requested_by, cancellation.requested_by_name) == (None, "lihua")


def test_a_name_that_no_database_stores_is_made_fit(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**EXAMPLE, requested_by="a\ud800\0🎉" + "x" * 200)
    assert cancellation.requested_by_name.startswith("a?��xx")
    assert len(cancellation.requested_by_name) == 150


def test_a_scope_that_cannot_be_kept_whole_is_refused(
    gateway: Sandbox, make_order: Callable[..., Order], settings
) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"] | {"scope": "title"}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": {"shop.Order": mapping}}
    with pytest.raises(InvalidRequest, match="at most 64 characters"):
        services.cancel_subsidy_for_order(make_order(title="茶" * 65))


def test_an_order_in_which_the_shops_code_fails_is_refused_with_that_reason(
    gateway: Sandbox,
    make_order: Callable[..., Order],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    order = make_order()

    def why_no_cancellation(order: Order) -> str:
        raise LookupError("a shop's own mistake")

    monkeypatch.setattr(Order, "why_no_cancellation", why_no_cancellation)
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy_for_order(order)
    assert refusal.value.code == "adapter_error"
    assert "a shop's own mistake" in caplog.text


def test_a_refused_parameter_is_named_in_the_readers_language(gateway: Sandbox) -> None:
    with override("zh-hans"), pytest.raises(InvalidRequest, match="不接受的字符"):
        services.cancel_subsidy(**EXAMPLE | {"description": "退款🎉"})


def test_profit_may_be_shared_once_the_subsidy_is_cancelled(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    assert not services.may_share_profit(order)
    services.cancel_subsidy_for_order(order)
    assert services.may_share_profit(order)


def test_a_seller_without_a_sub_merchant_id_is_named(
    gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order(seller=Seller.objects.create(name="新店"))
    with pytest.raises(NotEligible) as refusal:
        services.cancel_subsidy_for_order(order)
    assert refusal.value.code == "missing_sub_mchid"
