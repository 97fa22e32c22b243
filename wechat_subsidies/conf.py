"""The one typed view of `settings.WECHAT_SUBSIDIES`.

A setting has one name everywhere: here, in the checks, in tests and in the README. Nothing is
judged here (`checks` does that, in words) and no key is read before it is needed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from .dispatch import Dispatcher

SETTING = "WECHAT_SUBSIDIES"

KeySource = str | bytes | Path | Callable[[], "str | bytes | Path"]
Scopes = Collection[str]

DISPATCHERS = {
    "inline": "wechat_subsidies.dispatch.inline.InlineDispatcher",
    "django_tasks": "wechat_subsidies.dispatch.django_tasks.DjangoTasksDispatcher",
    "celery": "wechat_subsidies.dispatch.celery.CeleryDispatcher",
}

DEFAULTS: Mapping[str, Any] = {
    "MERCHANTS": {},
    "ORDERS": {},
    "PARTIAL_REFUNDS": "ask",
    "SCOPES": None,
    "DESCRIPTION": "订单退款",
    "DISPATCHER": "inline",
    "VERIFY_REFUND": "off",
    "MAX_ATTEMPTS": 8,
    "GIVE_UP_AFTER": timedelta(days=7),
    "RETENTION_DAYS": 730,
    "API": {},
    "CELERY": {},
}
MERCHANT_DEFAULTS: Mapping[str, Any] = {
    "MCHID": "",
    "MERCHANT_SERIAL_NO": "",
    "PRIVATE_KEY": None,
    "WECHATPAY_PUBLIC_KEY_ID": "",
    "WECHATPAY_PUBLIC_KEY": None,
    "API_V3_KEY": None,
    "BASE_URL": "https://api.mch.weixin.qq.com",
    "BACKUP_URL": None,
    "TIMEOUT": (5, 10),
    "RATE_LIMIT": 200,
    "SEND_REFUND_ID": True,
}
API_DEFAULTS: Mapping[str, Any] = {
    "PERMISSION_CLASSES": None,
    "THROTTLE_RATE": None,
    "MAX_BATCH": 1000,
}
CELERY_DEFAULTS: Mapping[str, Any] = {"QUEUE": None}


KEYS = ("PRIVATE_KEY", "WECHATPAY_PUBLIC_KEY", "API_V3_KEY")  # a secret, or taken for another


class ConcealedKey:
    """A key's source that shows nobody what it is: crash reports show the variables of all frames.

    Called, it gives the key, as any callable in the settings does.
    """

    __slots__ = ("_source",)

    def __init__(self, source: KeySource) -> None:
        self._source = source

    def __call__(self) -> str | bytes | Path:
        """What the host set, or what its callable returns."""
        return self._source() if callable(self._source) else self._source


def concealed(merchants: Any) -> Any:
    """The setting MERCHANTS with the keys that are given concealed; what is no mapping as it is."""
    if not isinstance(merchants, Mapping):
        return merchants
    return {
        name: {key: concealed_value(key, merchant[key]) for key in merchant}
        if isinstance(merchant, Mapping)
        else merchant
        for name, merchant in merchants.items()
    }


def concealed_value(key: Any, value: Any) -> Any:
    """A merchant's value, concealed if it is a key; an empty one stays recognisable as such."""
    is_empty = value is None or (isinstance(value, str | bytes) and not value)
    return value if key not in KEYS or is_empty else ConcealedKey(value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MerchantSettings:
    """One entry of `MERCHANTS`. Where keys are kept is left out of its `repr`: it may be a key.

    Each is equal to itself alone, so that it can be a key of a cache whatever it was set to.
    """

    name: str
    mchid: str
    merchant_serial_no: str
    private_key: KeySource | None = field(repr=False)
    wechatpay_public_key_id: str
    wechatpay_public_key: KeySource | None = field(repr=False)
    api_v3_key: KeySource | None = field(repr=False)
    base_url: str
    backup_url: str | None
    timeout: tuple[float, float]
    rate_limit: int | None
    send_refund_id: bool

    @classmethod
    def from_setting(cls, *, name: str, setting: Mapping[str, Any]) -> "MerchantSettings":
        """The entry `name`, completed with the defaults; unknown keys are left to the checks."""
        values = {
            key.lower(): setting.get(key, default) for key, default in MERCHANT_DEFAULTS.items()
        }
        values["timeout"] = tuple(values["timeout"])
        return cls(name=name, **values)


class AppSettings:
    """`settings.WECHAT_SUBSIDIES` with its defaults, read when first asked for."""

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """The setting as the host wrote it, with keys concealed."""
        setting = getattr(django_settings, SETTING, {})
        if not isinstance(setting, Mapping) or "MERCHANTS" not in setting:
            return setting  # of any kind: the checks say so
        return {**setting, "MERCHANTS": concealed(setting["MERCHANTS"])}

    def get(self, name: str) -> Any:
        """One key of the setting, or its default."""
        return self.raw.get(name, DEFAULTS[name])

    @cached_property
    def merchants(self) -> Mapping[str, MerchantSettings]:
        """The platform merchants by the name that the host gave them."""
        return {
            name: MerchantSettings.from_setting(name=name, setting=setting)
            for name, setting in self.get("MERCHANTS").items()
        }

    def merchant(self, name: str) -> MerchantSettings:
        """The platform merchant of that name; raises ImproperlyConfigured if there is none."""
        try:
            return self.merchants[name]
        except KeyError:
            known = ", ".join(sorted(self.merchants)) or "none"
            message = f"{SETTING}['MERCHANTS'] has no merchant “{name}”; it has: {known}."
            raise ImproperlyConfigured(message) from None

    @property
    def orders(self) -> Mapping[str, Any] | str:
        """How a shop's orders plug in: mappings by model label, or the path of an OrderAdapter."""
        return self.get("ORDERS")  # type: ignore[no-any-return]  # settings are untyped

    @property
    def partial_refunds(self) -> str:
        """What is done about partly refunded orders: "ask", "refuse" or "allow"."""
        return str(self.get("PARTIAL_REFUNDS"))

    @property
    def scopes(self) -> Callable[[HttpRequest], Scopes | None] | None:
        """Which scopes a request may see; None: no scopes are in use."""
        return loaded(self.get("SCOPES"))  # type: ignore[no-any-return]

    @property
    def description(self) -> str:
        """The description sent where neither the caller nor the order has one."""
        return str(self.get("DESCRIPTION"))

    @cached_property
    def dispatcher(self) -> "Dispatcher":
        """What decides when sending happens."""
        return import_string(self.dispatcher_path)()  # type: ignore[no-any-return]

    @property
    def dispatcher_path(self) -> Any:
        """The dotted path of its class; of any kind if the host set it so: the checks say it."""
        value = self.get("DISPATCHER")
        return DISPATCHERS.get(value, value) if isinstance(value, str) else value

    @property
    def verify_refund(self) -> str:
        """Whether WeChat Pay is asked for the refund first: "off", "exists" or "succeeded"."""
        return str(self.get("VERIFY_REFUND"))

    @property
    def max_attempts(self) -> int:
        """After how many calls with unknown outcome a person has to look."""
        return int(self.get("MAX_ATTEMPTS"))

    @property
    def give_up_after(self) -> timedelta:
        """For how long calls that never got through are repeated."""
        return self.get("GIVE_UP_AFTER")  # type: ignore[no-any-return]

    @property
    def retention(self) -> timedelta:
        """For how long the calls made for a finished cancellation are kept."""
        return timedelta(days=self.get("RETENTION_DAYS"))

    @cached_property
    def api(self) -> Mapping[str, Any]:
        """The settings of the REST API, completed with the defaults."""
        return {**API_DEFAULTS, **self.get("API")}

    @property
    def celery(self) -> Mapping[str, Any]:
        """The settings of the Celery dispatcher, completed with the defaults."""
        return {**CELERY_DEFAULTS, **self.get("CELERY")}


def loaded(value: Any) -> Any:
    """What a setting stands for that may be the dotted path of an object or the object itself."""
    return import_string(value) if isinstance(value, str) else value


app_settings = AppSettings()


def forget_settings(*, setting: str, **kwargs: object) -> None:
    """Read the setting anew after a test has changed it."""
    if setting == SETTING:
        vars(app_settings).clear()


setting_changed.connect(forget_settings)
