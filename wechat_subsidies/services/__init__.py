"""The use cases. With `sender` the only code that changes what is recorded.

What hosts call; all of it is safe to repeat.
"""

from ..sender import ProcessReport
from .asking import cancel_subsidy, cancel_subsidy_for_order
from .batches import ask_for_selection, cancel_subsidies, confirm_batch
from .deciding import reopen, resolve, retry, withdraw
from .drafting import draft_batch, renew_draft
from .looking_through import Given
from .pausing import pause, resume, resume_after_selftest, resume_pauses
from .profit_sharing import may_share_profit
from .retrying_refused import retry_batch, retry_refused
from .selecting import Selected
from .slices import ask_for_batch, work_on_batch
from .status import Status, neglected_since, pauses_that_hold, status
from .stopping import stop_batch
from .sweeping import process_due

__all__ = [
    "Given",
    "ProcessReport",
    "Selected",
    "Status",
    "ask_for_batch",
    "ask_for_selection",
    "cancel_subsidies",
    "cancel_subsidy",
    "cancel_subsidy_for_order",
    "confirm_batch",
    "draft_batch",
    "may_share_profit",
    "neglected_since",
    "pause",
    "pauses_that_hold",
    "process_due",
    "renew_draft",
    "reopen",
    "resolve",
    "resume",
    "resume_after_selftest",
    "resume_pauses",
    "retry",
    "retry_batch",
    "retry_refused",
    "status",
    "stop_batch",
    "withdraw",
    "work_on_batch",
]
