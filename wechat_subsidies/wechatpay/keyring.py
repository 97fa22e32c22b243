"""All keys that WeChat Pay may sign with: public keys that are configured, certificates fetched.

Both may be in use while a merchant switches from one to the other; which one proves an answer is
the answer's choice. Certificates are fetched when they are needed, and again before they are 12
hours old. Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .answers import Answer
from .bodies import api_error
from .certificates import Certificate, certificates_error, certificates_in
from .credentials import MerchantCredentials
from .deadlines import Deadline
from .errors import (
    CertificatesUnavailable,
    MalformedAnswer,
    UnverifiedAnswer,
    WeChatPayError,
)
from .sharing import SharedAnswer
from .verification import (
    MAX_CLOCK_SKEW,
    TIMESTAMP,
    Verifier,
    comparable_serial,
    is_certificate_serial,
)

__all__ = ["Keyring"]

LIFETIME = 12 * 3600.0  # seconds after which certificates are to be asked for again
REFRESH_AFTER = 11 * 3600.0  # seconds; the hour between leaves time for tries that fail
PATIENCE = 60.0  # seconds between two requests for what was not to be had
MAX_FRUITLESS = 5  # requests in that time for serial numbers that stay unknown, whatever they are


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Certificates that were proven together; ``signed_at`` is in unix seconds."""

    certificates: tuple[Certificate, ...] = ()
    signed_at: float = float("-inf")

    def valid_at(self, moment: float) -> tuple[Certificate, ...]:
        """Those that are valid then, the newest first."""
        valid = (each for each in self.certificates if each.is_valid_at(moment))
        return tuple(sorted(valid, key=lambda each: each.not_before, reverse=True))

    def with_last_of(self, earlier: "Holding", *, now: float) -> "Holding":
        """These, and the earlier ones for as long as an answer signed with one may be under way."""
        known = {comparable_serial(each.serial_no) for each in self.certificates}
        last = (
            replace(each, not_after=min(each.not_after, now + MAX_CLOCK_SKEW))
            for each in earlier.certificates
            if comparable_serial(each.serial_no) not in known
        )
        return replace(self, certificates=(*self.certificates, *last))


