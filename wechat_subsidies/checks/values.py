"""The setting as a whole: its keys and its simple values."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.core.checks import Error, register
from django.utils.module_loading import import_string

from ..conf import API_DEFAULTS, CELERY_DEFAULTS, DEFAULTS, DISPATCHERS, app_settings
from ..wechatpay import InvalidParameter, check_description
from .messages import error, unknown_keys

CHOICES = {
    "PARTIAL_REFUNDS": ("ask", "refuse", "allow"),
    "VERIFY_REFUND": ("off", "exists", "succeeded"),
}


@register("wechat_subsidies")
def check_values(**kwargs: object) -> list[Error]:
    """Check WECHAT_SUBSIDIES itself: is it there, are its keys known and its values possible?"""
    raw = app_settings.raw
    if not isinstance(raw, Mapping) or not raw:
        found = "is not set." if not raw else f"is {type(raw).__name__}, not a dictionary."
        hint = "Set it to a dictionary with at least 'MERCHANTS' and 'ORDERS'; see the README."
        return [error("", found, hint=hint, number=1)]
    return [
        *unknown_keys("", raw, DEFAULTS),
        *nested_errors(raw),
        *choice_errors(),
        *number_errors(),
        *path_errors(),
        *description_errors(),
    ]


def nested_errors(raw: Mapping[str, Any]) -> Iterator[Error]:
    """Mistakes in the keys of API and CELERY."""
    for name, known in (("API", API_DEFAULTS), ("CELERY", CELERY_DEFAULTS)):
        value = raw.get(name, {})
        if isinstance(value, Mapping):
            yield from unknown_keys(f"['{name}']", value, known)
        else:
            hint = f"Give a dictionary with some of: {', '.join(known)}."
            yield error(f"['{name}']", "is not a dictionary.", hint=hint, number=3)


def choice_errors() -> Iterator[Error]:
    """Settings that have few possible values."""
    for name, choices in CHOICES.items():
        value = app_settings.get(name)
        if value not in choices:
            hint = f"Put one of: {', '.join(map(repr, choices))}."
            yield error(f"['{name}']", f"is {value!r}.", hint=hint, number=3)


def number_errors() -> Iterator[Error]:
    """Settings that are numbers or durations above zero."""
    for name in ("MAX_ATTEMPTS", "RETENTION_DAYS"):
        value = app_settings.get(name)
        if not is_number(value) or int(value) != value or value < 1:
            yield error(f"['{name}']", f"is {value!r}.", hint="Put an integer above 0.", number=3)
    give_up_after = app_settings.get("GIVE_UP_AFTER")
    if not isinstance(give_up_after, timedelta) or give_up_after <= timedelta(0):
        hint = "Put a datetime.timedelta above zero, such as timedelta(days=7)."
        yield error("['GIVE_UP_AFTER']", f"is {give_up_after!r}.", hint=hint, number=3)


def is_number(value: object) -> bool:
    """Whether it is a number; True and False are none here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def path_errors() -> Iterator[Error]:
    """Settings that name something to import."""
    for name, number in (("DISPATCHER", 4), ("SCOPES", 5)):
        value = app_settings.get(name)
        if name == "DISPATCHER":
            value = DISPATCHERS.get(value, value)
        if value is None or callable(value):
            continue
        try:
            import_string(value)
        except (ImportError, TypeError, AttributeError) as problem:
            known = (
                f"one of {', '.join(map(repr, DISPATCHERS))}, or " if name == "DISPATCHER" else ""
            )
            yield error(
                f"['{name}']",
                f"is {app_settings.get(name)!r}, which cannot be imported: {problem}",
                hint=f"Put {known}the dotted path of what you want to use.",
                number=number,
            )


def description_errors() -> Iterator[Error]:
    """A default description that WeChat Pay would refuse."""
    description = app_settings.get("DESCRIPTION")
    try:
        check_description(description)
    except InvalidParameter as problem:
        hint = "Put a text of 1 to 80 characters without emoji and line breaks."
        yield error("['DESCRIPTION']", f"is {description!r}: {problem}.", hint=hint, number=3)
