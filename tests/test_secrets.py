"""No secret is in a log line, an exception, a repr, an error page, a crash report or the database."""

import base64
import http.client
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client
from django.views.debug import SafeExceptionReporterFilter
from rest_framework.test import APIClient

from wechat_subsidies import selftest, services, wechatpay
from wechat_subsidies.checks import addresses as checks_of_addresses
from wechat_subsidies.checks import keys as checks_of_keys
from wechat_subsidies.checks import merchants as checks_of_merchants
from wechat_subsidies.checks import secrets as checks_of_secrets
from wechat_subsidies.conf import MerchantSettings, app_settings
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS
from wechat_subsidies.sender.clients import client_for
from wechat_subsidies.wechatpay import (
    CredentialsError,
    KeySigner,
    WeChatPayClient,
    client,
    connections,
    failover,
    keyring,
    keys,
    signing,
    transport,
)

from .secrecy import Secrets, all_words, record_logs, told_by, told_by_logs
from .wechatpay.samples import private_pem

pytestmark = pytest.mark.django_db(transaction=True)

Configure = Callable[..., None]


@pytest.fixture
def secrets(gateway: Sandbox) -> Secrets:
    merchant = gateway.merchants[0]
    assert merchant.private_key_pem
    return Secrets(private_key=merchant.private_key_pem, api_v3_key=merchant.api_v3_key)


@pytest.fixture
def configure(gateway: Sandbox, settings: Any, tmp_path: Path) -> Configure:
    """Put a merchant with all its secrets in the settings, changed by functions of its PEM text."""

    def change(**changes: Any) -> None:
        merchant = gateway.merchant_settings(key_mode="both")
        pem = merchant["PRIVATE_KEY"]
        made = {
            name: make(pem, tmp_path) if callable(make) else make for name, make in changes.items()
        }
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "MERCHANTS": {"default": merchant | {"TIMEOUT": (1, 1)} | made},
        }

    cache.clear()
    change()
    return change


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[logging.LogRecord]:
    return record_logs(monkeypatch)


@pytest.fixture
def assert_kept(
    secrets: Secrets, records: list[logging.LogRecord], settings: Any
) -> Callable[..., None]:
    """Assert that neither this exception nor any log record so far tells a secret."""

    def check(error: BaseException | None) -> None:
        assert secrets.leaks(told_by_logs(records)) == {}
        for settings.DEBUG in (False, True):
            assert error is None or secrets.leaks(told_by(error)) == {}
        records.clear()  # rendering debug pages says more, to the templates' logger

    return check


