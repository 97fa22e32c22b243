"""The sweep: whatever waits, in whichever way it came to wait."""

from .. import sender
from ..retrying import retried
from .slices import ask_for_confirmed_batches


def process_due(
    *, limit: int | None = None, merchant: str | None = None, concurrency: int = sender.CONCURRENCY
) -> sender.ProcessReport:
    """Send everything that is due: resends, what was asked for with `send="later"`, confirmed batches.

    `limit` bounds the calls made, `merchant` names one of the settings, `concurrency` bounds the
    calls under way at a time. Returns once nothing is due any more; safe to run in several
    processes at once. Raises ImproperlyConfigured for a merchant that the settings do not have.
    """
    retried(ask_for_confirmed_batches)
    return sender.process_due(limit=limit, merchant=merchant, concurrency=concurrency)
