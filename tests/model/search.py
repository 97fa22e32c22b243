"""Every state that can be reached, breadth first: the first violation has the shortest trace."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .invariants import Invariant


class Step(NamedTuple):
    """What happens, in words, what is then, and what it breaks."""

    words: str
    world: Hashable
    broken: Invariant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant that does not hold, and the shortest way there."""

    invariant: Invariant
    trace: Sequence[str]

    def __str__(self) -> str:
        steps = "\n".join(f"{number}. {words}" for number, words in enumerate(self.trace, 1))
        return f"Broken: {self.invariant}\n{steps}"


@dataclass(slots=True, kw_only=True, repr=False)
class Found:
    """What a search came to. States are known by the number in which they were reached."""

    worlds: list[Any] = field(default_factory=list)
    happened: set[str] = field(default_factory=set)
    violation: Violation | None = None
    _reached: list[tuple[int, str]] = field(default_factory=list)  # first from which, and how
    _before: list[list[tuple[int, str]]] = field(default_factory=list)  # from which at all

    def add(self, world: Hashable, *, origin: int, words: str) -> None:
        """A state that was not seen before."""
        self.worlds.append(world)
        self._reached.append((origin, words))
        self._before.append([])

    def connect(self, origin: int, number: int, words: str) -> None:
        """A step from one state to another."""
        self.happened.add(words)
        self._before[number].append((origin, words))

    def way_to(self, number: int) -> tuple[str, ...]:
        """The shortest way from the start to this state."""
        trace = []
        while number:
            number, words = self._reached[number]
            trace.append(words)
        return tuple(trace[::-1])

    def without_way(
        self, *, is_end: Callable[[Any], bool], is_allowed: Callable[[str], bool]
    ) -> list[Any]:
        """The states from which no sequence of allowed steps leads to an end."""
        queue = deque(number for number, world in enumerate(self.worlds) if is_end(world))
        has_way = set(queue)
        while queue:
            for origin, words in self._before[queue.popleft()]:
                if origin not in has_way and is_allowed(words):
                    has_way.add(origin)
                    queue.append(origin)
        return [world for number, world in enumerate(self.worlds) if number not in has_way]


def search(start: Hashable, steps: Callable[[Any], Iterable[Step]]) -> Found:
    """Follow every step from every state, until nothing is new or something is broken."""
    numbers = {start: 0}
    found = Found()
    found.add(start, origin=0, words="")
    for origin, world in enumerate(found.worlds):  # which grows meanwhile
        for words, after, broken in steps(world):
            if broken:
                trace = (*found.way_to(origin), words)
                found.violation = Violation(invariant=broken, trace=trace)
                return found
            number = numbers.setdefault(after, len(numbers))
            if number == len(found.worlds):
                found.add(after, origin=origin, words=words)
            found.connect(origin, number, words)
    return found
