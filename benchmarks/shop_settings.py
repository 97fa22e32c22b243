"""The settings of a shop with many orders: the example's, on the database of a benchmark."""

from example_project.settings import *  # noqa: F403

from . import settings
from .gateway import KEY_ID, MCHID, SERIAL_NO

DATABASES = settings.DATABASES  # type: ignore[assignment]  # of other types than the example's
DEBUG = False
ALLOWED_HOSTS = ["testserver"]  # as Django's test client calls it
WECHAT_SUBSIDIES = {
    **WECHAT_SUBSIDIES,  # noqa: F405
    "MERCHANTS": {  # nothing is sent: there are no keys
        "default": {
            "MCHID": MCHID,
            "MERCHANT_SERIAL_NO": SERIAL_NO,
            "WECHATPAY_PUBLIC_KEY_ID": KEY_ID,
            "RATE_LIMIT": None,
        }
    },
}