class Keyring:
    """WeChat Pay's keys for one merchant, shared by the threads of a process.

    ``fetch`` asks for the certificates, within a deadline, and returns what is answered, unproven.
    ``shared`` is where other processes leave theirs. ``clock`` gives unix seconds.
    """

    def __init__(
        self,
        credentials: MerchantCredentials,
        *,
        fetch: Callable[[Deadline], Answer],
        shared: SharedAnswer,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._credentials = credentials
        self._fetch = fetch
        self._shared = shared
        self._clock = clock
        self._turn = _Turn()
        self._holding = Holding()
        self._failures = 0
        self._last_failure: WeChatPayError | None = None
        self._quiet_until = float("-inf")
        self._fruitless: dict[str, float] = {}

    def preferred_id(self) -> str | None:
        """The id of the key that answers are asked to be signed with.

        The first public key, else the newest valid certificate; None if there is none yet.
        """
        certificates = (each.serial_no for each in self._valid())
        return next(iter((*self._credentials.public_key_ids, *certificates)), None)

    def make_ready(self, *, deadline: Deadline) -> None:
        """Have a key before a call is sent: its answer must not come back to one who has none.

        Raises CredentialsError, or CertificatesUnavailable where time may help. A refresh that is
        due, and fails while a key is at hand, is no error.
        """
        public_keys = self._credentials.wechatpay_keys()
        if not self._credentials.uses_certificates:
            return
        self._credentials.cipher()
        if not public_keys and not self._valid():
            self._have_any(deadline)
        elif self._is_due():
            self._refresh_if_nobody_does(deadline)

    def verify(self, answer: Answer, *, deadline: Deadline) -> Answer:
        """The answer with the ``key_id`` that proved it; UnverifiedAnswer with a ``reason``.

        A serial number that is unknown is asked for until ``end_by``, though not again and again:
        whoever forges one must not make us ask for each.
        """
        try:
            return self._verifier().verify(answer)
        except UnverifiedAnswer as refused:
            if refused.reason != "unknown_serial" or not self._may_be_had(answer):
                raise
        serial = answer.headers["Wechatpay-Serial"]
        try:
            self._look_for(comparable_serial(serial), deadline=deadline)
        except WeChatPayError as error:
            text = f"The answer is signed with the key {serial}, which could not be had: {error}"
            raise UnverifiedAnswer(text, answer=answer, reason="unknown_serial") from error
        return self._verifier().verify(answer)

    def _may_be_had(self, answer: Answer) -> bool:
        is_of_certificate = is_certificate_serial(answer.headers["Wechatpay-Serial"])
        return is_of_certificate and self._credentials.uses_certificates

    def _have_any(self, deadline: Deadline) -> None:
        try:
            self._refresh(until=lambda: bool(self._valid()), deadline=deadline)
        except CertificatesUnavailable as error:
            error.args = (f"Not sent: {error}",)
            raise

    def _look_for(self, serial: str, *, deadline: Deadline) -> None:
        # The request has been sent: all that is left of its time may be used.
        until_the_end = replace(deadline, start_by=deadline.end_by)
        self._refresh(
            until=lambda: self._knows(serial) or self._is_fruitless(serial),
            deadline=until_the_end,
            on_behalf_of=serial,
        )

    def _refresh_if_nobody_does(self, deadline: Deadline) -> None:
        # Half of the time that the call has to begin in, for the call comes after it.
        now = time.monotonic()
        half = now + (deadline.start_by - now) / 2
        with suppress(WeChatPayError):
            self._refresh(
                until=lambda: not self._is_due(),
                deadline=Deadline(start_by=half, end_by=half),
                waits=False,
            )

    def _refresh(
        self,
        *,
        until: Callable[[], bool],
        deadline: Deadline,
        on_behalf_of: str | None = None,
        waits: bool = True,
    ) -> None:
        """Bring in new certificates, one thread at a time, unless ``until`` holds by then."""
        failures = self._failures
        with self._turn.taken(by=deadline.start_by if waits else 0.0):
            if until():
                return
            if self._failures != failures and self._last_failure:
                # Whoever waits for a request shares its failure: else each would wait in turn.
                raise certificates_error(self._last_failure) from None
            if self._take_shared() and until():
                return
            try:
                self._take_fetched(deadline)
            except WeChatPayError as error:
                self._note_failure(error)
                raise certificates_error(error) from error
            finally:
                if on_behalf_of and not self._knows(on_behalf_of):
                    self._fruitless[on_behalf_of] = time.monotonic()

    def _take_shared(self) -> bool:
        answer = self._shared.read()
        if answer is None:
            return False
        signed_at = _signed_at(answer)
        age = self._clock() - signed_at
        if signed_at <= self._holding.signed_at or not -MAX_CLOCK_SKEW < age < LIFETIME:
            return False
        try:
            self._holding = self._proven(answer, clock=lambda: signed_at)
        except WeChatPayError as error:
            logger.warning("WeChat Pay's certificates in the store were refused: %s", error)
            return False
        return True

    def _take_fetched(self, deadline: Deadline) -> None:
        # The slot is the call's: it is yet to come, or it has passed with the call.
        answer = self._fetch(replace(deadline, slot=None))
        if answer.http_status != 200:
            raise api_error(answer)
        self._holding = self._proven(answer, clock=self._clock)
        self._shared.write(answer, seconds=LIFETIME)

    def _proven(self, answer: Answer, *, clock: Callable[[], float]) -> Holding:
        """What an answer brings if all of it holds: every certificate, and its own signature."""
        now = self._clock()
        carried = certificates_in(answer, cipher=self._credentials.cipher())
        brought = Holding(certificates=carried, signed_at=min(now, _signed_at(answer)))
        if not brought.valid_at(now):
            text = "The answer holds no certificate that is valid now; check the clock"
            raise MalformedAnswer(text, answer=answer)
        holding = brought.with_last_of(self._holding, now=now)
        Verifier(self._keys(holding), clock=clock).verify(answer)
        return holding

    def _note_failure(self, error: WeChatPayError) -> None:
        self._failures += 1
        self._last_failure = certificates_error(error)
        self._quiet_until = time.monotonic() + PATIENCE

    def _is_due(self) -> bool:
        age = self._clock() - self._holding.signed_at
        return (
            bool(self._holding.certificates)
            and age >= REFRESH_AFTER
            and time.monotonic() >= self._quiet_until
        )

    def _is_fruitless(self, serial: str) -> bool:
        recent = time.monotonic() - PATIENCE
        self._fruitless = {each: at for each, at in self._fruitless.items() if at > recent}
        return serial in self._fruitless or len(self._fruitless) >= MAX_FRUITLESS

    def _knows(self, serial: str) -> bool:
        return any(comparable_serial(each.serial_no) == serial for each in self._valid())

    def _valid(self) -> tuple[Certificate, ...]:
        return self._holding.valid_at(self._clock())

    def _keys(self, holding: Holding) -> dict[str, RSAPublicKey]:
        certificates = {each.serial_no: each.key for each in holding.valid_at(self._clock())}
        return {**certificates, **self._credentials.wechatpay_keys()}

    def _verifier(self) -> Verifier:
        return Verifier(self._keys(self._holding), clock=self._clock)


class _Turn:
    """A lock that is waited for until a moment, and that a fork does not leave taken."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, *, by: float) -> Iterator[None]:
        """Take it; CertificatesUnavailable if that takes until ``by``, in monotonic seconds."""
        if self._pid != os.getpid():
            # A fork: the thread that holds it may not be here.
            self._pid, self._lock = os.getpid(), threading.Lock()
        lock = self._lock
        seconds = min(max(0.0, by - time.monotonic()), threading.TIMEOUT_MAX)
        if not lock.acquire(timeout=seconds):
            text = "Another call is asking for WeChat Pay's certificates, and the time is up"
            raise CertificatesUnavailable(text)
        try:
            yield
        finally:
            lock.release()


def _signed_at(answer: Answer) -> float:
    """When an answer says that it was signed; for ever ago if it does not."""
    timestamp = answer.headers.get("Wechatpay-Timestamp", "")
    return float(timestamp) if TIMESTAMP.fullmatch(timestamp) else float("-inf")
