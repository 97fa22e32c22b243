"""The field in which moments are kept that decide when something is sent."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")

if TYPE_CHECKING:

    class _Field(models.Field[_Set, _Get]):
        """A field as type checkers see it: the two types tell what may be set and what is got."""

        _pyi_private_set_type: datetime
        _pyi_private_get_type: datetime
        _pyi_lookup_exact_type: datetime
else:

    class _Field(models.Field, Generic[_Set, _Get]):
        """The same when it runs, where Django's fields take no types."""


def from_microseconds(microseconds: int) -> datetime:
    """Microseconds since 1970 UTC as an aware datetime in UTC, without rounding."""
    return EPOCH + microseconds * MICROSECOND


def to_microseconds(moment: datetime) -> int:
    """A datetime as microseconds since 1970 UTC; a naive one is taken in the current time zone."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return (moment - EPOCH) // MICROSECOND


if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class ExactCharField(_CharField):
    """Text that is compared letter for letter, on MariaDB and MySQL as well.

    Their usual collations take «aB» for «Ab»: one caller's scope for another's, one order for
    another.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """The column's type, with a collation of bytes where the usual one is of letters."""
        db_type = super().db_type(connection)
        if connection.vendor != "mysql":
            return db_type
        return f"{db_type} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


class InstantField(_Field[_Set, _Get]):
    """A moment: an aware datetime in UTC in Python, integer microseconds since 1970 UTC in the database.

    A DateTimeField holds local time where USE_TZ is off, so that two hosts with different
    TIME_ZONE settings, or one hour of one autumn night, would disagree on what is due. An integer
    means the same to every process and every database.
    """

    description = _("Moment (microseconds since 1970 UTC)")

    def get_internal_type(self) -> str:
        """The column is a plain 64-bit integer on every database."""
        return "BigIntegerField"

    def from_db_value(
        self, value: int | None, expression: object, connection: BaseDatabaseWrapper
    ) -> datetime | None:
        """What the database holds, as a datetime."""
        return None if value is None else from_microseconds(value)

    def get_prep_value(self, value: Any) -> Any:
        """A datetime as what the database holds; everything else is left to Django."""
        return (
            to_microseconds(value) if isinstance(value, datetime) else super().get_prep_value(value)
        )

    def to_python(self, value: Any) -> datetime | None:
        """A datetime from what fixtures and forms give: a datetime, ISO 8601 text or microseconds."""
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int):
            return from_microseconds(value)
        parsed = parse_datetime(str(value))
        if parsed is None:
            raise ValidationError(
                _("“%(value)s” is not a moment in ISO 8601."),
                code="invalid",
                params={"value": value},
            )
        return parsed

    def value_to_string(self, obj: models.Model) -> str:
        """ISO 8601, for fixtures."""
        value: Any = self.value_from_object(obj)
        return "" if value is None else value.isoformat()
