"""Plain requests to the control API and the status page."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.sandbox.caller import Reply, read_reply
from wechat_subsidies.sandbox import Sandbox


def get(url: str, path: str, *, headers: Mapping[str, str] | None = None) -> Reply:
    return send(url, "GET", path, headers=headers)


def send(
    url: str,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    try:
        connection.request(method, path, body, {**(headers or {})})
        return read_reply(connection)
    finally:
        connection.close()


class Control:
    """A caller of one sandbox's control API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url

    def get(self, path: str) -> Any:
        reply = get(self.url, f"/_sandbox/{path}")
        assert reply.status == 200, reply.body
        return reply.content

    def send(self, method: str, path: str, content: Any = None) -> Reply:
        body = b"" if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        return send(self.url, method, f"/_sandbox/{path}", body, headers=headers)

    def refused(self, method: str, path: str, content: Any = None) -> tuple[int, str]:
        """Status and words of a refusal."""
        reply = self.send(method, path, content)
        return reply.status, reply.content["message"]
