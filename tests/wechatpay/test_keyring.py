import itertools
import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from wechat_subsidies.wechatpay import (
    CancelResult,
    CertificatesUnavailable,
    CredentialsError,
    Deadline,
    MerchantCredentials,
    SlotMissed,
    UnverifiedAnswer,
    WeChatPayClient,
    WeChatPayError,
    keyring,
)
from wechat_subsidies.wechatpay.keyring import _Turn

from .platform import API_V3_KEY, DAY, Cache, Gateway, PlatformKey, body_of
from .samples import PUB_KEY_ID, private_pem, public_pem
from .servers import Connection, Server, as_json

Serve = Callable[..., Server]
Keys = list[PlatformKey]
CallTo = Callable[..., WeChatPayClient]
ORDER = {"sub_mchid": "1900013401", "transaction_id": "42084507", "description": "x"}


class Clock:
    """The time, and what a test adds to it."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client_of(
    serve: Serve, gateway: Gateway, certified: MerchantCredentials, clock: Clock
) -> Iterator[CallTo]:
    """A client of the gateway, by certificates unless it is given other credentials."""
    server = serve(gateway)
    clients: list[WeChatPayClient] = []

    def make(credentials: MerchantCredentials = certified, **options: object) -> WeChatPayClient:
        clients.append(WeChatPayClient(credentials, base_url=server.url, clock=clock, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def switching(merchant_key: RSAPrivateKey) -> MerchantCredentials:
    """Credentials with a public key (that of nobody in these tests) and certificates."""
    return MerchantCredentials(
        mchid="1900000001",
        serial_no="AB",
        private_key=private_pem(merchant_key),
        public_keys={PUB_KEY_ID: public_pem(merchant_key)},
        api_v3_key=API_V3_KEY,
    )


def cancel(client: WeChatPayClient, **options: object) -> CancelResult:
    return client.cancel_subsidy(**ORDER, **options)


def unverified(client: WeChatPayClient, **options: object) -> UnverifiedAnswer:
    with pytest.raises(UnverifiedAnswer) as refused:
        cancel(client, **options)
    assert refused.value.outcome_known is False
    return refused.value


def unavailable(client: WeChatPayClient, **options: object) -> CertificatesUnavailable:
    with pytest.raises(CertificatesUnavailable) as refused:
        cancel(client, **options)
    return refused.value


def at_once(work: Callable[[int], object], count: int = 8) -> list[WeChatPayError]:
    """What goes wrong where that many threads begin together."""
    barrier, errors = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            barrier.wait(10)
            work(number)
        except WeChatPayError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# Before the first call


def test_certificates_are_fetched_before_the_first_cancellation(
    client_of: CallTo, gateway: Gateway
) -> None:
    assert cancel(client_of()).answer.key_id == gateway.in_use.serial_no
    assert gateway.serials_asked_for == [None, gateway.in_use.serial_no]


def test_certificates_are_fetched_once_for_many_calls(client_of: CallTo, gateway: Gateway) -> None:
    client = client_of()
    for _ in range(3):
        cancel(client)
    assert (gateway.fetches, gateway.cancels) == (1, 3)


def test_certificates_can_be_had_before_there_is_a_call(
    client_of: CallTo, gateway: Gateway
) -> None:
    client_of().prepare()
    assert (gateway.fetches, gateway.cancels) == (1, 0)


def test_however_many_threads_begin_there_is_one_request(
    client_of: CallTo, gateway: Gateway
) -> None:
    client = client_of()
    assert at_once(lambda number: cancel(client)) == []
    assert (gateway.fetches, gateway.cancels) == (1, 8)


def test_the_newest_valid_certificate_is_the_one_asked_for(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    future = PlatformKey.of(platform_keys[0].key, start=3600)
    gateway.listed = [platform_keys[1], platform_keys[0], future]
    cancel(client_of())
    assert gateway.serials_asked_for[-1] == platform_keys[1].serial_no


def test_a_certificate_gone_from_the_list_is_not_asked_for_if_another_is_as_new(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    midnight = time.time() // DAY * DAY - 0.5
    first, second = (
        PlatformKey.of(each.key, start=midnight - time.time()) for each in platform_keys
    )
    assert first.certificate.not_valid_before_utc == second.certificate.not_valid_before_utc
    gateway.in_use, gateway.listed = first, [first]
    client = client_of()
    cancel(client)
    gateway.in_use, gateway.listed = second, [second]
    cancel(client)
    cancel(client)
    assert gateway.serials_asked_for[-1] == second.serial_no


def refusing(status: int, code: str) -> Callable[[Connection], None]:
    body = as_json(code=code, message="words")
    return lambda connection: connection.answer(status, body)


def test_without_a_key_nothing_is_sent(client_of: CallTo, gateway: Gateway) -> None:
    gateway.certificates = refusing(500, "SYSTEM_ERROR")
    error = unavailable(client_of())
    assert (error.outcome_known, error.answer, error.http_status) == (True, None, None)
    assert str(error).startswith("Not sent: ")
    assert "SYSTEM_ERROR" in str(error)
    assert gateway.cancels == 0


def test_a_merchant_without_certificates_is_told_so_and_nothing_is_sent(
    client_of: CallTo, gateway: Gateway
) -> None:
    gateway.certificates = refusing(404, "RESOURCE_NOT_EXISTS")
    with pytest.raises(CredentialsError, match="public key") as refused:
        cancel(client_of())
    assert (refused.value.code, gateway.cancels) == ("public_key_needed", 0)


def test_after_a_failure_the_next_call_asks_again(client_of: CallTo, gateway: Gateway) -> None:
    client, gateway.certificates = client_of(), refusing(503, "")
    unavailable(client)
    gateway.certificates = None
    assert cancel(client).succeeded


def test_threads_that_wait_for_a_request_share_its_failure(
    client_of: CallTo, gateway: Gateway
) -> None:
    def fail_late(connection: Connection) -> None:
        waiting.wait(10)
        connection.answer(500)

    def call(number: int) -> None:
        if number:
            while gateway.fetches < 2:
                time.sleep(0.001)
        cancel(client)

    waiting, client = threading.Event(), client_of()
    gateway.certificates = refusing(500, "SYSTEM_ERROR")
    unavailable(client)
    gateway.certificates = fail_late
    threading.Timer(0.3, waiting.set).start()
    errors = at_once(call, 4)
    assert {type(error) for error in errors} == {CertificatesUnavailable}
    assert (len(errors), gateway.fetches) == (4, 2)
    assert {str(error) for error in errors} == {str(errors[0])}


def test_waiting_for_another_threads_request_ends_with_the_deadline(
    client_of: CallTo, gateway: Gateway
) -> None:
    gateway.certificates = Connection.hang
    client = client_of()
    first = threading.Thread(
        target=unavailable, args=(client,), kwargs={"deadline": Deadline.after(start=5, end=1)}
    )
    first.start()
    while not gateway.fetches:
        time.sleep(0.001)
    error = unavailable(client, deadline=Deadline.after(start=0.1, end=0.2))
    assert "Another call" in str(error)
    first.join()
    assert gateway.fetches == 1


def test_a_call_whose_start_has_passed_fetches_nothing(client_of: CallTo, gateway: Gateway) -> None:
    unavailable(client_of(), deadline=Deadline.after(start=-1, end=5))
    assert (gateway.fetches, gateway.cancels) == (0, 0)


def test_a_dripped_answer_about_certificates_ends_with_the_deadline(
    client_of: CallTo, gateway: Gateway
) -> None:
    gateway.certificates = Connection.drip
    error = unavailable(client_of(), deadline=Deadline.after(start=5, end=0.3))
    assert "deadline" in str(error)


def test_an_api_v3_key_of_another_length_is_refused_before_anything_is_sent(
    client_of: CallTo, gateway: Gateway, merchant_key: RSAPrivateKey
) -> None:
    credentials = MerchantCredentials(
        mchid="1900000001", serial_no="AB", private_key=private_pem(merchant_key), api_v3_key="x"
    )
    with pytest.raises(CredentialsError) as refused:
        cancel(client_of(credentials))
    assert (refused.value.code, gateway.fetches) == ("invalid_api_v3_key", 0)


# Which answers about certificates are believed


def signed_by(platform: PlatformKey, body: bytes, **seal: object) -> Callable[[Connection], None]:
    return lambda connection: connection.answer(body=body, headers=platform.seal(body, **seal))


def test_an_answer_that_none_of_its_certificates_signed_is_refused_whole(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    gateway.certificates = signed_by(platform_keys[1], body_of(platform_keys[0]))
    assert "signed with the key" in str(unavailable(client_of()))


@pytest.mark.parametrize(
    "headers", [{}, {"Wechatpay-Timestamp": "soon"}], ids=["unsigned", "no timestamp"]
)
def test_an_unsigned_answer_is_refused(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, headers: dict[str, str]
) -> None:
    body = body_of(platform_keys[0])
    signed = {**platform_keys[0].seal(body), **headers} if headers else {}
    gateway.certificates = lambda connection: connection.answer(body=body, headers=signed)
    unavailable(client_of())
    assert gateway.cancels == 0


def test_an_old_answer_sent_again_is_refused(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    old = time.time() - 400
    gateway.certificates = signed_by(platform_keys[0], body_of(platform_keys[0]), timestamp=old)
    assert "clock" in str(unavailable(client_of()))


def test_a_wrong_api_v3_key_is_named(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    body = body_of(platform_keys[0], api_v3_key="x" * 32)
    gateway.certificates = signed_by(platform_keys[0], body)
    with pytest.raises(CredentialsError) as refused:
        cancel(client_of())
    assert refused.value.code == "api_v3_key_mismatch"


@pytest.mark.parametrize("dates", [{"end": -60}, {"start": 60}], ids=["expired", "not yet valid"])
def test_certificates_out_of_their_time_are_none(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, dates: dict[str, float]
) -> None:
    gateway.in_use = PlatformKey.of(platform_keys[0].key, **dates)
    gateway.listed = [gateway.in_use]
    assert "valid now" in str(unavailable(client_of()))


def test_an_expired_certificate_proves_nothing(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, clock: Clock
) -> None:
    client = client_of()
    cancel(client)
    gateway.listed = [platform_keys[1]]
    gateway.certificates = refusing(500, "")
    clock.ahead = DAY + 60
    unavailable(client)


def test_new_certificates_may_be_signed_with_one_that_is_held(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    gateway.certificates = signed_by(platform_keys[0], body_of(platform_keys[1]))
    gateway.in_use = platform_keys[1]
    assert cancel(client).answer.key_id == platform_keys[1].serial_no


# Rotation, and serial numbers that are unknown


def test_an_unknown_serial_is_fetched_and_proves_its_answer(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    gateway.rotate_to(platform_keys[1])
    assert cancel(client).answer.key_id == platform_keys[1].serial_no
    assert (gateway.fetches, gateway.cancels) == (2, 2)


def test_an_answer_under_way_is_believed_after_its_certificate_is_gone_from_the_list(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, clock: Clock
) -> None:
    client = client_of()
    cancel(client)
    gateway.in_use, gateway.listed = platform_keys[1], [platform_keys[1]]
    cancel(client)
    gateway.in_use = platform_keys[0]
    assert cancel(client).answer.key_id == platform_keys[0].serial_no
    clock.ahead = 299
    assert cancel(client).succeeded


def test_a_certificate_gone_from_the_list_is_dropped_after_five_minutes(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, clock: Clock
) -> None:
    client = client_of()
    cancel(client)
    gateway.in_use, gateway.listed = platform_keys[1], [platform_keys[1]]
    cancel(client)
    clock.ahead = 301
    held = {each.serial_no for each in client._keyring._valid()}
    assert held == {platform_keys[1].serial_no}


def test_no_call_of_eight_threads_is_lost_while_keys_rotate(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    def call(number: int) -> None:
        while gateway.cancels < rotations * 40:
            results.append(cancel(client))

    def rotate() -> None:
        for number, key in zip(range(1, rotations), itertools.cycle(keys), strict=False):
            while gateway.cancels < number * 40:
                time.sleep(0.001)
            gateway.rotate_to(PlatformKey.of(key))

    rotations, keys = 4, [platform_keys[1].key, platform_keys[0].key]
    client, results = client_of(pool_size=8), []
    rotating = threading.Thread(target=rotate)
    rotating.start()
    assert at_once(call) == []
    rotating.join()
    assert len({result.answer.key_id for result in results}) == rotations
    assert gateway.fetches <= rotations


def in_slot(*, seconds: float) -> Deadline:
    now = time.monotonic()
    return Deadline(start_by=now + 5, end_by=now + 10, slot=now + seconds)


def cancel_in_next_slot(client: WeChatPayClient) -> CancelResult:
    """Cancel in a slot that is to come, in one after that if this thread wakes up too late for it."""
    for seconds in (0.1, 0.2, 0.4, 0.8, 1.6):
        with suppress(SlotMissed):
            return cancel(client, deadline=in_slot(seconds=seconds))
    return cancel(client, deadline=in_slot(seconds=3.2))


def test_a_rotation_is_seen_by_a_call_whose_slot_has_passed(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    gateway.rotate_to(PlatformKey.of(platform_keys[1].key))
    gateway.pause = 0.05  # as long as any real answer takes, and longer than a slot
    result = cancel_in_next_slot(client)
    assert result.answer.key_id == gateway.in_use.serial_no


def test_the_first_certificates_are_not_asked_for_in_the_calls_slot(
    client_of: CallTo, gateway: Gateway
) -> None:
    client = client_of()
    with pytest.raises(SlotMissed):
        cancel(client, deadline=in_slot(seconds=-1))
    assert (gateway.fetches, gateway.cancels) == (1, 0)
    assert cancel(client).result == "SUCCESS"


def test_a_serial_that_stays_unknown_is_refused_and_not_asked_for_again(
    client_of: CallTo, gateway: Gateway
) -> None:
    client, gateway.serial = client_of(), "ABCDEF"
    assert [unverified(client).reason for _ in range(3)] == ["unknown_serial"] * 3
    assert (gateway.fetches, gateway.cancels) == (2, 3)


def test_a_serial_that_stayed_unknown_is_asked_for_after_a_minute(
    client_of: CallTo, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, gateway.serial = client_of(), "ABCDEF"
    unverified(client)
    monkeypatch.setattr(keyring, "PATIENCE", 0)
    unverified(client)
    assert gateway.fetches == 3


def test_many_forged_serials_do_not_make_us_ask_for_each(
    client_of: CallTo, gateway: Gateway
) -> None:
    client = client_of()
    for number in range(20):
        gateway.serial = f"AB{number}"
        unverified(client)
    assert gateway.fetches == 1 + keyring.MAX_FRUITLESS


def test_a_forged_serial_does_not_hold_up_a_rotation(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client, gateway.serial = client_of(), "ABCDEF"
    unverified(client)
    gateway.serial = ""
    gateway.rotate_to(platform_keys[1])
    assert cancel(client).succeeded


def test_serials_that_could_be_had_are_not_counted_among_the_forged(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    for number in range(keyring.MAX_FRUITLESS + 1):
        gateway.rotate_to(PlatformKey.of(platform_keys[number % 2].key))
        assert cancel(client).succeeded


def test_an_unknown_serial_says_why_its_certificate_could_not_be_had(
    client_of: CallTo, gateway: Gateway
) -> None:
    client = client_of()
    cancel(client)
    gateway.serial, gateway.certificates = "ABCDEF", refusing(500, "SYSTEM_ERROR")
    error = unverified(client)
    assert error.reason == "unknown_serial"
    assert "SYSTEM_ERROR" in str(error)
    assert "Not sent" not in str(error)
    assert isinstance(error.__cause__, CertificatesUnavailable)


def test_looking_for_a_serial_ends_with_the_call(client_of: CallTo, gateway: Gateway) -> None:
    client = client_of()
    cancel(client)
    gateway.serial, gateway.certificates = "ABCDEF", Connection.drip
    deadline = Deadline.after(start=0.2, end=0.5)
    assert unverified(client, deadline=deadline).reason == "unknown_serial"


def test_a_serial_is_looked_for_after_the_time_in_which_calls_may_begin(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    gateway.rotate_to(platform_keys[1])
    gateway.pause = 0.5
    assert cancel(client, deadline=Deadline.after(start=0.4, end=5)).succeeded


def test_the_id_of_a_public_key_is_not_looked_for_among_certificates(
    client_of: CallTo, gateway: Gateway
) -> None:
    client, gateway.serial = client_of(), PUB_KEY_ID
    assert unverified(client).reason == "unknown_serial"
    assert gateway.fetches == 1


def test_a_signature_that_does_not_hold_fetches_nothing(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    gateway.in_use, gateway.serial = platform_keys[1], platform_keys[0].serial_no
    assert unverified(client).reason == "bad_signature"
    assert gateway.fetches == 1


# Both keys at once


def test_a_public_key_is_asked_for_and_needs_no_certificates(
    client_of: CallTo, gateway: Gateway, merchant_key: RSAPrivateKey, switching: MerchantCredentials
) -> None:
    gateway.in_use = PlatformKey.of(merchant_key)
    gateway.serial = PUB_KEY_ID
    assert cancel(client_of(switching)).answer.key_id == PUB_KEY_ID
    assert (gateway.fetches, gateway.serials_asked_for) == (0, [PUB_KEY_ID])


def test_an_answer_by_certificate_is_believed_although_the_public_key_was_asked_for(
    client_of: CallTo, gateway: Gateway, switching: MerchantCredentials
) -> None:
    result = cancel(client_of(switching))
    assert result.answer.key_id == gateway.in_use.serial_no
    assert gateway.serials_asked_for == [PUB_KEY_ID, PUB_KEY_ID]
    assert gateway.fetches == 1


def test_certificates_may_be_signed_with_the_public_key(
    client_of: CallTo, gateway: Gateway, merchant_key: RSAPrivateKey, switching: MerchantCredentials
) -> None:
    signer = PlatformKey.of(merchant_key)
    body = body_of(*gateway.listed)
    gateway.certificates = signed_by(signer, body, serial=PUB_KEY_ID)
    assert cancel(client_of(switching)).succeeded


def test_with_the_public_key_alone_no_certificate_is_asked_for(
    client_of: CallTo, gateway: Gateway, credentials: MerchantCredentials
) -> None:
    assert unverified(client_of(credentials)).reason == "unknown_serial"
    assert gateway.fetches == 0


# Growing old


def test_certificates_are_fetched_again_before_they_are_twelve_hours_old(
    client_of: CallTo, gateway: Gateway, clock: Clock, platform_keys: Keys
) -> None:
    client = client_of()
    cancel(client)
    clock.ahead = 11 * 3600
    gateway.certificates = lambda connection: signed_by(
        gateway.in_use, body_of(*gateway.listed), timestamp=clock()
    )(connection)
    client.prepare()
    client.prepare()
    assert gateway.fetches == 2


def test_a_refresh_that_fails_takes_nothing_away_and_is_not_repeated_at_once(
    client_of: CallTo, gateway: Gateway, clock: Clock
) -> None:
    client = client_of()
    client.prepare()
    gateway.certificates = refusing(404, "RESOURCE_NOT_EXISTS")
    clock.ahead = 11 * 3600
    for _ in range(3):
        client.prepare()
    clock.ahead = 0
    assert cancel(client).succeeded
    assert gateway.fetches == 2


def test_a_refresh_that_hangs_leaves_time_for_the_call(
    client_of: CallTo, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of()
    cancel(client)
    monkeypatch.setattr(keyring, "REFRESH_AFTER", -1)
    gateway.certificates = Connection.hang
    assert cancel(client, deadline=Deadline.after(start=1, end=5)).succeeded
    assert gateway.fetches == 2


def test_nobody_waits_for_a_refresh_while_there_is_a_key(
    client_of: CallTo, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of()
    cancel(client)
    monkeypatch.setattr(keyring, "REFRESH_AFTER", -1)
    client._keyring._turn._lock.acquire()
    threading.Timer(0.5, client._keyring._turn._lock.release).start()
    assert cancel(client).succeeded
    assert gateway.fetches == 1


# Sharing over processes


def test_another_process_needs_no_request(client_of: CallTo, gateway: Gateway) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    assert cancel(client_of(certificate_store=cache)).succeeded
    assert (gateway.fetches, list(cache.timeouts.values())) == (1, [12 * 3600])


def test_a_store_may_give_bytes_for_text(client_of: CallTo, gateway: Gateway) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    (name,) = cache
    cache.values[name] = str(cache.values[name]).encode()
    assert cancel(client_of(certificate_store=cache)).succeeded
    assert gateway.fetches == 1


def test_what_another_process_fetched_hours_ago_needs_no_request(
    client_of: CallTo, gateway: Gateway
) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    (name,) = cache
    cache.values[name] = aged(gateway.in_use, hours=10)
    assert cancel(client_of(certificate_store=cache)).succeeded
    assert gateway.fetches == 1


def test_a_rotation_that_another_process_saw_needs_no_request(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys, clock: Clock
) -> None:
    cache = Cache()
    first, second = client_of(certificate_store=cache), client_of(certificate_store=cache)
    cancel(first)
    clock.ahead = -1
    cancel(second)
    clock.ahead = 0
    gateway.rotate_to(platform_keys[1])
    with_later_seal(gateway, seconds=2)
    cancel(first)
    assert cancel(second).succeeded
    assert gateway.fetches == 2


def test_a_serial_that_another_process_has_not_seen_either_is_asked_for(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    cache = Cache()
    first, second = client_of(certificate_store=cache), client_of(certificate_store=cache)
    for client in (first, second):
        client.prepare()
    gateway.serial = "ABCDEF"
    with_later_seal(gateway, seconds=2)
    unverified(first)
    gateway.serial = ""
    gateway.rotate_to(platform_keys[1])
    assert cancel(second).succeeded


def test_a_refresh_that_another_process_has_made_needs_no_request(
    client_of: CallTo, gateway: Gateway, clock: Clock
) -> None:
    cache = Cache()
    first, second = client_of(certificate_store=cache), client_of(certificate_store=cache)
    for client in (first, second):
        client.prepare()
    clock.ahead = 11 * 3600
    with_later_seal(gateway, seconds=clock.ahead)
    for client in (first, second):
        client.prepare()
    assert gateway.fetches == 2


def with_later_seal(gateway: Gateway, *, seconds: float) -> None:
    later = time.time() + seconds
    gateway.certificates = lambda connection: signed_by(
        gateway.in_use, body_of(*gateway.listed), timestamp=later
    )(connection)


def test_the_certificates_of_another_gateway_have_a_place_of_their_own(
    client_of: CallTo, gateway: Gateway, certified: MerchantCredentials, serve: Serve
) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    url = serve(gateway).url
    with WeChatPayClient(certified, base_url=url, certificate_store=cache) as client:
        cancel(client)
    assert (gateway.fetches, len(list(cache))) == (2, 2)


def test_what_is_stored_tells_a_thief_nothing(client_of: CallTo) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    ((name, stored),) = cache.values.items()
    assert name.startswith("wechatpay-certificates-")
    assert "BEGIN CERTIFICATE" not in str(stored)
    assert API_V3_KEY not in str(stored)


def forged(platform: PlatformKey) -> str:
    body = body_of(platform, api_v3_key="f" * 32)
    return json.dumps({"headers": platform.seal(body), "body": body.decode()})


def foreign(platform: PlatformKey) -> str:
    body = body_of(platform)
    headers = {**platform.seal(body), "Wechatpay-Signature": "AAAA"}
    return json.dumps({"headers": headers, "body": body.decode()})


def aged(platform: PlatformKey, *, hours: float = 12) -> str:
    body = body_of(platform)
    headers = platform.seal(body, timestamp=time.time() - hours * 3600)
    return json.dumps({"headers": headers, "body": body.decode()})


def of_the_future(platform: PlatformKey) -> str:
    body = body_of(platform)
    headers = platform.seal(body, timestamp=time.time() + 400)
    return json.dumps({"headers": headers, "body": body.decode()})


def undated(platform: PlatformKey) -> str:
    return json.dumps({"headers": {}, "body": body_of(platform).decode()})


@pytest.mark.parametrize(
    "stored",
    [
        forged,
        foreign,
        aged,
        of_the_future,
        undated,
        lambda platform: "",
        lambda platform: "[]",
        lambda platform: "{}",
        lambda platform: 5,
        lambda platform: b"\xff",
    ],
)
def test_a_store_is_believed_no_more_than_the_network(
    client_of: CallTo, gateway: Gateway, stored: Callable[[PlatformKey], object]
) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    (name,) = cache
    cache.values[name] = stored(gateway.in_use)
    assert cancel(client_of(certificate_store=cache)).succeeded
    assert gateway.fetches == 2


def test_a_store_that_fails_costs_a_request_and_nothing_else(
    client_of: CallTo, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def get(self, key: str) -> object:
            raise ConnectionError("redis://:password@cache")

        set = None

    assert cancel(client_of(certificate_store=Broken())).succeeded
    assert [record.getMessage() for record in caplog.records] == [
        "WeChat Pay's certificates cannot be read from the certificate store: ConnectionError",
        "WeChat Pay's certificates cannot be written to the certificate store: TypeError",
    ]


def test_what_a_store_has_that_is_older_changes_nothing(
    client_of: CallTo, gateway: Gateway, platform_keys: Keys
) -> None:
    cache = Cache()
    client = client_of(certificate_store=cache)
    cancel(client)
    held, body = client._keyring._holding, body_of(platform_keys[1], platform_keys[0])
    older = platform_keys[0].seal(body, timestamp=time.time() - 100)
    (name,) = cache
    cache.values[name] = json.dumps({"headers": older, "body": body.decode()})
    gateway.serial, gateway.certificates = "ABCDEF", refusing(500, "")
    unverified(client)
    assert client._keyring._holding is held


def test_what_a_store_has_that_is_refused_is_logged(
    client_of: CallTo, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache()
    cancel(client_of(certificate_store=cache))
    (name,) = cache
    cache.values[name] = forged(gateway.in_use)
    cancel(client_of(certificate_store=cache))
    (record,) = caplog.records
    assert "in the store were refused" in record.getMessage()
    assert "this APIv3 key" in record.getMessage()


# Secrets


@pytest.mark.parametrize("fault", ["mismatch", "unavailable", "unknown serial"])
def test_no_error_and_no_traceback_shows_the_api_v3_key(
    client_of: CallTo, gateway: Gateway, fault: str
) -> None:
    client = client_of()
    if fault == "unknown serial":
        cancel(client)
        gateway.serial = "ABCDEF"
    body = body_of(gateway.in_use, api_v3_key="x" * 32)
    status = 200 if fault == "mismatch" else 500
    gateway.certificates = lambda connection: connection.answer(status, body)
    with pytest.raises(WeChatPayError) as refused:
        cancel(client)
    report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    assert API_V3_KEY not in "".join(report.format())


# The turn


def test_a_fork_does_not_leave_the_turn_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = _Turn()
    with turn.taken(by=0):
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with turn.taken(by=0):
            pass


def test_the_turn_is_given_back_after_an_error() -> None:
    turn = _Turn()
    with pytest.raises(WeChatPayError), turn.taken(by=0):
        raise WeChatPayError("x")
    with turn.taken(by=0):
        pass
