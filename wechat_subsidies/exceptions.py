"""What the services raise, for what was not recorded.

    SubsidyError
    ├── InvalidRequest          something asked for is missing, malformed or unknown
    ├── NotEligible             the order's subsidy is not to be cancelled (now)
    ├── SeveralTransactions     the order holds several WeChat transactions: name one, or use a batch
    ├── Conflict                what is recorded does not allow it (carries `.cancellation`)
    ├── ForeignTransaction      a transaction is open on another database than ours
    └── ConcurrentRequest       somebody else is recording the same order at this moment: try again

Each has a stable `code` for machines and words for people.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from .models import SubsidyCancellation

Words = str | Promise


class SubsidyError(Exception):
    """Something asked of this package was not done, and nothing was recorded.

    `code` is a stable word for machines; `message` says what happened and what to do.
    """

    code = "error"

    def __init__(self, message: Words, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class InvalidRequest(SubsidyError):
    """Something asked for is missing, malformed or unknown.

    `fields` maps the names of parameters to `(code, words)`.
    """

    code = "invalid"

    def __init__(
        self,
        message: Words,
        *,
        code: str | None = None,
        fields: Mapping[str, tuple[str, Words]] | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class NotEligible(SubsidyError):
    """The order's subsidy is not to be cancelled, or not yet; `code` is a `orders.ReasonCode`."""

    code = "not_eligible"


class SeveralTransactions(SubsidyError):
    """The order holds several WeChat transactions, and one was asked for."""

    code = "several_transactions"


class Conflict(SubsidyError):
    """What is recorded for this transaction does not allow what was asked; see `cancellation`.

    Codes: `other_merchant`, `other_order`, `in_progress`, `frozen`.
    """

    code = "conflict"

    def __init__(self, message: Words, *, code: str, cancellation: "SubsidyCancellation") -> None:
        super().__init__(message, code=code)
        self.cancellation = cancellation


class ForeignTransaction(SubsidyError):
    """A transaction is open on another database than ours, so sending could not wait for its commit."""

    code = "foreign_transaction"


class ConcurrentRequest(SubsidyError):
    """The same transaction is being recorded at this moment by somebody whom we cannot see yet."""

    code = "try_again"
