"""What people say about what they do: notes of decisions and stops, reasons of pauses."""

from django.utils.translation import gettext as _

from ..exceptions import InvalidRequest
from ..models.sending import NOTE_LENGTH
from ..texts import storable


def checked_note(note: str, *, missing: str = "", field: str = "note") -> str:
    """The note as it is kept; `missing` is said of one that is required and is not there.

    Raises InvalidRequest for that, and for one that is too long: its end may be what matters.
    """
    if missing and not note.strip():
        raise InvalidRequest(missing, fields={field: ("required", missing)})
    if len(note) > NOTE_LENGTH:
        words = _("The note has more than %(most)d characters.") % {"most": NOTE_LENGTH}
        raise InvalidRequest(words, fields={field: ("too_long", words)})
    return storable(note, limit=NOTE_LENGTH)
