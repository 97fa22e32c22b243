"""What is recorded: cancellations, the calls made for them, batches, and how sending goes."""

from .api import IdempotencyKey
from .attempt import CancellationAttempt
from .batch import CancellationBatch, CancellationBatchItem
from .cancellation import CancellationEvent, SubsidyCancellation
from .sending import Heartbeat, MerchantPace, SendingPause

__all__ = [
    "CancellationAttempt",
    "CancellationBatch",
    "CancellationBatchItem",
    "CancellationEvent",
    "Heartbeat",
    "IdempotencyKey",
    "MerchantPace",
    "SendingPause",
    "SubsidyCancellation",
]
