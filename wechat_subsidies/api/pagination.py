"""Pages of a list, by a cursor: as fast on the last page as on the first, and without counting."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from .errors import refused

LONGEST_KEY = 18  # digits of the keys that fit into 64 bits whatever the digits are


class NewestFirst(CursorPagination):
    """By key, the newest first; `page_size` from 1 to 200, 50 where the caller does not say."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request, None for the first page.

        Raises ValidationError for one that we did not make; DRF would look for any text as a key.
        """
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise invalid_cursor() from None
        if cursor is not None and not is_key(cursor.position):
            raise invalid_cursor()
        return cursor


def is_key(position: object) -> bool:
    """Whether a cursor's position is the text of a key, or None."""
    text = "0" if position is None else str(position)
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def invalid_cursor() -> ValidationError:
    """What is raised for a cursor that we did not make."""
    words = _("Not a cursor of this list. Take “next” and “previous” as they are.")
    return refused("cursor", code="invalid", words=words)
