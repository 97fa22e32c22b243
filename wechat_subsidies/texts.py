"""Text of others, made fit to be stored: names, order numbers, what WeChat Pay said."""


def storable(text: str | None, *, limit: int) -> str:
    """Text that every supported database stores, cut to `limit` characters.

    NUL, which PostgreSQL refuses, lone surrogates, which cannot be encoded, and characters beyond
    U+FFFF, which a three-byte UTF-8 table of MariaDB refuses, are replaced by «�» or «?».
    """
    encodable = (text or "").encode("utf-8", "replace").decode("utf-8")
    kept = ("\ufffd" if each == "\0" or each > "\uffff" else each for each in encodable)
    return "".join(kept)[:limit]
