"""How commands say what was left out."""

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from wechat_subsidies.conf import app_settings
from wechat_subsidies.orders import ReasonCode

WITH_PARTIAL: Final = (ReasonCode.PARTLY_REFUNDED, ReasonCode.AMOUNTS_UNKNOWN)


def left_out_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """A line for each reason, the most frequent first."""
    for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        reason = ReasonCode(code).label if code in ReasonCode else code
        words = _("%(count)d left out: %(reason)s") % {"count": count, "reason": reason}
        if code in WITH_PARTIAL and app_settings.partial_refunds == "ask":
            hint = _("With --partial they are asked for, too.")
            words = f"{words} {hint}"
        yield words
