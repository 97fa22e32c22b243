"""Pages of a list, by a cursor: as fast on the last page as on the first, and without counting.

A cursor is the place of a row in the list: the value by which the list is ordered, and the row's key,
since many rows may have the same value. (DRF's own cursor counts rows of the same value, up to a
thousand; what one statement has written all has the same moment.)
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from .errors import refused
from .fields import LARGEST_INTEGER, stored_moment

LONGEST: Final = 512  # characters of a cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """By which column a list is ordered, by the key after that, and in which direction."""

    field: str
    is_descending: bool

    @classmethod
    def of(cls, text: str) -> "Ordering":
        """From what a caller gives, such as `-updated_at`."""
        return cls(field=text.lstrip("-"), is_descending=text.startswith("-"))

    def columns(self, *, is_backward: bool) -> list[str]:
        """What to order a queryset by."""
        sign = "-" if self.is_descending != is_backward else ""
        names = [self.field] if self.field == "id" else [self.field, "id"]
        return [f"{sign}{name}" for name in names]

    def after(self, place: "Place") -> Q:
        """The condition that a row comes after this place."""
        than = "lt" if self.is_descending != place.is_backward else "gt"
        key = Q(**{f"id__{than}": place.key})
        if self.field == "id":
            return key
        same = Q(**{self.field: place.value})
        # Said apart from the rest, so that an index serves it.
        from_there = Q(**{f"{self.field}__{than}e": place.value})
        return from_there & (Q(**{f"{self.field}__{than}": place.value}) | (same & key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a list: after this row, or before it where `is_backward`."""

    value: Any
    key: int
    is_backward: bool = False

    @classmethod
    def of(cls, row: Any, *, ordering: Ordering, is_backward: bool) -> "Place":
        """The place of this row."""
        return cls(value=getattr(row, ordering.field), key=row.pk, is_backward=is_backward)

    def as_text(self, ordering: Ordering) -> str:
        """The cursor of a list in this order."""
        is_moment = isinstance(self.value, datetime)
        value = self.value.isoformat() if is_moment else self.value
        parts = [ordering.field, ordering.is_descending, value, self.key, self.is_backward]
        return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()

    @classmethod
    def from_text(cls, text: str, *, ordering: Ordering) -> "Place":
        """The place that a cursor of ours stands for. Raises ValueError for any other text."""
        if len(text) > LONGEST or not text.isascii():
            raise ValueError
        field, is_descending, value, key, is_backward = json.loads(urlsafe_b64decode(text))
        is_ours = (field, is_descending) == (ordering.field, ordering.is_descending)
        if not is_ours or not is_key(key) or not isinstance(is_backward, bool):
            raise ValueError
        if field.endswith("_at"):
            value = stored_moment(value)
        elif not is_key(value):
            raise ValueError
        return cls(value=value, key=key, is_backward=is_backward)


def is_key(value: object) -> bool:
    """Whether it is an integer that a column holds."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_INTEGER


class KeysetPagination(CursorPagination):
    """Pages in the order of the view's `ordering_of`; `page_size` from 1 to 200, 50 by default."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the request's cursor names, the first page without one."""
        self.request = request
        # From what was read of the query: one that is not escaped is no address that could be followed.
        query = request.query_params.urlencode()
        self.here = f"{request.build_absolute_uri(request.path)}?{query}"
        self.ordered: Ordering = view.ordering_of(request)
        self.place = self.place_of(request)
        # As it was looked through: DRF reads the text itself, and passes over what it does not like.
        size = view.wanted.validated_data.get(self.page_size_query_param, self.page_size)
        self.found = self.rows(queryset, size=size)
        return self.found

    def place_of(self, request: Request) -> Place | None:
        """The place that the cursor names; None for the first page. Raises ValidationError."""
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return None
        try:
            return Place.from_text(text, ordering=self.ordered)
        except (ValueError, TypeError, RecursionError, OverflowError):
            raise invalid_cursor() from None

    def rows(self, queryset: Any, *, size: int) -> list[Any]:
        """The rows of the page; one more is looked for, to know whether the list goes on."""
        is_backward = self.place is not None and self.place.is_backward
        queryset = queryset.order_by(*self.ordered.columns(is_backward=is_backward))
        if self.place is not None:
            queryset = queryset.filter(self.ordered.after(self.place))
        found = list(queryset[: size + 1])
        goes_on, rows = len(found) > size, found[:size]
        is_within = self.place is not None and bool(rows)
        self.has_next = is_within if is_backward else goes_on
        self.has_previous = goes_on if is_backward else is_within
        return rows[::-1] if is_backward else rows

    def get_next_link(self) -> str | None:
        """The address of the next page."""
        return self.link(self.found[-1], is_backward=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        """The address of the page before."""
        return self.link(self.found[0], is_backward=True) if self.has_previous else None

    def link(self, row: Any, *, is_backward: bool) -> str:
        """The address of the page after this row, or before it."""
        place = Place.of(row, ordering=self.ordered, is_backward=is_backward)
        return replace_query_param(self.here, self.cursor_query_param, place.as_text(self.ordered))


def invalid_cursor() -> ValidationError:
    """What is raised for a cursor that is none of this list."""
    words = _("Not a cursor of this list. Take “next” and “previous” as they are.")
    return refused("cursor", code="invalid", words=words)
