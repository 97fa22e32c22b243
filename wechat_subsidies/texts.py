"""Text of others, made fit to be stored: names, order numbers, what WeChat Pay said."""

import re
from typing import Final

UNSTORABLE: Final = re.compile("[\0\U00010000-\U0010ffff]")


def storable(text: str | None, *, limit: int) -> str:
    """Text that every supported database stores, cut to `limit` characters.

    NUL, which PostgreSQL refuses, lone surrogates, which cannot be encoded, and characters beyond
    U+FFFF, which a three-byte UTF-8 table of MariaDB refuses, are replaced by «�» or «?».
    """
    given = text or ""
    # As nearly all of them: a score of texts are recorded for every call.
    if given.isascii() and "\0" not in given:
        return given[:limit]
    encodable = given.encode("utf-8", "replace").decode("utf-8")
    return UNSTORABLE.sub("\ufffd", encodable)[:limit]
