"""One call to WeChat Pay as an entry of a cancellation's timeline."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..models import CancellationAttempt, SubsidyCancellation
from ..outcomes import advice
from .rows import Words
from .words import local_time, text_of

MOST_CALLS = 100  # shown: one that is slowed down for a week has a thousand


@dataclass(frozen=True, slots=True)
class Call:
    """An attempt, in the words of a person."""

    attempt: CancellationAttempt

    @property
    def started(self) -> str:
        """When it began, to the second."""
        return local_time(self.attempt.started_at)

    @property
    def seconds(self) -> str:
        """How long it took, in seconds."""
        return f"{(self.attempt.ended_at - self.attempt.started_at).total_seconds():.3f}"

    @property
    def advice(self) -> Words:
        """What it means and what to do next."""
        return advice(self.attempt.reason)

    @property
    def sent(self) -> str:
        """The body as it was sent."""
        return text_of(self.attempt.request_body)

    @property
    def answer(self) -> str:
        """The body that came back, where it is kept."""
        return text_of(self.attempt.answer_body)

    @property
    def headers(self) -> str:
        """The headers of the answer by which anyone can verify it again."""
        headers = self.attempt.answer_headers
        return json.dumps(headers, indent=2, ensure_ascii=False) if headers else ""


def latest_calls(cancellation: SubsidyCancellation) -> Sequence[Call]:
    """The cancellation's latest calls, the latest first (one query)."""
    return [Call(attempt) for attempt in cancellation.attempts.order_by("-pk")[:MOST_CALLS]]
