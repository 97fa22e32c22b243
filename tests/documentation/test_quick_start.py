"""The README's five minutes, by the letter: from an empty folder to a cancelled subsidy."""

import json
import re
from typing import Any

import requests

from .pages import Command
from .shop import PASSWORD, STEPS, Shop

BATCH = re.compile(r"/admin/wechat_subsidies/cancellationbatch/\d+/")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def commands_with(words: str) -> list[Command]:
    return [step for step in STEPS if isinstance(step, Command) and words in step.line]


class Browser(requests.Session):
    """Lihua's, at the shop: sends the token of the page that it has seen last."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop, self.trust_env = shop, False
        self.see("/admin/login/")
        self.submit("/admin/login/", username="lihua", password=PASSWORD, next="/admin/")

    def see(self, path: str) -> str:
        return self.shown(self.get(f"{self.shop.url}{path}"))

    def submit(self, path: str, **fields: Any) -> str:
        fields["csrfmiddlewaretoken"] = self.token
        return self.shown(self.post(f"{self.shop.url}{path}", data=fields))

    def shown(self, answer: requests.Response) -> str:
        assert answer.status_code == 200
        self.path, (self.token, *_) = answer.url, TOKEN.findall(answer.text)
        return answer.text


def test_staff_and_other_systems_cancel_as_it_says(shop: Shop) -> None:
    browser, before = Browser(shop), shop.states()
    orders = browser.see("/admin/shop/order/")
    assert "Subsidy to cancel" in orders
    preview = browser.submit(
        "/admin/shop/order/", action="cancel_subsidies", _selected_action=["1", "2"]
    )
    assert "Partly refunded: sent only if ticked" in preview
    (page,) = {*BATCH.findall(browser.path)}
    browser.submit(f"{page}confirm/")
    browser.submit(f"{page}continue/")
    assert shop.states() == before | {"4208450740201411110007820472": "succeeded"}

    (curl,) = commands_with("curl")
    line = curl.line.replace("http://127.0.0.1:8000", shop.url)
    answer = json.loads(shop.run(line.replace("-u lihua", f"-s -u 'lihua:{PASSWORD}'")))
    assert (answer["order_reference"], answer["status"]) == ("SC1002", "succeeded")


def test_it_is_checked_without_a_word_to_say(shop: Shop) -> None:
    assert shop.manage("check") == "System check identified no issues (0 silenced).\n"
    assert "works" in shop.manage("check_wechatpay")


def test_cron_sends_what_waits(shop: Shop) -> None:
    shop.ask(
        "from wechat_subsidies.services import cancel_subsidy as c;"
        "c(sub_mchid='1900013401', transaction_id='T9', send='later')"
    )
    (crontab,) = commands_with("crontab")
    shop.run(crontab.output.split(maxsplit=5)[5].replace("/srv/shop", str(shop.folder)))
    assert shop.states()["T9"] == "succeeded"
