"""A local WeChat Pay gateway for development, demonstrations and tests: API v3 has none of its own.

    from wechat_subsidies.sandbox import Sandbox

    with Sandbox() as sandbox:
        settings.WECHAT_SUBSIDIES["MERCHANTS"]["default"] = sandbox.merchant_settings()

It knows nothing of the rest of this project, so that a mistake in one end of the protocol is not
mirrored in the other. Without cheroot, its web server, importing it raises ImportError.
"""

from importlib.util import find_spec

if find_spec("cheroot") is None:
    raise ImportError(
        "The WeChat Pay sandbox needs cheroot, its web server. "
        'Install it with: pip install "django-wechat-subsidies[sandbox]"'
    )

from wechat_subsidies.sandbox.ledger import LedgerEntry
from wechat_subsidies.sandbox.orders import Refund
from wechat_subsidies.sandbox.sandbox import Sandbox

__all__ = ["LedgerEntry", "Refund", "Sandbox"]
