import base64
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding

from wechat_subsidies.wechatpay import (
    CredentialsError,
    MerchantCredentials,
    load_api_v3_key,
    load_private_key,
    load_public_key,
)
from wechat_subsidies.wechatpay.keys import LazyKey, _ParsedOnce, key_file, parse_public_key

from .platform import API_V3_KEY
from .samples import PUB_KEY_ID, private_pem, public_pem


def private_der(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(
        Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_der(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encrypted_pem(key: RSAPrivateKey, form: serialization.PrivateFormat) -> str:
    password = serialization.BestAvailableEncryption(b"secret")
    return key.private_bytes(Encoding.PEM, form, password).decode()


def code_of(load: Callable[[object], object], source: object) -> str:
    with pytest.raises(CredentialsError) as refused:
        load(source)
    assert refused.value.outcome_known is True
    assert " key" in str(refused.value)
    return refused.value.code


FORMS = {
    "PEM": lambda pem, der: pem,
    "PEM as bytes": lambda pem, der: pem.encode(),
    "PEM of an environment variable": lambda pem, der: pem.replace("\n", "\\n"),
    "PEM of a Windows environment variable": lambda pem, der: pem.replace("\n", "\\r\\n"),
    "PEM with a text before it": lambda pem, der: f"subject=/CN=x\n{pem}",
    "base64 of PEM": lambda pem, der: base64_of(pem.encode()),
    "base64 of DER": lambda pem, der: base64_of(der),
    "base64 in lines": lambda pem, der: base64.encodebytes(der).decode(),
    "base64 as bytes": lambda pem, der: base64.b64encode(der),
    "DER": lambda pem, der: der,
    "a callable": lambda pem, der: lambda: pem,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_taken_in_every_form(
    merchant_key: RSAPrivateKey, form: Callable[[str, bytes], object]
) -> None:
    private = load_private_key(form(private_pem(merchant_key), private_der(merchant_key)))
    assert private.private_numbers() == merchant_key.private_numbers()
    public = load_public_key(form(public_pem(merchant_key), public_der(merchant_key)))
    assert public == merchant_key.public_key()


@pytest.mark.parametrize("kind", [str, Path, lambda path: lambda: path])
def test_a_key_is_read_from_a_file(
    tmp_path: Path, merchant_key: RSAPrivateKey, kind: Callable[[Path], object]
) -> None:
    path = tmp_path / "apiclient_key.pem"
    path.write_text(private_pem(merchant_key))
    assert load_private_key(kind(path)).private_numbers() == merchant_key.private_numbers()


def test_a_file_whose_name_looks_like_base64_is_a_file(
    tmp_path: Path, merchant_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keyfile1").write_bytes(private_der(merchant_key))
    monkeypatch.chdir(tmp_path)
    assert load_private_key("keyfile1")


def test_a_file_may_hold_a_certificate_beside_the_key(
    merchant_key: RSAPrivateKey, certificate_pem: str
) -> None:
    assert load_private_key(certificate_pem + private_pem(merchant_key))


@pytest.mark.parametrize(
    "form", [str, Path, lambda path: str(path).encode(), lambda path: lambda: path]
)
def test_the_file_that_a_source_names_is_known(
    tmp_path: Path, form: Callable[[Path], object]
) -> None:
    path = tmp_path / "apiclient_key.pem"
    assert key_file(form(path)) is None
    path.touch()
    assert key_file(form(path)) == path


@pytest.mark.parametrize("source", [None, 5, "", "-----BEGIN", b"\x30\x00", lambda: 1 / 0])
def test_a_source_that_names_no_file_has_none(source: object) -> None:
    assert key_file(source) is None


def test_a_key_is_parsed_once_however_many_threads_ask(merchant_key: RSAPrivateKey) -> None:
    pem = private_pem(merchant_key)
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(load_private_key, [pem] * 16))
    assert len({id(key) for key in keys}) == 1


def test_a_lock_that_was_held_at_a_fork_does_not_hold_up_the_child() -> None:
    command = [sys.executable, "-c", FORKING]
    python = subprocess.run(command, capture_output=True, text=True, check=True)
    assert python.stdout == "held by the parent\nfree in the child\n"


FORKING = """
import os
from wechat_subsidies.wechatpay.keys import _ParsedOnce

parse = _ParsedOnce(bytes.upper)
parse._lock.acquire()
print("held by the parent", flush=True)
if os.fork() == 0:
    print("held" if parse._lock.locked() else "free", "in the child", flush=True)
    os._exit(0)
os.wait()
"""


def test_a_key_is_parsed_after_a_lock_was_renewed() -> None:
    parse = _ParsedOnce(bytes.upper)
    parse._lock.acquire()
    parse._renew_lock()  # as in the child of a fork, whose lines nobody counts
    assert parse(b"key") == b"KEY"


def test_keys_are_remembered_where_processes_do_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork")
    assert _ParsedOnce(bytes.upper)(b"key") == b"KEY"


@pytest.mark.parametrize("source", [None, "", b"", lambda: ""])
def test_no_key_at_all_is_missing(source: object) -> None:
    assert code_of(load_private_key, source) == "missing"


@pytest.mark.parametrize("source", [5, ["key"], lambda: 5, lambda: lambda: "key"])
def test_a_source_of_another_type_is_said_so(source: object) -> None:
    assert code_of(load_private_key, source) == "wrong_type"


@pytest.mark.parametrize(
    ("load", "source"),
    [
        (load_private_key, "/nowhere/no_such.pem"),
        (load_private_key, Path("/nowhere/no_such.pem")),
        (load_api_v3_key, Path("/nowhere/no_such.pem")),
    ],
)
def test_a_file_that_is_not_there_is_named(
    load: Callable[[object], object], source: object
) -> None:
    with pytest.raises(CredentialsError, match=r"no_such\.pem: No such file") as refused:
        load(source)
    assert refused.value.code == "unreadable"


def test_no_more_of_a_file_is_read_than_a_key_may_take(
    tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    path = tmp_path / "apiclient_key.pem"
    path.write_text(" " * 64 * 1024 + private_pem(merchant_key))
    assert code_of(load_private_key, path) == "not_pem"


@pytest.mark.parametrize("source", [Path(), "a.pem\x00", "x" * 5000, "a b", "/\udcff.pem"])
def test_what_is_neither_key_nor_file_is_unreadable(source: object) -> None:
    assert code_of(load_private_key, source) == "unreadable"


def test_a_callable_that_fails_is_unreadable() -> None:
    with pytest.raises(CredentialsError, match="raised ZeroDivisionError") as refused:
        load_private_key(lambda: 1 / 0)
    assert refused.value.code == "unreadable"


@pytest.mark.parametrize("form", [public_pem, public_der], ids=["PEM", "DER"])
def test_a_public_key_given_as_the_private_is_named(
    merchant_key: RSAPrivateKey, form: Callable[[RSAPrivateKey], object]
) -> None:
    assert code_of(load_private_key, form(merchant_key)) == "public_key_given"


@pytest.mark.parametrize("form", [private_pem, private_der], ids=["PEM", "DER"])
def test_a_private_key_given_as_the_public_is_named(
    merchant_key: RSAPrivateKey, form: Callable[[RSAPrivateKey], object]
) -> None:
    assert code_of(load_public_key, form(merchant_key)) == "private_key_given"


@pytest.mark.parametrize("load", [load_private_key, load_public_key])
@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_a_certificate_given_as_a_key_is_named(
    certificate: x509.Certificate, form: Encoding, load: Callable[[object], object]
) -> None:
    assert code_of(load, certificate.public_bytes(form)) == "certificate_given"


@pytest.mark.parametrize(
    "form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]
)
def test_an_encrypted_key_is_named(
    merchant_key: RSAPrivateKey, form: serialization.PrivateFormat
) -> None:
    assert code_of(load_private_key, encrypted_pem(merchant_key, form)) == "encrypted"


def test_an_encrypted_key_in_the_place_of_the_public_one_is_a_private_key(
    merchant_key: RSAPrivateKey,
) -> None:
    pem = encrypted_pem(merchant_key, serialization.PrivateFormat.PKCS8)
    assert code_of(load_public_key, pem) == "private_key_given"


def test_a_key_that_is_not_rsa_is_named() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert code_of(load_private_key, private_pem(key)) == "not_rsa"
    assert code_of(load_public_key, public_pem(key)) == "not_rsa"


@pytest.mark.parametrize("load", [load_private_key, load_public_key])
@pytest.mark.parametrize(
    "source",
    [
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAA\udcff\n-----END PRIVATE KEY-----",
        b"\x30\x82\x00\xff",
    ],
)
def test_a_damaged_key_is_no_key(load: Callable[[object], object], source: object) -> None:
    assert code_of(load, source) in {"not_pem", "private_key_given", "public_key_given"}


def test_a_key_that_was_cut_is_no_key(merchant_key: RSAPrivateKey) -> None:
    assert code_of(load_private_key, private_pem(merchant_key)[:800]) == "not_pem"
    assert code_of(load_public_key, public_pem(merchant_key)[:200]) == "not_pem"


@pytest.mark.parametrize(
    ("load", "belongs"),
    [(load_private_key, "apiclient_key.pem"), (load_public_key, "pub_key.pem")],
)
@pytest.mark.parametrize("fault", ["a certificate", "damaged", "not RSA"])
def test_it_is_said_which_file_belongs_where_another_was_given(
    certificate_pem: str, load: Callable[[object], object], belongs: str, fault: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    elliptic = private_pem(key) if load is load_private_key else public_pem(key)
    given = {"a certificate": certificate_pem, "damaged": b"\x30\xff", "not RSA": elliptic}
    with pytest.raises(CredentialsError) as refused:
        load(given[fault])
    assert str(refused.value).endswith(f"({belongs}) belongs here")


@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: pem,
        lambda pem: pem.encode(),
        lambda pem: pem[:800],
        lambda pem: "".join(pem.splitlines()[1:-1]),
        lambda pem: "".join(pem.splitlines()[3:-1]),
        lambda pem: pem.splitlines()[3],
    ],
)
def test_no_part_of_a_key_is_shown_by_an_error_or_its_traceback(
    merchant_key: RSAPrivateKey, damage: Callable[[str], object]
) -> None:
    pem = private_pem(merchant_key)
    source = LazyKey(damage(pem), parse=parse_public_key)
    with pytest.raises(CredentialsError) as refused:
        source.load()
    report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    shown = "".join(report.format())
    ours = shown[shown.index("keys.py") :]
    assert not [line for line in pem.splitlines()[1:-1] if line[:24] in ours]


@pytest.mark.parametrize("load", [load_private_key, load_public_key])
def test_a_loader_keeps_the_key_out_of_its_own_frame(load: Callable[[object], object]) -> None:
    with pytest.raises(CredentialsError) as refused:
        load("-----BEGIN RSA SECRET-----")
    frames = [frame for frame, _ in traceback.walk_tb(refused.value.__traceback__)][1:]
    assert [name for frame in frames for name in frame.f_locals if name == "source"] == []


def test_credentials_show_no_key(credentials: MerchantCredentials) -> None:
    credentials.check()
    assert repr(credentials) == (
        "MerchantCredentials(mchid='1900000001', "
        "serial_no='5157F09EFDC096DE15EBE81A47057A7232F1B8E1')"
    )


def test_a_key_in_waiting_shows_nothing(merchant_key: RSAPrivateKey) -> None:
    assert repr(LazyKey(private_pem(merchant_key), parse=load_private_key)) == "<LazyKey>"


def test_credentials_read_their_keys_at_the_first_use_only(merchant_key: RSAPrivateKey) -> None:
    reads = []

    def private_key() -> str:
        reads.append("read")
        return private_pem(merchant_key)

    credentials = made(private_key=private_key)
    assert reads == []
    assert credentials.signing_key() is credentials.signing_key()
    assert reads == ["read"]


def made(**changes: object) -> MerchantCredentials:
    fields = {
        "mchid": "1900000001",
        "serial_no": "5157F0",
        "private_key": "a.pem",
        "public_keys": {PUB_KEY_ID: "b.pem"},
    }
    return MerchantCredentials(**{**fields, **changes})


@pytest.mark.parametrize("serial_no", ["5157f0", "51:57:F0", " 5157F0\n", "51 57 f0"])
def test_a_serial_number_is_kept_in_one_spelling(serial_no: str) -> None:
    assert made(serial_no=serial_no).serial_no == "5157F0"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("serial_no", "PUB_KEY_ID_01", "invalid_serial_no"),
        ("serial_no", "", "invalid_serial_no"),
        ("serial_no", 5157, "invalid_serial_no"),
        ("serial_no", "٣", "invalid_serial_no"),
        ("serial_no", "A" * 65, "invalid_serial_no"),
        ("mchid", "", "invalid_mchid"),
        ("mchid", 1900000001, "invalid_mchid"),
        ("mchid", '1",x="', "invalid_mchid"),
        ("mchid", "1" * 33, "invalid_mchid"),
        ("public_keys", {}, "missing"),
        ("public_keys", {"": "b.pem"}, "invalid_key_id"),
        ("public_keys", {"PUB KEY": "b.pem"}, "invalid_key_id"),
        ("public_keys", {None: "b.pem"}, "invalid_key_id"),
    ],
)
def test_what_cannot_be_a_merchant_is_refused(field: str, value: object, code: str) -> None:
    with pytest.raises(CredentialsError) as refused:
        made(**{field: value})
    assert refused.value.code == code
    assert str(refused.value).startswith(("The ", "No "))


def test_the_preferred_key_of_wechat_pay_is_the_first(wechatpay_key: RSAPrivateKey) -> None:
    pem = public_pem(wechatpay_key)
    credentials = made(public_keys={"PUB_KEY_ID_2": pem, "PUB_KEY_ID_1": pem})
    assert credentials.public_key_ids == ("PUB_KEY_ID_2", "PUB_KEY_ID_1")
    assert list(credentials.wechatpay_keys()) == ["PUB_KEY_ID_2", "PUB_KEY_ID_1"]


def test_the_merchants_own_key_as_wechat_pays_is_found_out(merchant_key: RSAPrivateKey) -> None:
    credentials = made(
        private_key=private_pem(merchant_key), public_keys={PUB_KEY_ID: public_pem(merchant_key)}
    )
    with pytest.raises(CredentialsError, match=PUB_KEY_ID) as refused:
        credentials.check()
    assert refused.value.code == "own_key_given"


# The APIv3 key


def opens(source: object) -> bool:
    sealed = AESGCM(API_V3_KEY.encode()).encrypt(b"n" * 12, b"text", b"")
    return load_api_v3_key(source).decrypt(b"n" * 12, sealed, b"") == b"text"


@pytest.mark.parametrize(
    "source",
    [
        API_V3_KEY,
        API_V3_KEY.encode(),
        f" {API_V3_KEY}\n",
        base64_of(API_V3_KEY.encode()),
        lambda: API_V3_KEY,
    ],
    ids=["text", "bytes", "text with space around it", "base64", "a callable"],
)
def test_an_api_v3_key_is_taken_in_every_form(source: object) -> None:
    assert opens(source)


@pytest.mark.parametrize("kind", [str, Path, lambda path: lambda: path])
@pytest.mark.parametrize("content", [API_V3_KEY, API_V3_KEY + "\n"])
def test_an_api_v3_key_is_read_from_a_file(
    tmp_path: Path, kind: Callable[[Path], object], content: str
) -> None:
    path = tmp_path / "api_v3_key.txt"
    path.write_text(content)
    assert opens(kind(path))


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (None, "missing"),
        ("", "missing"),
        (b"", "missing"),
        (5, "wrong_type"),
        ("x" * 31, "invalid_api_v3_key"),
        ("x" * 33, "invalid_api_v3_key"),
        ("订" * 32, "invalid_api_v3_key"),
        ("\ud800", "invalid_api_v3_key"),
        ("a\x00b", "invalid_api_v3_key"),
        ("x" * 5000, "invalid_api_v3_key"),
        (Path("/nowhere/key.txt"), "unreadable"),
        (lambda: 1 / 0, "unreadable"),
    ],
)
def test_what_cannot_be_an_api_v3_key_is_refused(source: object, code: str) -> None:
    assert code_of(load_api_v3_key, source) == code


