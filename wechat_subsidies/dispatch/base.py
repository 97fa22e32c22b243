"""What a dispatcher is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is amiss with the set-up of a dispatcher's engine, and what to do; for the checks."""

    words: str
    hint: str


class Dispatcher(ABC):
    """Is told after the commit what has been asked for, and sees to it that it is sent soon.

    A hint, no more: what is told here is recorded, and the sweep (`process_due`) sends whatever
    nobody else did. Losing, doubling or reordering a hint does no harm.
    """

    @abstractmethod
    def send(self, keys: Sequence[int]) -> None:
        """Cancellations with these keys wait to be sent."""

    @abstractmethod
    def work_on(self, batch_pk: int) -> None:
        """The shop's own code has asked for a batch: its items wait to be asked for and sent."""

    def batch_confirmed(self, batch_pk: int) -> None:
        """Somebody has confirmed a batch, and its page in the admin may be open."""
        self.work_on(batch_pk)

    def problem(self) -> Problem | None:
        """What makes its hints useless, although it can be imported; `manage.py check` says it."""
        return None
