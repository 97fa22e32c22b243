"""Who may use the control API and see the status page.

On a loopback address everybody on this machine; elsewhere only those who know the control token.
"""

import base64
import ipaddress
import secrets
from urllib.parse import urlsplit

from wechat_subsidies.sandbox.messages import RefusalError, Request, error


def check_access(request: Request, *, base_url: str, token: str | None) -> None:
    """Raise RefusalError (401 or 403) unless the request may be served.

    `base_url` is where the sandbox listens. The token comes as "Authorization: Bearer TOKEN", or
    as the password of HTTP Basic, which browsers ask for.
    """
    if token is not None:
        _check_token(request, token)
    elif not is_loopback(urlsplit(base_url).hostname):
        raise _forbidden(
            "The sandbox listens on an address that others can reach. Start it with a control "
            "token, or on 127.0.0.1."
        )
    elif not is_loopback(urlsplit(f"//{request.header('Host')}").hostname):
        # A page elsewhere may let its own name point to this machine.
        raise _forbidden("The Host header names another machine; call 127.0.0.1 or localhost.")
    if request.method != "GET" and request.header("Origin"):
        raise _forbidden("Pages in a browser may look, but change nothing.")


def is_loopback(host: str | None) -> bool:
    """Say whether a host name or address is this machine's alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _check_token(request: Request, token: str) -> None:
    scheme, _, given = request.header("Authorization").partition(" ")
    known = _password(given) if scheme.lower() == "basic" else given
    if not secrets.compare_digest(known.encode(), token.encode()):
        answer = error(401, "UNAUTHORIZED", 'Send the control token: "Authorization: Bearer …".')
        challenge = 'Basic realm="WeChat Pay sandbox: the control token is the password"'
        raise RefusalError(answer.with_headers(("WWW-Authenticate", challenge)))


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _forbidden(message: str) -> RefusalError:
    return RefusalError(error(403, "FORBIDDEN", message))
