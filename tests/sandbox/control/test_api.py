import threading

import pytest

from tests.sandbox.caller import CANCEL, CERTIFICATES, ECHO, ORDER, Caller
from tests.sandbox.control.http import Control
from wechat_subsidies.sandbox import Refund, Sandbox
from wechat_subsidies.sandbox.control.api import ROUTES
from wechat_subsidies.sandbox.faults import FAULTS
from wechat_subsidies.sandbox.keys import (
    certificate_pem,
    generate_key,
    private_pem,
    public_pem,
    self_signed,
)


@pytest.fixture(scope="module")
def own_key() -> str:
    return private_pem(generate_key())


def test_the_index_lists_what_there_is(control: Control) -> None:
    listed = control.get("")["endpoints"]
    assert "POST /_sandbox/faults" in listed
    assert len(listed) == len(ROUTES)


def test_the_ledger_shows_requests_and_totals(control: Control, caller: Caller) -> None:
    caller.cancel(description="你好")
    shown = control.get("ledger")
    (entry,) = shown["entries"]
    assert (shown["requests"], shown["carried_out"], shown["by_status"]) == (1, 1, {"200": 1})
    assert (entry["path"], entry["status"], entry["carried_out"]) == (CANCEL, 200, True)
    assert "你好" in entry["body"]
    assert "fault" not in entry


def test_the_ledger_is_asked_by_order_path_and_number(control: Control, caller: Caller) -> None:
    for order in "121":
        caller.cancel(transaction_id=order)
    caller.post(ECHO, {"echo_message": "hello"})

    def numbers(query: str) -> list[int]:
        return [entry["number"] for entry in control.get(f"ledger?{query}")["entries"]]

    assert numbers("transaction_id=1") == [1, 3]
    assert numbers(f"path={ECHO}") == [4]
    assert numbers("limit=2") == [3, 4]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "9" * 5000, "%C2%B2"])
def test_a_limit_that_is_none_is_refused(control: Control, limit: str) -> None:
    status, message = control.refused("GET", f"ledger?limit={limit}")
    assert (status, "must be a number of requests" in message) == (400, True)


def test_an_order_is_added_and_looked_at(control: Control, sandbox: Sandbox) -> None:
    refunds = ["3008", {"refund_id": "3009", "status": "PROCESSING", "amount": 250}]
    order = {**ORDER, "refunds": refunds, "profit_shared": True}
    assert control.send("POST", "orders", order).status == 201
    added = sandbox.order(ORDER["transaction_id"])
    assert added
    assert added.profit_shared
    assert added.refunds == [
        Refund(refund_id="3008"),
        Refund(refund_id="3009", status="PROCESSING", amount=250),
    ]
    shown = control.get(f"orders/{ORDER['transaction_id']}")
    assert (shown["cancelled"], shown["refunds"][1]["amount"]) == (False, 250)
    assert control.get("orders")["orders"] == [shown]


def test_a_cancelled_order_shows_what_cancelled_it(control: Control, caller: Caller) -> None:
    caller.cancel(refund_id="-")
    shown = control.get(f"orders/{ORDER['transaction_id']}")
    assert shown["cancelled"]
    assert shown["cancellation"] == {**ORDER, "description": "订单退款"}


def test_an_order_that_is_not_there_does_not_exist(control: Control) -> None:
    assert control.refused("GET", "orders/42") == (404, "There is no '42' here.")


def test_a_fault_is_planned_listed_and_removed(control: Control, caller: Caller) -> None:
    fault = {"name": "rate_limited", "path": CANCEL, "share": 1, "seed": 7, "times": 5}
    number = control.send("POST", "faults", fault).content["number"]
    (planned,) = control.get("faults")["planned"]
    assert planned["meaning"] == "429 FREQUENCY_LIMITED"
    assert (planned["path"], planned["share"], planned["times"]) == (CANCEL, 1, 5)
    assert caller.cancel().status == 429
    assert control.send("DELETE", f"faults/{number}").status == 204
    assert caller.cancel().status == 200


def test_the_names_of_all_faults_are_listed(control: Control) -> None:
    assert list(control.get("faults")["names"]) == list(FAULTS)


def test_an_unknown_fault_is_told_the_known_ones(control: Control) -> None:
    status, message = control.refused("POST", "faults", {"name": "dely"})
    assert (status, message.startswith("There is no fault 'dely'; there is delay")) == (400, True)


@pytest.mark.parametrize("number", ["7", "x", "9" * 5000])
def test_a_fault_that_is_not_there_is_not_removed(control: Control, number: str) -> None:
    assert control.refused("DELETE", f"faults/{number}")[0] == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "faults/release"), ("DELETE", "faults")])
def test_what_hangs_is_let_go(
    control: Control, caller: Caller, sandbox: Sandbox, method: str, path: str
) -> None:
    sandbox.faults.add("hang")
    thread = threading.Thread(target=caller.cancel)
    thread.start()
    sandbox.wait_for_calls(1)
    assert control.send(method, path).status == 204
    thread.join()
    assert sandbox.ledger[0].status == 200
    assert bool(sandbox.faults.planned()) == (method == "POST")


