"""What a shop may listen to.

The three about cancellations are sent after the commit, at least once each time a cancellation
gets there, also after a crash, with the keywords `cancellation` and `attempt_count`; the sender
class is `SubsidyCancellation`. A receiver that raises is called again later. Twice for one arrival
happens only after a crash or an error, so receivers must bear being called again.
"""

from django.dispatch import Signal

subsidy_cancelled = Signal()
subsidy_cancellation_failed = Signal()
subsidy_cancellation_needs_review = Signal()