def caught(call: Callable[[], Any]) -> BaseException | None:
    """What the call raises."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - an interruption too
        return error
    return None


def client_of_settings() -> WeChatPayClient:
    return client_for(app_settings.merchant("default"))


def echo() -> None:
    client_of_settings().echo()


def check_keys_and_echo() -> None:
    client_of_settings().credentials.check()
    echo()


def cancel() -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()


def say_checks() -> str:
    # Of the tests' database alone: Django 6.1 asks each, and the other is closed to most tests.
    found = run_checks(include_deployment_checks=True, databases=["default"])
    return "".join(f"{each} {each.hint}" for each in found)


def stored() -> Iterator[tuple[str, str]]:
    """All columns of all our tables."""
    for model in apps.get_app_config("wechat_subsidies").get_models():
        for row in model._default_manager.values():
            texts = {
                name: bytes(value) if isinstance(value, memoryview) else value
                for name, value in row.items()
            }
            yield model.__name__, repr(texts)


# That this test can see


def pem_kept_in_a_frame(pem: str) -> None:
    raise ValueError("A mistake.")


@pytest.mark.parametrize(
    "form",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: base64.b64encode(pem.encode()).decode(),
        lambda pem: base64.b64decode("".join(pem.splitlines()[1:-1])),
        lambda pem: pem.splitlines()[9][:24],
    ],
    ids=["PEM", "escaped", "base64", "DER", "24 characters"],
)
def test_a_key_is_seen_in_any_form(
    gateway: Sandbox, secrets: Secrets, form: Callable[[str], object]
) -> None:
    error = caught(lambda: pem_kept_in_a_frame(form(gateway.merchant_settings()["PRIVATE_KEY"])))
    assert error
    assert any("pem_kept_in_a_frame() pem" in place for place in secrets.leaks(told_by(error)))
    assert "debug page" in secrets.leaks(told_by(error))


def test_a_signature_of_a_request_is_seen(configure: Configure, secrets: Secrets) -> None:
    signer = KeySigner(credentials=client_of_settings().credentials)
    header = str(signer.authorization(method="GET", path="/", body=b"")).encode().decode()
    assert secrets.found_in(header)
    assert secrets.found_in(repr({"Authorization": header}))
    assert secrets.found_in(repr(header.encode().split(b",")[-1]))


def test_a_secret_among_the_arguments_of_a_log_line_is_seen(
    gateway: Sandbox, secrets: Secrets, records: list[logging.LogRecord]
) -> None:
    logging.getLogger("urllib3").debug("%.5s", gateway.merchant_settings()["PRIVATE_KEY"])
    assert secrets.leaks(told_by_logs(records))


# Answers of every kind


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_no_fault_of_the_gateway_brings_a_secret_out(
    configure: Configure,
    gateway: Sandbox,
    secrets: Secrets,
    assert_kept: Callable[..., None],
    fault: str,
) -> None:
    gateway.faults.add(fault, times=None)
    assert_kept(caught(echo))
    cancellation = cancel()
    assert cancellation.attempts.exists()
    assert_kept(caught(lambda: run("check_wechatpay")))
    assert secrets.leaks(stored()) == {}


@pytest.mark.parametrize(
    "private_key",
    [
        lambda pem, folder: pem,
        lambda pem, folder: pem.encode(),
        lambda pem, folder: pem.replace("\n", "\\n"),
        lambda pem, folder: base64.b64encode(pem.encode()).decode(),
        lambda pem, folder: "".join(pem.splitlines()[1:-1]),
        lambda pem, folder: written(folder, pem),
        lambda pem, folder: str(written(folder, pem)),
        lambda pem, folder: lambda: pem,
        lambda pem, folder: lambda: written(folder, pem),
    ],
)
def test_a_key_stays_secret_in_whatever_form_it_is_given(
    configure: Configure,
    gateway: Sandbox,
    assert_kept: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    private_key: Callable[..., object],
) -> None:
    configure(PRIVATE_KEY=private_key)
    assert caught(echo) is None
    gateway.faults.add("system_error", times=None)
    assert_kept(caught(echo))
    monkeypatch.setattr(keys, "parse_private_key", mistaken)
    monkeypatch.setattr(keys, "_encoded", mistaken)
    configure(PRIVATE_KEY=private_key)
    assert_kept(caught(check_keys_and_echo))


def written(folder: Path, text: str) -> Path:
    path = folder / "apiclient_key.pem"
    path.write_text(text)
    return path


def mistaken(*args: object, **kwargs: object) -> Any:
    raise RuntimeError("A mistake in our own code.")


# Settings that are wrong


def other_key(pem: str, folder: Path) -> str:
    return private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def pem_of_a_curve(pem: str, folder: Path) -> str:
    return private_pem(ec.generate_private_key(ec.SECP256R1()))


def raising(pem: str, folder: Path) -> Callable[[], str]:
    def get() -> str:
        raise OSError("The key-management service is away.")

    return get


BAD_SETTINGS: list[dict[str, Any]] = [
    {"PRIVATE_KEY": lambda pem, folder: pem[:800]},
    {"PRIVATE_KEY": lambda pem, folder: pem.encode()[:800]},
    {"PRIVATE_KEY": lambda pem, folder: "".join(pem.splitlines()[1:-3])},
    {"PRIVATE_KEY": lambda pem, folder: [pem]},
    {"PRIVATE_KEY": lambda pem, folder: {"pem": pem}},
    {"PRIVATE_KEY": lambda pem, folder: lambda: [pem]},
    {"PRIVATE_KEY": lambda pem, folder: folder / "nowhere.pem"},
    {"PRIVATE_KEY": raising},
    {"PRIVATE_KEY": other_key},
    {"PRIVATE_KEY": pem_of_a_curve},
    {"PRIVATE_KEY": None},
    {"WECHATPAY_PUBLIC_KEY": lambda pem, folder: pem},
    {"WECHATPAY_PUBLIC_KEY": lambda pem, folder: pem.splitlines()[3]},
    {"WECHATPAY_PUBLIC_KEY": None},
    {"WECHATPAY_PUBLIC_KEY_ID": ""},
    {"WECHATPAY_PUBLIC_KEY_ID": 5},
    {"WECHATPAY_PUBLIC_KEY_ID": "PUB KEY"},
    {"API_V3_KEY": lambda pem, folder: pem},
    {"API_V3_KEY": lambda pem, folder: pem.splitlines()[3][:31]},
    {"API_V3_KEY": lambda pem, folder: [pem]},
    {"API_V3_KEY": raising},
    {"MCHID": ""},
    {"MCHID": 5},
    {"MERCHANT_SERIAL_NO": "no hex"},
    {"MERCHANT_SERIAL_NO": None},
    {"BASE_URL": "http://127.0.0.1:9"},
    {"BASE_URL": "https://name.invalid", "BACKUP_URL": "http://127.0.0.1:9"},
    {"BASE_URL": "http://example.com"},
    {"BASE_URL": None},
    {"BACKUP_URL": 5},
    {"TIMEOUT": 5},
    {"TIMEOUT": ("a", "b")},
    {"RATE_LIMIT": "many"},
    {"UNKNOWN": "?"},
]


@pytest.mark.parametrize("changes", BAD_SETTINGS)
def test_no_wrong_setting_brings_a_secret_out(
    configure: Configure, secrets: Secrets, assert_kept: Callable[..., None], changes: Any
) -> None:
    configure(**changes)
    for use in (check_keys_and_echo, cancel, lambda: run("check_wechatpay", "--json")):
        assert_kept(caught(use))
    assert secrets.found_in(say_checks()) == ""
    assert secrets.leaks(stored()) == {}


def test_no_tls_failure_brings_a_secret_out(
    configure: Configure, gateway: Sandbox, assert_kept: Callable[..., None]
) -> None:
    configure(BASE_URL=gateway.url.replace("http://", "https://"))
    assert_kept(caught(echo))


@pytest.mark.parametrize("changes", [{}, {"API_V3_KEY": "k" * 32}, {"API_V3_KEY": "short"}])
def test_no_trouble_with_certificates_brings_a_secret_out(
    configure: Configure, gateway: Sandbox, assert_kept: Callable[..., None], changes: Any
) -> None:
    configure(WECHATPAY_PUBLIC_KEY=None, WECHATPAY_PUBLIC_KEY_ID="", **changes)
    assert_kept(caught(echo))
    gateway.faults.add("bad_signature", times=None, path="/v3/certificates")
    cache.clear()
    configure(WECHATPAY_PUBLIC_KEY=None, WECHATPAY_PUBLIC_KEY_ID="", **changes)
    assert_kept(caught(echo))


@pytest.mark.parametrize("merchant", [["a", "list"], "text", None, 5])
def test_a_setting_of_another_kind_brings_no_secret_of_its_neighbour_out(
    configure: Configure, settings: Any, assert_kept: Callable[..., None], merchant: Any
) -> None:
    both = {**settings.WECHAT_SUBSIDIES["MERCHANTS"], "other": merchant}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": both}
    del both
    assert_kept(caught(echo))
    say_checks()


@pytest.mark.parametrize(
    "wrong", [{"mchid": ""}, {"serial_no": "no hex"}, {"public_keys": {"": "pub_key.pem"}}]
)
def test_credentials_made_without_our_settings_are_as_discreet(
    gateway: Sandbox, assert_kept: Callable[..., None], wrong: dict[str, Any]
) -> None:
    fields = {"mchid": "1900000001", "serial_no": "5157F0", "public_keys": {"PUB": "pub_key.pem"}}
    assert_kept(caught(lambda: credentials_of(gateway, **fields | wrong)))


def credentials_of(gateway: Sandbox, **fields: Any) -> wechatpay.MerchantCredentials:
    return wechatpay.MerchantCredentials(
        private_key=gateway.merchants[0].private_key_pem,
        api_v3_key=gateway.merchants[0].api_v3_key,
        **fields,
    )


# Mistakes in our own code, and a signer of the host's


class HostSigner:
    """A key-management service that is away."""

    def authorization(self, *, method: str, path: str, body: bytes) -> str:
        raise CredentialsError("The key-management service is away.", code="unreadable")


def test_a_signer_of_the_hosts_that_raises_brings_no_secret_out(
    configure: Configure, assert_kept: Callable[..., None]
) -> None:
    signing_elsewhere = WeChatPayClient(
        client_of_settings().credentials,
        base_url=app_settings.merchant("default").base_url,
        signer=HostSigner(),
    )
    assert_kept(caught(signing_elsewhere.echo))


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        (MerchantSettings, "from_setting"),
        (MerchantSettings, "__init__"),
        (wechatpay.MerchantCredentials, "check"),
        (wechatpay.credentials, "_check_mchid"),
        (wechatpay.credentials, "_check_key_ids"),
        (keys, "_encoded"),
        (keys, "_called"),
        (keys, "_from_text"),
        (keys, "_is_pem"),
        (keys, "_is_key"),
        (keys, "_unwrapped"),
        (keys, "AESGCM"),
        (keys.serialization, "load_pem_private_key"),
        (signing, "request_message"),
        (signing, "base64"),
        (client, "check_base_url"),
        (client, "Keyring"),
        (client, "api_error"),
        (client.WeChatPayClient, "_headers"),
        (client.WeChatPayClient, "_send"),
        (failover.Failover, "_in_order"),
        (failover.Failover, "_noting"),
        (transport, "Answer"),
        (transport, "Call"),
        (requests.Response, "iter_content"),
        (transport.Transport, "_network_error"),
        (transport.Transport, "_prepared"),
        (transport.Transport, "_begin"),
        (connections.ObservedConnection, "connect"),
        (connections.ObservedConnection, "request"),
        (connections.ObservedConnection, "send"),
        (connections.ObservedConnection, "_write"),
        (connections.ObservedConnection, "getresponse"),
        (connections.ObservedConnection, "_new_conn"),
        (http.client.HTTPConnection, "send"),
        (http.client.HTTPConnection, "endheaders"),
        (http.client.HTTPConnection, "putheader"),
        (keyring, "Verifier"),
        (keyring.Keyring, "make_ready"),
        (selftest, "Finding"),
    ],
)
def test_no_mistake_of_our_own_brings_a_secret_out(
    configure: Configure,
    assert_kept: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    kind: type[BaseException],
) -> None:
    def mistake(*args: object, **kwargs: object) -> Any:
        raise kind("A mistake in our own code.")

    monkeypatch.setattr(keys.parse_private_key, "_keys", {})
    monkeypatch.setattr(module, name, Mistake(mistake) if name == "base64" else mistake)
    assert_kept(caught(check_keys_and_echo))
    assert_kept(caught(lambda: run("check_wechatpay")))
    assert_kept(caught(cancel))


class Mistake:
    """A module whose functions fail."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.b64encode = function


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (checks_of_keys, "is_given"),
        (checks_of_keys, "is_complete"),
        (keys, "_encoded"),
        (checks_of_keys, "MerchantCredentials"),
        (checks_of_merchants, "unknown_keys"),
        (checks_of_merchants, "is_number"),
        (checks_of_addresses, "check_base_url"),
        (checks_of_secrets, "is_given"),
        (keys, "_is_file"),
    ],
)
def test_no_mistake_in_a_check_brings_a_secret_out(
    configure: Configure,
    assert_kept: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
) -> None:
    monkeypatch.setattr(module, name, mistaken)
    error = caught(say_checks)
    assert isinstance(error, RuntimeError)
    assert_kept(error)


