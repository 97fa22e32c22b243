"""Amounts and moments as people read them."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import number_format


def yuan(fen: int | None) -> str:
    """An amount in fen as yuan, such as ¥1,234.50; empty for None."""
    if fen is None:
        return ""
    amount = number_format(Decimal(abs(fen)) / 100, decimal_pos=2, force_grouping=True)
    return f"{'-' if fen < 0 else ''}¥{amount}"


def local_time(moment: datetime | None) -> str:
    """A moment in the current time zone to the second; empty for None.

    Aware moments are converted also where USE_TZ is off, which Django's own filters do not.
    """
    if moment is None:
        return ""
    if timezone.is_aware(moment):
        moment = timezone.localtime(moment)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def text_of(stored: bytes | memoryview | None) -> str:
    """Stored bytes as text; what is not UTF-8 is shown as replacement characters."""
    return bytes(stored or b"").decode("utf-8", "replace")
