"""What happened to a cancellation, the latest first: the calls to WeChat Pay, and what people did."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.utils import timezone

from ..models import CancellationAttempt, CancellationEvent, SubsidyCancellation
from ..outcomes import advice
from .rows import Words
from .words import local_time, text_of

MOST_ENTRIES = 100  # shown of each kind: a call that is put off for a week has a thousand


@dataclass(frozen=True, slots=True)
class Call:
    """A call to WeChat Pay, in the words of a person."""

    attempt: CancellationAttempt

    @property
    def moment(self) -> datetime:
        """When it began."""
        return self.attempt.started_at

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


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did about it."""

    event: CancellationEvent

    @property
    def moment(self) -> datetime:
        """When, as calls have it."""
        at = self.event.created_at
        return at if timezone.is_aware(at) else timezone.make_aware(at)

    @property
    def at(self) -> str:
        """When, to the second."""
        return local_time(self.event.created_at)


def timeline(cancellation: SubsidyCancellation) -> Sequence[Call | Deed]:
    """The latest calls and deeds, the latest first (two queries).

    Read where they are written: a replica may not have heard of them yet.
    """
    using = router.db_for_write(SubsidyCancellation)
    calls = cancellation.attempts.using(using).order_by("-pk")[:MOST_ENTRIES]
    deeds = cancellation.events.using(using).order_by("-pk")[:MOST_ENTRIES]
    entries: list[Call | Deed] = [*map(Call, calls), *map(Deed, deeds)]
    return sorted(entries, key=lambda entry: entry.moment, reverse=True)
