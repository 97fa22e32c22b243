import json

import pytest
from rest_framework import serializers

from wechat_subsidies.api.repeats import is_json
from wechat_subsidies.api.serializers import CancellationSerializer
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services.tabular import COLUMNS

from .calls import CANCELLATIONS, codes, identifiers

BATCHES = "/api/subsidies/batches/"

PUBLIC = """
    id url
    merchant mchid sub_mchid transaction_id refund_id description status in_doubt proof reason result
    error_code error_message request_id attempt_count send_after order_model order_pk order_reference
    scope paid_amount refunded_amount subsidy_amount source requested_by requested_by_name
    resolved_by_name resolved_at resolution_note created_at updated_at completed_at
    is_final can_retry next_attempt_at advice
"""


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_shows_its_public_fields_and_nothing_else(gateway, make_order, post):
    assert list(post(identifiers(make_order())).json()) == PUBLIC.split()


def test_an_export_has_the_same_fields_as_columns():
    of_an_answer = {"differs"}  # says what of the request is not as it is stored
    assert sorted(COLUMNS) == sorted({*CancellationSerializer.Meta.fields} - of_an_answer)


@pytest.mark.django_db(transaction=True)
def test_a_finished_cancellation_shows_what_happened(gateway, make_order, post):
    order = make_order()
    shown = post(identifiers(order)).json()
    assert (shown["proof"], shown["result"], shown["reason"]) == ("wechat", "SUCCESS", "cancelled")
    assert (shown["is_final"], shown["can_retry"], shown["next_attempt_at"]) == (True, False, None)
    assert (shown["paid_amount"], shown["refunded_amount"], shown["subsidy_amount"]) == (
        1000,
        1000,
        200,
    )
    assert shown["order_reference"] == order.number


@pytest.mark.django_db(transaction=True)
def test_a_refused_cancellation_says_what_to_do(gateway, make_order, post):
    gateway.faults.add("param_error")
    shown = post(identifiers(make_order())).json()
    assert (shown["can_retry"], shown["error_code"]) == (True, "PARAM_ERROR")
    assert "Correct it and send it again" in shown["advice"]


@pytest.mark.parametrize(
    ("status", "can"),
    [("failed", True), ("needs_review", True), ("succeeded", False), ("pending", False)],
)
def test_what_can_be_retried(status, can):
    assert SubsidyCancellation(status=status).can_retry is can


def test_a_cancellation_cannot_be_written_through_its_serializer():
    fields = CancellationSerializer().fields.values()
    assert all(field.read_only for field in fields)


@pytest.mark.parametrize("field", ["sub_mchid", "transaction_id", "refund_id"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1900013401, "wrong_type"),
        (1.5, "wrong_type"),
        (True, "wrong_type"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
        (None, "null"),
        ("", "required"),
        (" ", "invalid_characters"),
        ("1" * 65, "too_long"),
        ("42 ", "invalid_characters"),
        ("42\n", "invalid_characters"),
        ("４２", "invalid_characters"),
        ("🧧", "invalid_characters"),
        ("4\x002", "invalid_characters"),
        ("\ud800", "invalid_characters"),
    ],
)
def test_an_identifier_is_text_of_few_characters(gateway, make_order, post, field, value, code):
    response = post({**identifiers(make_order()), field: value})
    assert response.status_code == 400
    assert codes(response)[field][0] == code
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("description", 1, "wrong_type"),
        ("description", None, "null"),
        ("description", "退" * 81, "too_long"),
        ("description", "\ud800", "invalid_characters"),
        ("merchant", 1, "wrong_type"),
        ("merchant", "\udfff", "invalid_characters"),
        ("partial", "true", "wrong_type"),
        ("partial", 1, "wrong_type"),
        ("partial", None, "null"),
        ("partial", {}, "wrong_type"),
    ],
)
def test_other_fields_are_of_their_type_too(gateway, make_order, post, field, value, code):
    response = post({**identifiers(make_order()), field: value})
    assert (response.status_code, codes(response)) == (400, {field: [code]})


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "wrong_type"),
        (1.0, "wrong_type"),
        ([1], "wrong_type"),
        (None, "null"),
        ("1" * 256, "too_long"),
        ("\x00", "invalid_characters"),
        ("\ud800", "invalid_characters"),
    ],
)
def test_an_orders_key_is_text_or_an_integer(gateway, db, post, value, code):
    assert codes(post({"order": value})) == {"order": [code]}


def test_unknown_fields_are_refused_by_name(gateway, make_order, post):
    response = post({**identifiers(make_order()), "refundid": "R1", "sub_mch_id": "1"})
    assert codes(response) == {"refundid": ["unknown_field"], "sub_mch_id": ["unknown_field"]}
    assert not SubsidyCancellation.objects.exists()


