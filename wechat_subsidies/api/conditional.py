"""`ETag` and `If-None-Match`: whoever looks again at what has not changed gets no body.

The tag is of what is shown, not of the row: it changes with the words of another language, with a
page's neighbours, with what somebody may see.
"""

import json
from hashlib import sha256
from typing import Final

from django.utils.http import parse_etags, quote_etag
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from rest_framework.utils.encoders import JSONEncoder

DIGITS: Final = 32  # hexadecimal, of a tag


def answer(request: Request, response: Response) -> None:
    """Give the answer to a GET its tag, and take its body away from who has the same already.

    Pages for people, which show more than the data, are left alone.
    """
    is_shown = request.method in {"GET", "HEAD"} and response.status_code == HTTP_200_OK
    if not is_shown or response.accepted_renderer.format in {"api", "admin", "html"}:
        return
    tag = tag_of(response)
    response["ETag"] = tag
    response.setdefault("Cache-Control", "private, no-cache")  # to be kept, and asked for again
    if is_known(tag, request=request):
        say_nothing(response)


def say_nothing(response: Response) -> None:
    """Make it a 304 without a body; not left to the renderer, which may wrap whatever there is."""
    response.status_code = HTTP_304_NOT_MODIFIED
    response.data = None
    response.content = b""  # taken as rendered from here on
    del response["Content-Type"]


def tag_of(response: Response) -> str:
    """A weak tag: the same for the same data in the same format, compressed or not."""
    shown = json.dumps(response.data, cls=JSONEncoder, sort_keys=True, default=str)
    digest = sha256(f"{response.accepted_media_type}\n{shown}".encode(errors="backslashreplace"))
    return f"W/{quote_etag(digest.hexdigest()[:DIGITS])}"


def is_known(tag: str, *, request: Request) -> bool:
    """Whether the caller has what this tag stands for."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag.removeprefix("W/") in {each.removeprefix("W/") for each in known}
