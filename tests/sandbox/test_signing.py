import base64
import subprocess
import time
from pathlib import Path

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, Caller
from wechat_subsidies.sandbox.signing import parse_authorization


def test_an_answer_is_signed_with_the_key_it_names(caller: Caller) -> None:
    reply = caller.cancel()
    assert caller.trusts(reply)
    assert reply.headers["Wechatpay-Serial"] == caller.settings["WECHATPAY_PUBLIC_KEY_ID"]
    assert reply.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    assert abs(int(reply.headers["Wechatpay-Timestamp"]) - time.time()) < 60


@pytest.mark.parametrize("target", [CANCEL, "/v3/nowhere"])
def test_errors_are_signed_too(caller: Caller, target: str) -> None:
    reply = caller.post(target, {})
    assert reply.status >= 400
    assert caller.trusts(reply)


def test_a_refusal_of_the_signature_is_signed(caller: Caller) -> None:
    reply = caller.post(CANCEL, CANCELLATION, signature="AAAA")
    assert reply.status == 401
    assert caller.trusts(reply)


def test_every_answer_has_a_request_id_and_a_nonce_of_its_own(caller: Caller) -> None:
    first, second = caller.cancel(), caller.cancel()
    assert first.headers["Request-ID"] != second.headers["Request-ID"]
    assert first.headers["Wechatpay-Nonce"] != second.headers["Wechatpay-Nonce"]


def test_openssl_finds_an_answers_signature_right(caller: Caller, tmp_path: Path) -> None:
    reply = caller.cancel()
    (tmp_path / "key").write_text(caller.settings["WECHATPAY_PUBLIC_KEY"])
    (tmp_path / "signature").write_bytes(base64.b64decode(reply.headers["Wechatpay-Signature"]))
    lines = [reply.headers["Wechatpay-Timestamp"], reply.headers["Wechatpay-Nonce"]]
    message = "\n".join([*lines, reply.body.decode(), ""]).encode()
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature"]
    result = subprocess.run(command, cwd=tmp_path, input=message, capture_output=True, check=False)
    assert result.stdout == b"Verified OK\n"


def test_a_request_signed_by_openssl_is_accepted(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(caller.settings["PRIVATE_KEY"])
    now = str(int(time.time()))
    target = "/v3/ecommerce/refunds/id/1?sub_mchid=2"
    message = f"GET\n{target}\n{now}\nabc\n\n".encode()
    command = ["openssl", "dgst", "-sha256", "-sign", "key"]
    result = subprocess.run(command, cwd=tmp_path, input=message, capture_output=True, check=True)
    signature = base64.b64encode(result.stdout).decode()
    reply = caller.send("GET", target, timestamp=now, nonce_str="abc", signature=signature)
    assert reply.refusal == (404, "RESOURCE_NOT_EXISTS")


def test_the_fields_of_an_authorization_may_stand_in_any_order() -> None:
    fields = 'signature="c2ln",timestamp="1", serial_no="AB" ,nonce_str="n",mchid="19"'
    authorization = parse_authorization(f"WECHATPAY2-SHA256-RSA2048 {fields}")
    assert (authorization.mchid, authorization.signature) == ("19", "c2ln")
