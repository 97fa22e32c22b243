"""What a shop may listen to.

The three about cancellations are sent after the commit, at least once each time a cancellation
gets there, also after a crash, with the keywords `cancellation` and `attempt_count`; the sender
class is `SubsidyCancellation`. A receiver that raises is called again later. Twice for one arrival
happens only after a crash or an error, so receivers must bear being called again.

`sending_paused` and `sending_resumed` are sent after the commit, once, with the keyword `pause`; the
sender class is `SendingPause`. A receiver that raises is logged.
"""

from django.dispatch import Signal

subsidy_cancelled = Signal()
subsidy_cancellation_failed = Signal()
subsidy_cancellation_needs_review = Signal()

sending_paused = Signal()
sending_resumed = Signal()
