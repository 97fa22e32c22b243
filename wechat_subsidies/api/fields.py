"""Fields of bodies and answers that are stricter than DRF's own."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.utils import html

from ..models.sending import NOTE_LENGTH
from ..texts import storable

LARGEST_INTEGER: Final = 2**63 - 1  # what a key, and every other integer of a database, may be
LARGEST_POSITION: Final = 2**31 - 1
MUST_BE_TEXT = _("Must be text, not {kind}.")


class TextField(serializers.CharField):
    """Text and nothing else, as it is: for an identifier, 1e3 and "1000" and "1000 " are not the same."""

    default_error_messages = {"wrong_type": MUST_BE_TEXT}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The text. Fails with `wrong_type` for anything else."""
        if not isinstance(data, str):
            self.fail("wrong_type", kind=type(data).__name__)
        return data


class IdentifierField(TextField):
    """An identifier of WeChat Pay's: ASCII letters, digits and `_-|*@`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(
            RegexValidator(
                r"\A[A-Za-z0-9_\-|*@]+\Z",
                message=_("May consist of ASCII letters, digits and _-|*@ only."),
                code="invalid_characters",
            )
        )


class NoteField(TextField):
    """What a person wants to be remembered, made fit to be stored on every database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NOTE_LENGTH, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The note. Raises ValidationError for what is none."""
        return storable(super().run_validation(data), limit=NOTE_LENGTH)


class SeveralField(serializers.Field[list[Any], Any, Any, Any]):
    """One value or several in an address, separated by commas."""

    MOST = 50

    default_error_messages = {"too_many": _("At most {most} values.")}

    def __init__(self, *, child: "serializers.Field[Any, Any, Any, Any]") -> None:
        super().__init__(required=False)
        self.child = child
        child.bind(field_name="", parent=self)  # type: ignore[arg-type]  # as ListField does

    def to_internal_value(self, data: Any) -> list[Any]:
        """The values. Raises ValidationError for the first that is wrong."""
        texts = str(data).split(",")
        if len(texts) > self.MOST:
            self.fail("too_many", most=self.MOST)
        return [self.child.run_validation(text) for text in texts]


class KeyField(TextField):
    """The key of a row of the host's, as text; integers are taken as well, as keys often are."""

    default_error_messages = {"wrong_type": _("Must be text or an integer, not {kind}.")}

    def to_internal_value(self, data: Any) -> str:
        """The key as text. Fails with `wrong_type` for anything else, true and false included."""
        is_integer = isinstance(data, int) and not isinstance(data, bool)
        return super().to_internal_value(str(data) if is_integer else data)


class PositionField(serializers.IntegerField):
    """The position of an item in its batch."""

    default_error_messages = {"wrong_type": _("Must be an integer, not {kind}.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LARGEST_POSITION, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The position. Fails with `wrong_type` for anything else than an integer."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("wrong_type", kind=type(data).__name__)
        return data


class YesNoField(serializers.BooleanField):
    """true or false; what stands for them as text is taken from forms only."""

    default_error_messages = {"wrong_type": _("Must be true or false, not {kind}.")}

    def to_internal_value(self, data: Any) -> bool:
        """The answer. Fails with `wrong_type` for what would have to be interpreted."""
        is_form = html.is_html_input(getattr(self.root, "initial_data", None))
        if not is_form and not isinstance(data, bool):
            self.fail("wrong_type", kind=type(data).__name__)
        return bool(super().to_internal_value(data))


class MomentField(serializers.Field[datetime, Any, str, Any]):
    """A moment in ISO 8601 and UTC, such as `2026-11-23T08:00:00Z`, whatever USE_TZ and the formats are.

    One that is given needs a time zone; it is taken as the columns of Django's own kind hold it.
    """

    default_error_messages = {
        "invalid": _("Not a moment in ISO 8601 with a time zone, such as 2026-11-23T08:00:00Z.")
    }

    def to_internal_value(self, data: Any) -> datetime:
        """The moment. Fails with `invalid` for what is none, or has no time zone."""
        try:
            moment = parse_datetime(str(data))
            if moment is None or timezone.is_naive(moment):
                self.fail("invalid")
            return as_stored(within_reach(moment))
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        """The moment as text. A naive one, as stored without USE_TZ, is in the site's TIME_ZONE."""
        if timezone.is_naive(value):
            value = timezone.make_aware(value, timezone.get_default_timezone())
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def as_stored(moment: datetime) -> datetime:
    """An aware moment as a DateTimeField holds it: without USE_TZ in the site's time zone, naive."""
    if settings.USE_TZ:
        return moment.astimezone(UTC)
    return timezone.make_naive(moment, timezone.get_default_timezone())


def stored_moment(text: str) -> datetime:
    """A moment that a DateTimeField held, from its text. Raises ValueError for what is none."""
    moment = within_reach(datetime.fromisoformat(text))
    if timezone.is_naive(moment) == settings.USE_TZ:
        raise ValueError
    # An offset may have microseconds, which PostgreSQL does not read.
    return moment.astimezone(UTC) if settings.USE_TZ else moment


def within_reach(moment: datetime) -> datetime:
    """The moment, if it is one in every time zone. Raises ValueError for the years at both ends.

    A query has it in UTC, in the site's time zone and in that of the database; each is up to a day
    off, and beyond the year 1 or 9999 there is nothing.
    """
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError
    return moment
