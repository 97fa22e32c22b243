"""The field in which moments are kept that decide when something is sent."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

if TYPE_CHECKING:
    _Field = models.Field[datetime, datetime]
else:
    _Field = models.Field


def from_microseconds(microseconds: int) -> datetime:
    """Microseconds since 1970 UTC as an aware datetime in UTC, without rounding."""
    return EPOCH + microseconds * MICROSECOND


def to_microseconds(moment: datetime) -> int:
    """A datetime as microseconds since 1970 UTC; a naive one is taken in the current time zone."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return (moment - EPOCH) // MICROSECOND


class InstantField(_Field):
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
        value = self.value_from_object(obj)
        return "" if value is None else value.isoformat()
