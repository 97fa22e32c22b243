"""The setting as a whole: its keys and its simple values."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from inspect import isabstract
from typing import Any

from django.core.checks import CheckMessage, Error

from ..conf import (
    API_DEFAULTS,
    CELERY_DEFAULTS,
    DEFAULTS,
    DISPATCHERS,
    MERCHANT_DEFAULTS,
    app_settings,
)
from ..dispatch import Dispatcher
from ..wechatpay import InvalidParameter, check_description
from .imports import CannotImport, imported
from .messages import error, unknown_keys, warning
from .near_misses import hint_of

DISPATCHER_PATH = "wechat_subsidies.dispatch.Dispatcher"
ENGINE_HINTS = {
    "celery": "Install django-wechat-subsidies[celery].",
    "django_tasks": "On Django 5.2 install django-wechat-subsidies[tasks]. TASKS['default'] must be of "
    "this version's library, and have the queue 'default'.",
}
RATE = re.compile(r"\d+/(s|m|h|d)[a-z]*")
LARGEST = {"MAX_ATTEMPTS": 1000, "RETENTION_DAYS": 36_500}
LARGEST_INLINE = 10_000  # orders: what the sweep sends in a minute at 200 calls a second, and less
LONGEST = timedelta(days=3650)
CHOICES = {
    "PARTIAL_REFUNDS": ("ask", "refuse", "allow"),
    "VERIFY_REFUND": ("off", "exists", "succeeded"),
}

# Where the keys are known that somebody may have written a level too high.
FURTHER_DOWN = {
    "['API']": API_DEFAULTS,
    "['CELERY']": CELERY_DEFAULTS,
    "['MERCHANTS']['…']": MERCHANT_DEFAULTS,
}


def check_values(**kwargs: object) -> list[CheckMessage]:
    """Check WECHAT_SUBSIDIES itself: is it there, are its keys known and its values possible?"""
    raw = app_settings.raw
    if not isinstance(raw, Mapping) or not raw:
        found = "is not set." if not raw else f"is {type(raw).__name__}, not a dictionary."
        hint = (
            "Set it to a dictionary with at least 'MERCHANTS' and 'ORDERS'; see docs/settings.md."
        )
        return [error("", found, hint=hint, number=1)]
    return [
        *unknown_keys("", raw, DEFAULTS, elsewhere=FURTHER_DOWN),
        *nested_errors(raw),
        *choice_errors(),
        *number_errors(),
        *dispatcher_errors(),
        *scopes_errors(),
        *description_errors(),
        *celery_errors(),
        *api_problems(),
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
    for name, largest in LARGEST.items():
        value = app_settings.get(name)
        if not is_number(value) or not 1 <= value <= largest or int(value) != value:
            hint = f"Put an integer from 1 to {largest}."
            yield error(f"['{name}']", f"is {value!r}.", hint=hint, number=3)
    give_up_after = app_settings.get("GIVE_UP_AFTER")
    is_duration = isinstance(give_up_after, timedelta)
    if not is_duration or not timedelta(0) < give_up_after <= LONGEST:
        hint = "Put a datetime.timedelta above zero and up to ten years, such as timedelta(days=7)."
        yield error("['GIVE_UP_AFTER']", f"is {give_up_after!r}.", hint=hint, number=3)


def is_number(value: object) -> bool:
    """Whether it is a number; True and False are none here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def dispatcher_errors() -> Iterator[CheckMessage]:
    """A DISPATCHER that is none, or whose engine is not set up."""
    value = app_settings.get("DISPATCHER")
    try:
        found = imported(app_settings.dispatcher_path)
    except CannotImport as problem:
        words = f"is {value!r}, which cannot be imported: {problem}"
        yield error("['DISPATCHER']", words, hint=dispatcher_hint(value), number=4)
        return
    if is_dispatcher(found):
        yield from engine_errors(value)
    else:
        words = f"is {value!r}, which is no complete Dispatcher."
        yield error("['DISPATCHER']", words, hint=dispatcher_hint(value), number=4)


def is_dispatcher(found: Any) -> bool:
    """Whether it is a Dispatcher's class that lacks nothing."""
    return isinstance(found, type) and issubclass(found, Dispatcher) and not isabstract(found)