def test_a_merchant_is_admitted_with_a_certificate(
    control: Control, sandbox: Sandbox, own_key: str
) -> None:
    key = generate_key()
    pem = certificate_pem(self_signed(name="1900000002", key=key))
    content = {"mchid": "1900000002", "certificate_pem": pem, "api_v3_key": "k" * 32}
    assert control.send("POST", "merchants", content).status == 201
    shown = control.get("merchants")["merchants"][1]
    own = {
        "MCHID": "1900000002",
        "PRIVATE_KEY": private_pem(key),
        "MERCHANT_SERIAL_NO": shown["serial_no"],
    }
    assert Caller(sandbox.merchant_settings() | own).cancel().status == 200
    assert "k" * 32 not in str(shown)


def test_a_merchant_is_admitted_with_a_public_key(control: Control, sandbox: Sandbox) -> None:
    key = generate_key()
    content = {
        "mchid": "1900000002",
        "serial_no": "AB",
        "public_key_pem": public_pem(key.public_key()),
    }
    assert control.send("POST", "merchants", content).status == 201
    own = {"MCHID": "1900000002", "PRIVATE_KEY": private_pem(key), "MERCHANT_SERIAL_NO": "AB"}
    assert Caller(sandbox.merchant_settings() | own).cancel().status == 200


def test_a_merchants_settings_are_told(control: Control, sandbox: Sandbox) -> None:
    control.send("POST", "merchants", {"mchid": "1900000002", "key_mode": "certificates"})
    settings = control.get("merchants/1900000002/settings")
    assert settings == sandbox.merchant_settings("1900000002", key_mode="certificates")
    assert Caller(settings).send("GET", CERTIFICATES).status == 200
    both = control.get("merchants/1900000001/settings?key_mode=both")
    assert both == sandbox.merchant_settings(key_mode="both")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("1900000099/settings", 404, "no '1900000099' here"),
        ("1900000001/settings?key_mode=x", 400, "key_mode is 'x'"),
    ],
)
def test_settings_that_there_are_not_are_refused(
    control: Control, path: str, status: int, words: str
) -> None:
    refused = control.refused("GET", f"merchants/{path}")
    assert (refused[0], words in refused[1]) == (status, True)


def test_wechat_pays_keys_are_shown(control: Control, sandbox: Sandbox) -> None:
    shown = control.get("keys")
    assert shown["public_key_pem"] == sandbox.merchant_settings()["WECHATPAY_PUBLIC_KEY"]
    assert {found["serial_no"] for found in shown["certificates"]} == set(sandbox.certificates)
    assert "PRIVATE" not in str(shown)


def test_certificates_are_rotated_and_retired(control: Control, sandbox: Sandbox) -> None:
    new = control.send("POST", "keys/rotate").content["serial_no"]
    assert len(sandbox.certificates) == 2
    left = control.send("POST", "keys/retire").content["certificates"]
    assert [found["serial_no"] for found in left] == [new]


def test_the_newest_certificate_is_not_retired(control: Control, sandbox: Sandbox) -> None:
    (newest,) = sandbox.certificates
    status, message = control.refused("POST", "keys/retire", {"serial_no": newest})
    assert (status, "cannot be retired" in message) == (400, True)


def test_a_key_of_the_users_own_becomes_wechat_pays(
    control: Control, caller: Caller, sandbox: Sandbox, own_key: str
) -> None:
    content = {"private_key_pem": own_key, "key_id": "PUB_KEY_ID_7"}
    shown = control.send("PUT", "keys/public-key", content).content
    assert shown["public_key_id"] == sandbox.public_key_id == "PUB_KEY_ID_7"
    reply = caller.post(ECHO, {"echo_message": "hi"}, headers={"Wechatpay-Serial": "PUB_KEY_ID_7"})
    assert Caller(sandbox.merchant_settings()).trusts(reply)


def test_what_may_be_switched_is_shown(control: Control) -> None:
    assert control.get("switches") == {
        "repeat": "success",
        "create_orders": True,
        "sign_with": "asked",
        "rate_limits": {
            "enabled": False,
            "per_caller": 200,
            "per_sub_merchant": 200,
            "per_order": 1,
        },
    }


def test_switches_are_changed(control: Control, sandbox: Sandbox) -> None:
    changes = {
        "repeat": "invalid_request",
        "create_orders": False,
        "sign_with": "certificate",
        "rate_limits": {"enabled": True, "per_caller": 5},
    }
    shown = control.send("PATCH", "switches", changes).content
    assert shown == control.get("switches")
    assert (sandbox.repeat, sandbox.create_orders) == ("invalid_request", False)
    assert (sandbox.signing_with, sandbox.rate_limits.per_caller) == ("certificate", 5)
    assert sandbox.rate_limits.enabled


def test_a_switch_that_is_not_given_stays(control: Control, sandbox: Sandbox) -> None:
    sandbox.repeat = "invalid_request"
    control.send("PATCH", "switches", {"rate_limits": {"per_order": 2}})
    assert (sandbox.repeat, sandbox.rate_limits.enabled) == ("invalid_request", False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"repeat": "maybe"}, "repeat is 'maybe'"),
        ({"sign_with": "x"}, "signed with 'x'"),
        ({"rate_limits": {"per_caller": 0}}, "per_caller is 0"),
        ({"rate_limits": {"per_calle": 1}}, "did you mean per_caller?"),
    ],
)
def test_a_switch_to_nowhere_is_refused(
    control: Control, changes: dict[str, object], words: str
) -> None:
    status, message = control.refused("PATCH", "switches", changes)
    assert (status, words in message) == (400, True)


def test_a_reset_forgets_everything(control: Control, caller: Caller, sandbox: Sandbox) -> None:
    caller.cancel()
    assert control.send("POST", "reset").status == 204
    assert (sandbox.ledger, sandbox.orders) == ([], [])
