"""WeChat Pay's client without Django, and the sandbox in a test of the shop's own."""

from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.wechatpay import WeChatPayClient, WeChatPayError

from .settings import WECHAT_SUBSIDIES


def settings_of_a_test(sandbox: Sandbox) -> dict[str, object]:
    sandbox.faults.add("system_error", times=1)
    return {**WECHAT_SUBSIDIES, "MERCHANTS": {"default": sandbox.merchant_settings()}}


def is_reachable(client: WeChatPayClient) -> bool:
    try:
        client.echo()
    except WeChatPayError:
        return False
    return True