def engine_errors(value: Any) -> Iterator[CheckMessage]:
    """What the DISPATCHER itself says is amiss; or that it cannot be made or asked."""
    try:
        if amiss := app_settings.dispatcher.problem():
            yield warning("['DISPATCHER']", amiss.words, hint=amiss.hint, number=4)
    except Exception as problem:  # noqa: BLE001  (whatever the shop's code may raise)
        words = f"is {value!r}, which failed: {problem!r}."
        hint = "It is made without arguments, and problem() returns a Problem or None."
        yield error("['DISPATCHER']", words, hint=hint, number=4)


def dispatcher_hint(value: object) -> str:
    """What to do about a DISPATCHER that cannot be used."""
    if isinstance(value, str) and value in ENGINE_HINTS:
        return ENGINE_HINTS[value]
    near = get_close_matches(value, DISPATCHERS, n=1) if isinstance(value, str) else []
    if near:
        return f"Did you mean '{near[0]}'?"
    known = ", ".join(map(repr, DISPATCHERS))
    kind = f"Put one of {known}, or the dotted path of a subclass of {DISPATCHER_PATH}."
    return hint_of(value, fits=is_dispatcher, otherwise=kind)


def scopes_errors() -> Iterator[Error]:
    """SCOPES that cannot be called."""
    value = app_settings.get("SCOPES")
    if value is None or callable(value):
        return
    hint = "Put a function (request) that returns scopes, its dotted path, or None."
    try:
        found = imported(value)
    except CannotImport as problem:
        words = f"is {value!r}, which cannot be imported: {problem}"
        near = hint_of(value, fits=callable, otherwise=hint)
        yield error("['SCOPES']", words, hint=near, number=5)
        return
    if not callable(found):
        words = f"is {value!r}, which cannot be called."
        yield error("['SCOPES']", words, hint=hint, number=5)


def description_errors() -> Iterator[Error]:
    """A default description that WeChat Pay would refuse."""
    description = app_settings.get("DESCRIPTION")
    try:
        check_description(description)
    except InvalidParameter as problem:
        hint = "Put a text of 1 to 80 characters without emoji and line breaks."
        yield error("['DESCRIPTION']", f"is {description!r}: {problem}.", hint=hint, number=3)


def celery_errors() -> Iterator[Error]:
    """A queue that has no name."""
    celery = app_settings.get("CELERY")
    if not isinstance(celery, Mapping):
        return  # named by nested_errors
    queue = celery.get("QUEUE")
    if queue is not None and not (isinstance(queue, str) and queue):
        hint = "Put a queue's name, or None to leave it to Celery's routing."
        yield error("['CELERY']['QUEUE']", f"is {queue!r}.", hint=hint, number=3)


def api_problems() -> Iterator[CheckMessage]:
    """Values of API that its views could not use, or that ask too much of who sends."""
    api = app_settings.get("API")
    if not isinstance(api, Mapping):
        return  # named by nested_errors
    classes = api.get("PERMISSION_CLASSES")
    if classes is not None and not are_importable(classes):
        hint = "Put a list of DRF permission classes or their dotted paths, or None for ours."
        yield error("['API']['PERMISSION_CLASSES']", f"is {classes!r}.", hint=hint, number=6)
    rate = api.get("THROTTLE_RATE")
    if rate is not None and not (isinstance(rate, str) and RATE.fullmatch(rate)):
        hint = "Put a rate such as '100/minute', or None for no limit of ours."
        yield error("['API']['THROTTLE_RATE']", f"is {rate!r}.", hint=hint, number=6)
    largest = api.get("MAX_BATCH", API_DEFAULTS["MAX_BATCH"])
    if not isinstance(largest, int) or isinstance(largest, bool) or largest < 1:
        hint = "Put an integer above 0."
        yield error("['API']['MAX_BATCH']", f"is {largest!r}.", hint=hint, number=6)
    elif largest > LARGEST_INLINE and app_settings.dispatcher_path == DISPATCHERS["inline"]:
        found = f"is {largest}, and with DISPATCHER 'inline' the sweep alone sends what a batch asks for."
        hint = f"Put up to {LARGEST_INLINE}, or set DISPATCHER to 'celery' or 'django_tasks'."
        yield warning("['API']['MAX_BATCH']", found, hint=hint, number=7)


def are_importable(classes: Any) -> bool:
    """Whether it is a list of classes or of dotted paths of them."""
    if isinstance(classes, str) or not isinstance(classes, Collection):
        return False
    try:
        return all(isinstance(each, type) or callable(imported(each)) for each in classes)
    except CannotImport:
        return False
