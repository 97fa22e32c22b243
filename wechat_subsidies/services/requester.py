"""Who asks: a user of the site, or a caller known by name only."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model

from ..texts import storable

NAME_LENGTH: Final = 150  # characters of a name that are kept


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: `user` is a saved user of the site or None, `name` what is shown years later."""

    user: Any = None
    name: str = ""

    @classmethod
    def of(cls, who: Any) -> "Requester":
        """From what the services take as `requested_by`: a user, a name, or None."""
        if who is None or isinstance(who, str):
            return cls(None, storable(who, limit=NAME_LENGTH))
        if not isinstance(who, get_user_model()) or who.pk is None:  # anonymous, or no user at all
            return cls(None, storable(str(who), limit=NAME_LENGTH))
        return cls(who, storable(who.get_username(), limit=NAME_LENGTH))
