"""Sending in the process that asks: no worker needed, apart from the sweep for resends."""

from collections.abc import Sequence

from .. import sender, services
from .base import Dispatcher


class InlineDispatcher(Dispatcher):
    """Sends in the request or command that asked, after its commit; what is left is the sweep's."""

    def send(self, keys: Sequence[int]) -> None:
        """Send them now, waiting at most two seconds for the merchant's pace."""
        sender.send(keys)

    def work_on(self, batch_pk: int) -> None:
        """Work on the batch for one slice, of at most 20 seconds."""
        services.work_on_batch(batch_pk)

    def batch_confirmed(self, batch_pk: int) -> None:
        """Do nothing: the batch's page works on it, slice by slice, and so does the sweep."""
