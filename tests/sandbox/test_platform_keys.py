"""Which key signs: as asked for, as told, in the course of a rotation."""

import pytest
from cryptography import x509

from tests.sandbox.caller import CERTIFICATES, ECHO, Caller, Reply, is_signed
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.keys import generate_key, private_pem

MESSAGE = {"echo_message": "hello"}


@pytest.fixture(scope="module")
def own_key() -> str:
    return private_pem(generate_key())


def asking(caller: Caller, key_id: str | None) -> Reply:
    return caller.post(ECHO, MESSAGE, headers={"Wechatpay-Serial": key_id})


def named(reply: Reply) -> str:
    return reply.headers["Wechatpay-Serial"]


def test_the_certificate_that_was_asked_for_signs(caller: Caller, sandbox: Sandbox) -> None:
    ((serial_no, pem),) = sandbox.certificates.items()
    reply = asking(caller, serial_no)
    assert (reply.status, named(reply)) == (200, serial_no)
    assert is_signed(reply, pem)
    assert not caller.trusts(reply)


def test_a_serial_may_be_written_in_lower_case_with_zeros(caller: Caller, sandbox: Sandbox) -> None:
    (serial_no,) = sandbox.certificates
    assert named(asking(caller, f"00{serial_no.lower()}")) == serial_no


def test_a_certificate_signs_for_a_merchant_without_the_public_key(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="certificates")
    reply = asking(Caller(sandbox.merchant_settings("1900000002")), None)
    assert named(reply) in sandbox.certificates


def test_a_certificate_signs_an_error_for_one_who_has_nothing_else(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="certificates")
    caller = Caller(sandbox.merchant_settings("1900000002"))
    reply = caller.post(ECHO, MESSAGE, signature="AAAA")
    assert reply.refusal == (401, "SIGN_ERROR")
    assert named(reply) in sandbox.certificates


@pytest.mark.parametrize("key_mode", ["public_key", "certificates"])
def test_a_key_of_the_other_kind_is_not_there_to_be_asked_for(
    sandbox: Sandbox, key_mode: str
) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode=key_mode)  # type: ignore[arg-type]  # mypy widens
    ids = {"public_key": next(iter(sandbox.certificates)), "certificates": sandbox.public_key_id}
    reply = asking(Caller(sandbox.merchant_settings("1900000002")), ids[key_mode])
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "Wechatpay-Serial")


def test_answers_may_be_signed_with_a_certificate_whatever_was_asked_for(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.sign_with("certificate")
    assert named(caller.cancel()) in sandbox.certificates


def test_answers_may_be_signed_with_the_public_key_whatever_was_asked_for(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.sign_with("public_key")
    assert caller.trusts(asking(caller, next(iter(sandbox.certificates))))
    assert caller.trusts(caller.send("GET", CERTIFICATES))


def test_nobody_gets_a_kind_of_key_that_it_has_not(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="public_key")
    sandbox.sign_with("certificate")
    caller = Caller(sandbox.merchant_settings("1900000002"))
    assert caller.trusts(caller.cancel())


def test_an_unheard_of_kind_of_key_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'cert', not one of asked, public_key, certificate"):
        sandbox.sign_with("cert")  # type: ignore[arg-type]  # the mistake under test


def test_in_a_rotation_both_certificates_are_valid(caller: Caller, sandbox: Sandbox) -> None:
    (old,) = sandbox.certificates
    new = sandbox.rotate_certificates()
    listed = caller.send("GET", CERTIFICATES).content["data"]
    assert [certificate["serial_no"] for certificate in listed] == [old, new]
    assert [named(asking(caller, serial_no)) for serial_no in (old, new)] == [old, new]


def test_in_a_rotation_the_new_certificate_signs_for_who_asks_for_none(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="certificates")
    caller = Caller(sandbox.merchant_settings("1900000002"))
    new = sandbox.rotate_certificates()
    reply = asking(caller, None)
    assert named(reply) == new
    assert is_signed(reply, sandbox.certificates[new])


def test_each_rotation_brings_a_certificate_that_is_newer_by_its_dates(
    sandbox: Sandbox, own_key: str
) -> None:
    for _ in range(3):
        sandbox.rotate_certificates(private_key_pem=own_key)
    found = [x509.load_pem_x509_certificate(pem.encode()) for pem in sandbox.certificates.values()]
    begins = [each.not_valid_before_utc for each in found]
    ends = [each.not_valid_after_utc for each in found]
    assert (begins, ends) == (sorted(set(begins)), sorted(set(ends)))


def test_who_asks_for_a_retired_certificate_is_answered_with_the_newest(
    caller: Caller, sandbox: Sandbox
) -> None:
    (old,) = sandbox.certificates
    new = sandbox.rotate_certificates()
    sandbox.retire_certificate(old.lower())
    assert list(sandbox.certificates) == [new]
    assert named(asking(caller, old)) == new


def test_all_but_the_newest_are_retired_at_once(sandbox: Sandbox) -> None:
    sandbox.rotate_certificates()
    newest = sandbox.rotate_certificates()
    sandbox.retire_certificate()
    assert list(sandbox.certificates) == [newest]


@pytest.mark.parametrize("serial_no", ["ABCD", "newest"])
def test_the_newest_and_the_unknown_are_not_retired(sandbox: Sandbox, serial_no: str) -> None:
    (newest,) = sandbox.certificates
    wanted = newest if serial_no == "newest" else serial_no
    with pytest.raises(ValueError, match=f"Certificate {wanted} cannot be retired"):
        sandbox.retire_certificate(wanted)


def test_a_certificate_of_the_users_own_signs(sandbox: Sandbox, own_key: str) -> None:
    serial_no = sandbox.rotate_certificates(private_key_pem=own_key)
    sandbox.retire_certificate()
    pem = sandbox.certificates[serial_no]
    again = sandbox.rotate_certificates(private_key_pem=own_key, certificate_pem=pem)
    assert again == serial_no


def test_a_public_key_of_the_users_own_signs_under_its_id(
    caller: Caller, sandbox: Sandbox, own_key: str
) -> None:
    sandbox.use_public_key(private_key_pem=own_key, key_id="PUB_KEY_ID_7")
    settings = sandbox.merchant_settings()
    assert settings["WECHATPAY_PUBLIC_KEY_ID"] == "PUB_KEY_ID_7"
    assert not caller.trusts(asking(caller, "PUB_KEY_ID_7"))
    assert Caller(settings).trusts(asking(caller, "PUB_KEY_ID_7"))


def test_a_public_key_that_is_none_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="private_key_pem holds no unencrypted private key"):
        sandbox.use_public_key(private_key_pem="no key")


def test_a_reset_brings_the_first_keys_back(caller: Caller, sandbox: Sandbox) -> None:
    certificates = sandbox.certificates
    sandbox.rotate_certificates()
    sandbox.retire_certificate()
    sandbox.use_public_key(private_key_pem=private_pem(generate_key()))
    sandbox.sign_with("certificate")
    sandbox.reset()
    assert (sandbox.certificates, sandbox.signing_with) == (certificates, "asked")
    assert caller.trusts(caller.cancel())


def test_a_foreign_key_looks_like_a_missed_rotation_to_who_holds_certificates(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("foreign_key")
    (serial_no,) = sandbox.certificates
    foreign = named(asking(caller, serial_no))
    assert int(foreign, 16) != int(serial_no, 16)
