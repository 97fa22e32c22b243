"""What staff do with their hands, in the words that they read."""

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Locator, Page

ORDERS: Final = "/admin/shop/order/"


@dataclass(frozen=True, slots=True)
class Words:
    """What the buttons and links of one language say."""

    language: str
    action: str
    confirm: str
    back: str
    proceed: str
    finished: str
    sent: str
    cancelled: str


ENGLISH: Final = Words(
    language="en",
    action="Cancel subsidies (WeChat Pay)…",
    confirm="Confirm: cancel these subsidies",
    back="Back to the orders",
    proceed="Continue sending",
    finished="Finished",
    sent="Will be sent",
    cancelled="Subsidy cancelled",
)
CHINESE: Final = Words(
    language="zh-CN",
    action="取消补差（微信支付）…",
    confirm="确认取消补差",
    back="返回订单列表",
    proceed="继续发送",
    finished="已完成",
    sent="将会发送",
    cancelled="已取消补差",
)


def select(page: Page, *numbers: str, words: Words = ENGLISH) -> None:
    """Select orders on the shop's list and choose the action; without numbers, all of all pages."""
    page.goto(ORDERS)
    for number in numbers:
        page.get_by_role("row").filter(has_text=number).get_by_role("checkbox").check()
    if not numbers:
        page.locator("#action-toggle").check()
        page.locator(".actions .question a").click()
    page.locator("select[name=action]").select_option(label=words.action)
    page.locator("[name=index]").click()


def confirm(page: Page, *, words: Words = ENGLISH) -> None:
    page.get_by_role("button", name=words.confirm).click()


def progress(page: Page, *, words: Words = ENGLISH) -> Locator:
    return page.get_by_role("progressbar", name=words.finished)