@pytest.mark.parametrize("name", ["key", "key.txt"])
def test_no_part_of_an_api_v3_key_is_shown_by_an_error_or_its_traceback(name: str) -> None:
    secret = f"a.secret.of.the.wrong.{name}"
    credentials = made(api_v3_key=secret)
    with pytest.raises(CredentialsError) as refused:
        credentials.cipher()
    report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    shown = "".join(report.format())
    assert secret not in shown[shown.index("wechatpay/credentials.py", shown.index("cipher()")) :]
    assert secret not in repr(credentials)


def test_a_cipher_does_not_show_its_key() -> None:
    assert API_V3_KEY not in repr(load_api_v3_key(API_V3_KEY))


def test_credentials_need_a_public_key_or_an_api_v3_key() -> None:
    assert not made().uses_certificates
    assert made(public_keys=None, api_v3_key=API_V3_KEY).uses_certificates
    assert made(public_keys={}, api_v3_key=API_V3_KEY).public_key_ids == ()
    with pytest.raises(CredentialsError) as refused:
        made(public_keys=None)
    assert refused.value.code == "missing"


def test_without_an_api_v3_key_there_is_no_cipher() -> None:
    assert code_of(lambda credentials: credentials.cipher(), made()) == "missing"


def test_checking_credentials_reads_the_api_v3_key(
    merchant_key: RSAPrivateKey, wechatpay_key: RSAPrivateKey
) -> None:
    keys = {"private_key": private_pem(merchant_key)}
    made(**keys, public_keys=None, api_v3_key=API_V3_KEY).check()
    assert code_of(MerchantCredentials.check, made(**keys, api_v3_key="x")) == "invalid_api_v3_key"
