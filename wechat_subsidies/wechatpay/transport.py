"""Bytes to WeChat Pay and bytes back, once, and whether anything was sent.

A call ends in an Answer of whatever status, or in one of three errors: NotSent (no byte of the
request was written), OutcomeUnknown (some were) and MalformedAnswer (more came back than is read).
Nothing is ever sent a second time in here, and no redirect is followed. What is tried again, once
and on a new connection, is a kept one that turned out to be dead before anything was written.
"""

import ipaddress
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .answers import Answer
from .connections import ObservingAdapter, StaleConnection, in_hand
from .deadlines import Call, Connected, Deadline, SlotPassed, TooLate
from .errors import (
    DOUBT,
    ConfigurationError,
    MalformedAnswer,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    SlotMissed,
    network_error,
    one_line,
)
from .secrecy import forget_variables

__all__ = ["MAX_BODY", "Transport", "check_base_url"]

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
        self.connect_timeout, self._read = _checked_timeout(timeout)
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
            proxies=_checked_proxies(self._base_url, environment["proxies"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wire:
    """What belongs to one process: a fork gets a new one."""

    pid: int
    session: requests.Session
    verify: bool | str
    proxies: dict[str, str]


def check_base_url(url: str, *, allow_http: bool = False) -> str:
    """The URL without a slash at its end; ConfigurationError unless requests may be sent there.

    It is ``https://host[:port]``, and may be http on loopback, or anywhere with ``allow_http``.
    There is no path: what is signed begins at the root of the host.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, AttributeError, TypeError):
        raise _invalid_base_url() from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise _invalid_base_url()
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        text = "The base URL may hold a scheme, a host and a port, and nothing else"
        raise ConfigurationError(text, code="base_url_invalid")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        text = f"The base URL should begin with https://; {parts.netloc} is no loopback address"
        raise ConfigurationError(text, code="base_url_not_https")
    return f"{parts.scheme}://{parts.netloc}"


def _invalid_base_url() -> ConfigurationError:
    text = "The base URL should look like https://api.mch.weixin.qq.com"
    return ConfigurationError(text, code="base_url_invalid")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_timeout(timeout: tuple[float, float]) -> tuple[float, float]:
    try:
        connect, read = (float(seconds) for seconds in timeout)
    except (TypeError, ValueError):
        connect = read = 0.0
    if not (0 < connect < float("inf") and 0 < read < float("inf")):
        text = "The timeout should be two finite numbers of seconds: (connect, read)"
        raise ConfigurationError(text, code="timeout_invalid")
    return connect, read


def _checked_proxies(base_url: str, proxies: Mapping[str, str]) -> dict[str, str]:
    parts = urlsplit(base_url)
    proxy = select_proxy(base_url, dict(proxies))
    if not proxy or _is_loopback(parts.hostname or ""):
        return {}
    try:
        scheme = parse_url(proxy if "://" in proxy else f"http://{proxy}").scheme
    except LocationParseError:
        scheme = None
    if scheme not in {"http", "https"}:
        # The address itself may hold a password, and stays unsaid.
        text = f"The proxy that the environment names for {parts.netloc} is no http:// address"
        raise ConfigurationError(text, code="proxy_invalid")
    return {parts.scheme: proxy}


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