# What staff and callers see, and what is kept


def test_pages_and_answers_hold_no_secret(
    configure: Configure,
    gateway: Sandbox,
    secrets: Secrets,
    make_order: Callable[..., Any],
    assert_kept: Callable[..., None],
    admin_client: Client,
    admin_user: User,
) -> None:
    api = APIClient()
    api.force_authenticate(admin_user)
    gateway.faults.add("sign_error")
    order = make_order()
    services.cancel_subsidies([order], requested_by=admin_user)
    run("process_subsidy_cancellations")
    pages = [
        admin_client.get(f"/admin/wechat_subsidies/{path}").content.decode() for path in addresses()
    ]
    answers = [api.get("/api/subsidies/cancellations/").content.decode()]
    assert secrets.leaks((str(number), each) for number, each in enumerate(pages + answers)) == {}
    assert_kept(None)
    assert secrets.leaks(stored()) == {}


def addresses() -> Iterator[str]:
    yield ""
    for model in apps.get_app_config("wechat_subsidies").get_models():
        for row in model._default_manager.all():
            yield f"{model._meta.model_name}/"
            yield f"{model._meta.model_name}/{row.pk}/change/"
    assert CancellationAttempt.objects.exists()


def test_an_error_page_of_a_view_holds_no_secret(
    configure: Configure,
    settings: Any,
    secrets: Secrets,
    admin_client: Client,
    make_order: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DEBUG = True
    admin_client.raise_request_exception = False
    monkeypatch.setattr(services.asking, "storable", mistaken, raising=False)
    monkeypatch.setattr(SubsidyCancellation, "__str__", mistaken)
    cancellation = cancel()
    response = admin_client.get(
        f"/admin/wechat_subsidies/subsidycancellation/{cancellation.pk}/change/"
    )
    assert response.status_code == 500
    assert "A mistake in our own code." in response.content.decode()
    assert secrets.found_in(response.content.decode()) == ""


def test_the_settings_on_a_debug_page_are_cleansed(configure: Configure, settings: Any) -> None:
    settings.DEBUG = True
    shown = SafeExceptionReporterFilter().get_safe_settings()["WECHAT_SUBSIDIES"]
    merchant = shown["MERCHANTS"]["default"]
    assert merchant["PRIVATE_KEY"] == merchant["API_V3_KEY"] == "********************"
    assert merchant["MCHID"] == "1900000001"


def test_no_repr_holds_a_secret(configure: Configure, gateway: Sandbox, secrets: Secrets) -> None:
    client = client_of_settings()
    client.echo()
    objects = [
        *(app_settings, app_settings.raw["MERCHANTS"], app_settings.merchants),
        *(
            app_settings.merchant("default"),
            client,
            client.credentials,
            client.credentials._private,
        ),
        *(client.credentials.cipher(), client.credentials.signing_key(), client._signer),
        *(client._keyring, client._keyring._holding, client._hosts, keys.parse_private_key),
        *(client._headers(method="GET", path="/", body=b""), gateway, gateway.state),
        *(gateway.merchants, gateway.ledger, gateway.faults, gateway.certificates),
    ]
    assert secrets.leaks((type(each).__name__, all_words(each)) for each in objects) == {}
