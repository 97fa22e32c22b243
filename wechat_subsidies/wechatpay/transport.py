"""Bytes to WeChat Pay and bytes back, once, and whether anything was sent.

A call ends in an Answer of whatever status, or in one of three errors: NotSent (no byte of the
request was written), OutcomeUnknown (some were) and MalformedAnswer (more came back than is read).
Nothing is ever sent a second time in here, and no redirect is followed. What is tried again, once
and on a new connection, is a kept one that turned out to be dead before anything was written.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from .addresses import check_base_url, checked_proxies, checked_timeout
from .answers import Answer
from .connections import ObservingAdapter, StaleConnection, in_hand
from .deadlines import Call, Connected, Deadline, SlotPassed, TooLate
from .errors import (
    DOUBT,
    MalformedAnswer,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    SlotMissed,
    network_error,
    one_line,
)
from .secrecy import forget_variables

__all__ = ["MAX_BODY", "Transport"]

MAX_BODY = 64 * 1024  # bytes of an answer that are read; real ones have a few hundred
CHUNK = 16 * 1024
MARGIN = 2.0  # seconds that a call may take over its connect and read timeouts
FAIR_WAIT = 1.0  # seconds; who was given less to connect knows nothing of the host


class Transport:
    """Connections to one host, kept and shared by the threads of a process.

    ``timeout`` is (connect, read) in seconds, ``pool_size`` how many connections are kept, and
    ``ca_bundle`` a file of certificate authorities to trust instead of the default ones. Proxies
    and CA bundles of the environment are read once, here; loopback is never asked through a proxy.

    Raises ConfigurationError for a base URL, timeout or proxy that cannot be used.
    """

    def __init__(
        self,
        *,
        base_url: str,
        timeout: tuple[float, float] = (5, 10),
        pool_size: int = 10,
        allow_http: bool = False,
        ca_bundle: str | None = None,
    ) -> None:
        self._base_url = check_base_url(base_url, allow_http=allow_http)
        self._host = urlsplit(self._base_url).netloc
        self.connect_timeout, self._read = checked_timeout(timeout)
        self._pool_size = pool_size
        self._ca_bundle = ca_bundle
        self._wire = self._new_wire()

    def send(
        self,
        *,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        deadline: Deadline | None = None,
    ) -> Answer:
        """Send one request and return what is answered, whatever its status and unverified.

        ``path`` includes the query. Without a deadline a call gets its connect and read timeouts
        and 2 s. Raises NotSent, OutcomeUnknown or MalformedAnswer.
        """
        started = time.monotonic()
        wire = self._wire_of_this_process()
        call = Call(deadline or self.default_deadline())
        request = self._prepared(method=method, path=path, headers=headers, body=body)
        try:
            response, content = self._exchange(request, wire=wire, call=call)
        except Exception as error:
            # Tracebacks and crash reports reach the request through the exception.
            request.headers.pop("Authorization", None)
            raise self._network_error(error, call=call, started=started) from error
        answer = Answer(
            http_status=response.status_code,
            headers=response.headers,
            body=content[:MAX_BODY],
            host=self._host,
            elapsed=time.monotonic() - started,
        )
        if len(content) > MAX_BODY:
            text = f"The answer is longer than {MAX_BODY} bytes and was not read to its end"
            raise MalformedAnswer(text, answer=answer)
        return answer

    def connect(self, *, deadline: Deadline | None = None) -> None:
        """Have a connection open, kept for the next call, which can then begin at its moment.

        Nothing is sent. Raises NotSent.
        """
        started = time.monotonic()
        call = Call(deadline or self.default_deadline(), only_connects=True)
        request = self._prepared(method="GET", path="/", headers={}, body=b"")
        try:
            self._exchange(request, wire=self._wire_of_this_process(), call=call)
        except Connected:
            return
        except Exception as error:
            raise self._network_error(error, call=call, started=started) from error

    def close(self) -> None:
        """Close the connections that are kept. A later call opens new ones."""
        self._wire.session.close()

    def default_deadline(self) -> Deadline:
        """The deadline of a call that is given none, from now."""
        start = self.connect_timeout + MARGIN
        return Deadline.after(start=start, end=start + self._read)

    def _exchange(
        self, request: requests.PreparedRequest, *, wire: "_Wire", call: Call
    ) -> tuple[requests.Response, bytes]:
        try:
            return self._exchange_once(request, wire=wire, call=call)
        except StaleConnection:
            # The pool has an empty place for the dead one, which is what it hands out next.
            call.renew()
            return self._exchange_once(request, wire=wire, call=call)

    def _exchange_once(
        self, request: requests.PreparedRequest, *, wire: "_Wire", call: Call
    ) -> tuple[requests.Response, bytes]:
        hosts_own = sys.exception()
        try:
            with in_hand(call):
                response = self._begin(request, wire=wire, call=call)
                return response, _content(response, call=call)
        except BaseException as error:
            # The libraries below hold the bytes of the Authorization header in their frames.
            forget_variables(error, but_of=hosts_own)
            raise

    def _begin(
        self, request: requests.PreparedRequest, *, wire: "_Wire", call: Call
    ) -> requests.Response:
        now = time.monotonic()
        connect = min(self.connect_timeout, call.deadline.start_by - now)
        read = min(self._read, call.deadline.end_by - now)
        if connect <= 0 or read <= 0:
            raise TooLate
        return wire.session.get_adapter(self._base_url).send(
            request,
            stream=True,
            timeout=(connect, read),
            verify=wire.verify,
            proxies=wire.proxies,
        )

    def _prepared(
        self, *, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> requests.PreparedRequest:
        # By hand: preparing in the session merges cookies, netrc and environment at every call,
        # which costs as much CPU again as the call itself.
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base_url + path
        request.headers = CaseInsensitiveDict(headers)
        request.headers["Accept-Encoding"] = "identity"
        request.body = body or None
        if body:
            request.headers["Content-Length"] = str(len(body))
        return request

    def _network_error(self, error: Exception, *, call: Call, started: float) -> NetworkError:
        if isinstance(error, SlotPassed):
            text = f"Not sent to {self._host}: the slot of the call had passed"
            return network_error(SlotMissed, text, original=requests.ConnectTimeout())
        is_ours = call.was_cut or isinstance(error, TooLate)
        reason = "the deadline of the call passed" if is_ours else _reason(error)
        elapsed = time.monotonic() - started
        after = f"after {elapsed:.1f} s"
        if not call.first_byte_written:
            text = f"Not sent to {self._host}: {reason} ({after})"
            original = requests.ConnectTimeout() if is_ours else error
            not_sent = network_error(NotSent, text, original=original)
            not_sent.is_outage = self._is_outage(original, waited=elapsed)
            return not_sent
        text = f"Sent to {self._host}, and no whole answer came back: {reason} ({after}). {DOUBT}"
        original = requests.ReadTimeout() if is_ours else error
        return network_error(OutcomeUnknown, text, original=original)

    def _is_outage(self, error: Exception, *, waited: float) -> bool:
        if isinstance(error, requests.ConnectTimeout):
            return waited >= 0.9 * min(FAIR_WAIT, self.connect_timeout)
        return isinstance(error, requests.ConnectionError)

    def _wire_of_this_process(self) -> "_Wire":
        # Two processes on one connection would read each other's answers.
        if self._wire.pid != os.getpid():
            self._wire = self._new_wire()
        return self._wire

    def _new_wire(self) -> "_Wire":
        session = requests.Session()
        adapter = ObservingAdapter(pool_connections=2, pool_maxsize=self._pool_size)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        environment = session.merge_environment_settings(
            self._base_url, {}, True, self._ca_bundle or True, None
        )
        return _Wire(
            pid=os.getpid(),
            session=session,
            verify=environment["verify"] or True,
            proxies=checked_proxies(self._base_url, environment["proxies"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wire:
    """What belongs to one process: a fork gets a new one."""

    pid: int
    session: requests.Session
    verify: bool | str
    proxies: dict[str, str]


def _content(response: requests.Response, *, call: Call) -> bytes:
    """The body, or its first bytes if it is longer than ``MAX_BODY``."""
    content = b""
    try:
        for chunk in response.iter_content(CHUNK):
            content += chunk
            if len(content) > MAX_BODY:
                break
    finally:
        response.close()
    if call.was_cut and not _is_framed(response):
        # Such a body ends where the connection does, and we were the ones to end it.
        raise requests.ReadTimeout
    return content


def _is_framed(response: requests.Response) -> bool:
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _reason(error: BaseException) -> str:
    """The innermost exception's words: what surrounds it only names the libraries it went by."""
    inner = (error.__cause__, getattr(error, "reason", None), *error.args)
    cause = next((each for each in inner if isinstance(each, BaseException)), None)
    return _reason(cause) if cause else one_line(f"{type(error).__name__}: {error}")
