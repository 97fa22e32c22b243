"""The rules of sending that can be taken out of the model, by what they are for."""

from enum import Enum


class Rule(Enum):
    """Each rule's number, and in words what a sender without it would do."""

    DATABASE_CLOCK = "2", "each host judges by its own clock what is due, and one is ahead"
    ONE_SECOND = "3", "a claim takes whatever is due"
    LOST = "4 (attempt)", "an expired lease is taken over, and nothing written down of its call"
    LOST_COUNTS = "4 (count)", "a lost call does not count as one with unknown outcome"
    COMMITTED = "5", "what was claimed is sent though the claim's COMMIT failed"
    START_BY = "6", "the first byte is written however late it has become"
    GRACE = "7", "a call with unknown outcome is repeated as soon as it is over"
    END_OF_CALL = "7 (people)", "a person's retry does not wait for the end of the call before"
    SEEN_LATER = "7 (resolving)", "a person calls it failed while the gateway may be at work on it"
    NO_REPEAT = "8", "a connection that dies is retried in place"
    TOKEN = "10 (token)", "whoever comes back writes the row"
    LATE_SUCCESS = "10 (success)", "a late success is only written down as an attempt"
    DOUBT = "11", "every refusal is taken for a failure"
    TRIES = "12", "unknown outcomes are not counted"

    def __init__(self, number: str, without: str) -> None:
        self.number = number
        self.without = without


ALL = frozenset(Rule)
