"""Lists that are never counted to the end."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

MOST: Final = 10_000  # rows counted, and shown page by page; filters and search lead to the others


class BoundedPaginator(_Paginator):
    """Counts up to `MOST`, however many rows there are."""

    @cached_property
    def found(self) -> int:
        """How many there are, `MOST + 1` standing for all that are more."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # of a ChangeList
        return rows.order_by()[: MOST + 1].count()

    @property
    def count(self) -> int:
        """How many are shown."""
        return min(self.found, MOST)


class BoundedChangeList(ChangeList):
    """Knows whether there are more than it shows, for the words below the list."""

    has_more = False

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, and their number as far as it is counted."""
        super().get_results(request)
        self.has_more = self.paginator.found > MOST
