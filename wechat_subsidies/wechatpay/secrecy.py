"""Keeping secrets out of what is shown of a program that failed.

Debug pages and crash reports show the variables of every frame that an exception came through, by
their repr: ours, and those of the libraries below us.
"""

import traceback

__all__ = ["SecretText", "forget_variables"]


class SecretText(str):
    """Text to be sent, and not to be shown: all of a str but its repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"


def forget_variables(error: BaseException, *, but_of: BaseException | None) -> None:
    """Empty the frames that an exception came through so far, and those of all it was caused by.

    Which lines they were is still told. A frame that is still running keeps its variables. So do
    those of ``but_of``, the exception that was being handled when we were called: they are the
    host's, and emptying them would end a generator of its that waits.
    """
    seen = {id(but_of)}
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            traceback.clear_frames(each.__traceback__)
            left += [each.__cause__, each.__context__]