def test_unknown_and_wrong_fields_are_named_together(gateway, make_order, post):
    response = post({**identifiers(make_order()), "refundid": "R1", "refund_id": 1})
    assert codes(response) == {"refundid": ["unknown_field"], "refund_id": ["wrong_type"]}


@pytest.mark.parametrize("name", ["\ud800", "x" * 10_000, ""])
def test_a_name_that_nobody_would_give_a_field_is_refused(gateway, db, post, name):
    response = post({name: 1})
    assert (response.status_code, list(codes(response).values())) == (400, [["unknown_field"]])
    assert len(response.content) < 1000


def test_a_field_that_is_called_like_the_errors_of_the_whole_is_refused_by_name(
    gateway, make_order, post
):
    body = {**identifiers(make_order()), "non_field_errors": 1}
    assert codes(post(body)) == {"non_field_errors": ["unknown_field"]}


@pytest.mark.parametrize(
    ("url", "body", "name"),
    [
        (CANCELLATIONS, '{"order": 1, "order": 2}', "order"),
        (CANCELLATIONS, '{"order": 1, "order": 1}', "order"),
        (CANCELLATIONS, '{"order": 1, "\\u006frder": 1}', "order"),
        (CANCELLATIONS, '{"order": 1, "\\ud800": 1, "\\ud800": 1}', "\\ud800"),
        (CANCELLATIONS, '{"non_field_errors": 1, "non_field_errors": 1}', "non_field_errors"),
        (BATCHES, '{"items": [{"order": 1}, {"order": 2, "order": 3}]}', "items.1.order"),
        (BATCHES, '{"orders": [1], "draft": true, "draft": false}', "draft"),
    ],
)
@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "k"}])
def test_a_name_that_is_there_twice_is_refused(gateway, db, api, url, body, name, key):
    response = api.post(url, body, content_type="application/json", **key)
    assert (response.status_code, codes(response)) == (400, {name: ["repeated"]})


@pytest.mark.parametrize("content_type", ["application/vnd.api+json", "application/JSON;a=b"])
def test_what_is_json_is_told_by_its_type(content_type):
    assert is_json(content_type)
    assert not is_json("application/x-www-form-urlencoded")


def test_a_body_in_an_encoding_that_is_not_of_json_is_left_to_the_hosts_parsers(
    gateway, make_order, api
):
    order = make_order()
    text = json.dumps({"order": order.pk, "description": "退款"}, ensure_ascii=False)
    body = text.encode("gbk")
    response = api.generic("POST", CANCELLATIONS, body, "application/json; charset=gbk")
    assert response.json()["description"] == "退款"


def test_an_answer_names_some_of_many_unknown_fields(gateway, db, post):
    assert len(codes(post({f"field{number}": 1 for number in range(1000)}))) == 20


@pytest.mark.parametrize("body", [{}, {"partial": True}, {"description": "x"}])
def test_an_order_has_to_be_named(gateway, db, post, body):
    assert codes(post(body)) == {"sub_mchid": ["required"], "transaction_id": ["required"]}


def test_an_order_has_to_be_named_completely(gateway, db, post):
    assert codes(post({"transaction_id": "42"})) == {"sub_mchid": ["required"]}
    assert codes(post({"order_model": "shop.Order", "sub_mchid": "1"})) == {
        "order_model": ["not_together"],
        "transaction_id": ["required"],
    }


@pytest.mark.parametrize(
    ("body", "superfluous"),
    [
        ({"order": 1, "order_reference": "N1"}, ["order_reference"]),
        ({"order": 1, "transaction_id": "42", "sub_mchid": "1"}, ["sub_mchid", "transaction_id"]),
        ({"order_reference": "N1", "merchant": "default"}, ["merchant"]),
    ],
)
def test_an_order_is_named_in_one_way(gateway, db, post, body, superfluous):
    assert codes(post(body)) == {name: ["not_together"] for name in superfluous}


@pytest.mark.parametrize("body", [[], [1], "x", 1, None, True])
def test_a_body_is_an_object(gateway, db, post, body):
    response = post(body)
    assert (response.status_code, codes(response)) == (400, {"": ["invalid"]})


def test_a_form_is_a_body_too(gateway, make_order, api):
    form = {**identifiers(make_order(refunds=(1,))), "partial": "true", "refund_id": ""}
    assert api.post(CANCELLATIONS, {**form, "csrfmiddlewaretoken": "x"}).status_code == 202


def test_every_public_column_is_mapped_to_a_field_of_its_own():
    unmapped = serializers.ModelField
    assert not any(isinstance(f, unmapped) for f in CancellationSerializer().fields.values())
