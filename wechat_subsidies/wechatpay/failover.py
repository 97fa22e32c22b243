"""Two hosts that serve the same calls, the second for when the first is out of reach.

The host is no part of what is signed, so that a request may go to either. It goes to the second
only if no byte of it was written to the first. Source:
pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html.
"""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from .answers import Answer
from .deadlines import Deadline
from .errors import NetworkError, NotSent
from .transport import Transport

__all__ = ["Failover"]

Result = TypeVar("Result")

DOWN_FOR = 60.0  # seconds for which the backup is tried first after the primary was out of reach
ENOUGH = 0.1  # seconds; with less left until ``start_by`` there is no second try


class Failover:
    """Sends a request to the primary host, or to the backup; never to both.

    While the primary is known to be out of reach, the backup is tried first: else every call would
    wait for the primary's connect timeout.
    """

    def __init__(self, primary: Transport, backup: Transport | None = None) -> None:
        self._primary = primary
        self._backup = backup
        self._primary_is_down_until = float("-inf")  # in monotonic seconds

    def default_deadline(self) -> Deadline:
        """The deadline of a call that is given none, with time to connect to each host."""
        deadline = self._primary.default_deadline()
        more = self._backup.connect_timeout if self._backup else 0.0
        return Deadline(start_by=deadline.start_by + more, end_by=deadline.end_by + more)

    def send(
        self,
        *,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        deadline: Deadline,
    ) -> Answer:
        """Send one request and return what is answered; the deadline bounds both tries.

        Raises what ``Transport.send`` raises, in words about both hosts where both were tried.
        """

        def send_to(host: Transport) -> Answer:
            return host.send(
                method=method, path=path, headers=headers, body=body, deadline=deadline
            )

        return self._at_first_or_second(send_to, deadline=deadline)

    def connect(self, *, deadline: Deadline) -> None:
        """Have a connection open to the host that is tried first. Raises NotSent."""
        self._at_first_or_second(lambda host: host.connect(deadline=deadline), deadline=deadline)

    def close(self) -> None:
        """Close the connections that are kept."""
        for host in (self._primary, self._backup):
            if host:
                host.close()

    def _in_order(self) -> tuple[Transport, Transport | None]:
        if self._backup and time.monotonic() < self._primary_is_down_until:
            return self._backup, self._primary
        return self._primary, self._backup

    def _at_first_or_second(
        self, work: Callable[[Transport], Result], *, deadline: Deadline
    ) -> Result:
        first, second = self._in_order()
        try:
            return self._noting(work, first)
        except NotSent as error:
            is_late = deadline.start_by - time.monotonic() < ENOUGH
            if second is None or is_late or not error.is_outage:
                raise
            tried = str(error)
        try:
            return self._noting(work, second)
        except NetworkError as error:
            error.args = (f"{str(error).rstrip('.')}. Before that: {tried}",)
            raise

    def _noting(self, work: Callable[[Transport], Result], host: Transport) -> Result:
        try:
            result = work(host)
        except NotSent as error:
            if host is self._primary and error.is_outage:
                self._primary_is_down_until = time.monotonic() + DOWN_FOR
            raise
        if host is self._primary:
            self._primary_is_down_until = float("-inf")
        return result
