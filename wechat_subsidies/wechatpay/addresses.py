"""Where a request may be sent, by which proxy, and for how long that is tried."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from requests.utils import select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .errors import ConfigurationError

__all__ = ["check_base_url", "checked_proxies", "checked_timeout", "is_loopback"]


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
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        text = f"The base URL should begin with https://; {parts.netloc} is no loopback address"
        raise ConfigurationError(text, code="base_url_not_https")
    return f"{parts.scheme}://{parts.netloc}"


def _invalid_base_url() -> ConfigurationError:
    text = "The base URL should look like https://api.mch.weixin.qq.com"
    return ConfigurationError(text, code="base_url_invalid")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_timeout(timeout: tuple[float, float]) -> tuple[float, float]:
    """The timeouts for connecting and reading, in seconds; ConfigurationError for impossible ones."""
    try:
        connect, read = (float(seconds) for seconds in timeout)
    except (TypeError, ValueError):
        connect = read = 0.0
    if not (0 < connect < float("inf") and 0 < read < float("inf")):
        text = "The timeout should be two finite numbers of seconds: (connect, read)"
        raise ConfigurationError(text, code="timeout_invalid")
    return connect, read


def checked_proxies(base_url: str, proxies: Mapping[str, str]) -> dict[str, str]:
    """The proxy for this URL, as requests wants it; ConfigurationError for one it cannot use."""
    parts = urlsplit(base_url)
    proxy = select_proxy(base_url, dict(proxies))
    if not proxy or is_loopback(parts.hostname or ""):
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
