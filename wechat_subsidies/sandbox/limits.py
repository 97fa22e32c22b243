"""How often may be called: exact limits over any window of one second.

200 calls a second of one merchant and of one sub-merchant, one call a second for one order. Source:
pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter7_5_3.shtml.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wechat_subsidies.sandbox.messages import RefusalError, error

WINDOW = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """At most `calls` within one second for whoever or whatever `key` is."""

    key: tuple[str, ...]
    calls: int
    code: str
    words: str


class RateLimits:
    """Counts the calls that were let through, in any window of one second; refused ones do not.

    Off unless `enabled`. `per_caller` holds for a merchant at one API, `per_sub_merchant` and
    `per_order` for the cancellation alone; all are calls a second. `clock` is in seconds. Raises
    ValueError for limits below 1.
    """

    def __init__(self, *, enabled: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._enabled_first = enabled
        self._clock = clock
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all calls and go back to the limits of the beginning."""
        with self._lock:
            self.enabled = self._enabled_first
            self.per_caller = 200
            self.per_sub_merchant = 200
            self.per_order = 1
            self._calls: deque[tuple[float, tuple[str, ...]]] = deque()
            self._counts: Counter[tuple[str, ...]] = Counter()

    def set(
        self,
        *,
        enabled: bool | None = None,
        per_caller: int | None = None,
        per_sub_merchant: int | None = None,
        per_order: int | None = None,
    ) -> None:
        """Change what is given (None: as it is). Raises ValueError for less than 1 call a second."""
        given = {
            "per_caller": per_caller,
            "per_sub_merchant": per_sub_merchant,
            "per_order": per_order,
        }
        wanted = {name: calls for name, calls in given.items() if calls is not None}
        for name, calls in wanted.items():
            if calls < 1:
                raise ValueError(f"{name} is {calls} calls a second and must be 1 or more.")
        for name, calls in wanted.items():
            setattr(self, name, calls)
        if enabled is not None:
            self.enabled = enabled

    def take(
        self, *, mchid: str, api: str, sub_mchid: str | None, transaction_id: str | None
    ) -> None:
        """Count a call. Raises RefusalError with 429 if one limit is reached.

        `sub_mchid` and `transaction_id` are None where the API is not limited by them.
        """
        if not self.enabled:
            return
        limits = [
            _Limit(
                key=("caller", mchid, api),
                calls=self.per_caller,
                code="RATELIMIT_EXCEEDED",
                words=f"merchant {mchid}",
            )
        ]
        if sub_mchid is not None:
            limits.append(
                _Limit(
                    key=("sub-merchant", api, sub_mchid),
                    calls=self.per_sub_merchant,
                    code="RATELIMIT_EXCEEDED",
                    words=f"sub-merchant {sub_mchid}",
                )
            )
        if transaction_id is not None:
            limits.append(
                _Limit(
                    key=("order", api, transaction_id),
                    calls=self.per_order,
                    code="FREQUENCY_LIMITED",
                    words=f"order {transaction_id}",
                )
            )
        self._count(limits)

    def _count(self, limits: Iterable[_Limit]) -> None:
        with self._lock:
            now = self._clock()
            self._forget(now - WINDOW)
            for limit in limits:
                if self._counts[limit.key] >= limit.calls:
                    message = (
                        f"Too many calls for {limit.words}: {limit.calls} a second are allowed; "
                        "call again later."
                    )
                    raise RefusalError(error(429, limit.code, message))
            for limit in limits:
                self._calls.append((now, limit.key))
                self._counts[limit.key] += 1

    def _forget(self, until: float) -> None:
        while self._calls and self._calls[0][0] <= until:
            _, key = self._calls.popleft()
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
