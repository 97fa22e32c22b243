"""What a row of the table is."""

from dataclasses import dataclass
from enum import Enum, auto

from django.utils.functional import Promise

from ..models import CancellationAttempt

Outcome = CancellationAttempt.Outcome


class Suspect(Enum):
    """What is to be suspected, rather than the orders, when such answers follow each other."""

    SETTINGS = auto()  # the keys or the clock of the process that called
    PERMISSION = auto()  # what the merchant may do for a sub-merchant
    PARAMETERS = auto()  # what we fill in beside the order's own numbers
    PROTOCOL = auto()  # what we know of WeChat Pay
    OUTAGE = auto()  # the network, or WeChat Pay's own servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A row of the table: what an answer proves, and what a person reads about it.

    `reason` is the stable code stored on the cancellation, `advice` one or two sentences on what
    happened and what to do next, `source` the words of docs/protocol.md that it rests on,
    `suspect` what a run of such answers puts under suspicion, so that sending pauses.
    """

    reason: str
    outcome: CancellationAttempt.Outcome
    advice: Promise
    source: str
    suspect: Suspect | None = None
