"""How long calls may take and when the next may begin. All in seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..conf import MerchantSettings

START_WINDOW: Final = 1.0  # within which all calls of a claim begin: a kill puts no more in doubt
LEASE_MARGIN: Final = 5.0  # by which a lease outlives the last call made under it
ORDER_INTERVAL: Final = 1.0  # WeChat Pay takes one call a second for an order
SMALLEST_GRACE: Final = 10.0  # WeChat Pay may be at work for so long on a call that we gave up


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What a merchant's `TIMEOUT` comes to."""

    connect: float
    read: float

    @classmethod
    def of(cls, merchants: Iterable[MerchantSettings]) -> "Timing":
        """The longest timeouts of these merchants."""
        timeouts = [merchant.timeout for merchant in merchants]
        return cls(
            connect=float(max(connect for connect, _ in timeouts)),
            read=float(max(read for _, read in timeouts)),
        )

    @property
    def start_by(self) -> float:
        """From a claim until no first byte is written any more."""
        return START_WINDOW + self.connect

    @property
    def end_by(self) -> float:
        """From a claim until every call made under it is over, by force if need be."""
        return self.start_by + self.read

    @property
    def lease(self) -> float:
        """From a claim until somebody else may take its rows over."""
        return self.end_by + LEASE_MARGIN

    @property
    def grace(self) -> float:
        """From the end of a call with unknown outcome until the next may begin."""
        return max(SMALLEST_GRACE, self.read)
