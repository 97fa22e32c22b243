"""A shop that has installed the wheel."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from .conftest import ROOT, Shop

COMMANDS = [
    path.stem for path in (ROOT / "wechat_subsidies" / "management" / "commands").glob("[!_]*.py")
]

# Run by the shop's Python: everything is asked of the installed package.
LOOK = """
from pathlib import Path
import django
django.setup()
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.utils.translation import gettext, override
import wechat_subsidies
package = Path(wechat_subsidies.__file__).parent
assert "site-packages" in package.parts, package
for kind, find in [("templates", get_template), ("static", finders.find)]:
    names = [str(path.relative_to(package / kind)) for path in (package / kind).rglob("*.*")]
    assert names and all(find(name) for name in names), kind
    print(len(names), kind)
with override("zh-hans"):
    print(gettext("Withdrawn"))
print((package / "py.typed").exists())
"""

# Run by the shop's Python: from an order to a cancelled subsidy, with the sandbox as WeChat Pay.
CANCEL = """
import django
django.setup()
from market.models import Order, Refund
from market.refunds import refunded
from wechat_subsidies import services
order = Order.objects.create(number="N1", sub_mchid="1900013401", transaction_id="T1", paid_fen=100)
Refund.objects.create(order=order, refund_id="R1", fen=100)
print(refunded(order))
print(services.process_due().outcomes)
print(Order.objects.get().may_be_shared)
"""


@pytest.fixture(scope="module")
def sandbox(shop: Shop) -> Iterator[Shop]:
    """The shop, with a sandbox of its own for WeChat Pay, run as its command."""
    keys = shop.folder / "wechatpay"
    command = [shop.bin / "python", "-m", "wechat_subsidies.sandbox", "--keys", keys, "--quiet"]
    with subprocess.Popen(
        [str(each) for each in command], cwd=shop.folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = "".join(iter(process.stdout.readline, "}}\n"))
        facts = dict(re.findall(r"'(\w+)': '([^']*)'", said))
        yield Shop(
            shop.folder,
            shop.bin,
            {
                **shop.env,
                "WECHATPAY_MCHID": facts["MCHID"],
                "WECHATPAY_SERIAL_NO": facts["MERCHANT_SERIAL_NO"],
                "WECHATPAY_PUBLIC_KEY_ID": facts["WECHATPAY_PUBLIC_KEY_ID"],
                "WECHATPAY_URL": facts["BASE_URL"],
            },
        )
        process.terminate()


@pytest.fixture(scope="module")
def migrated(sandbox: Shop) -> Shop:
    """The shop with its tables."""
    sandbox.manage("makemigrations", "market")
    sandbox.manage("migrate")
    return sandbox


def test_pages_style_texts_and_types_are_there(shop: Shop) -> None:
    templates, static, text, typed = shop.run("python", "-c", LOOK).splitlines()
    assert (templates.endswith("templates"), static.endswith("static")) == (True, True)
    assert (text, typed) == ("已撤回", "True")


def test_the_types_of_the_shop_hold_beside_the_wheel(shop: Shop) -> None:
    assert "Success" in shop.run("mypy", "-p", "market")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_does(shop: Shop, command: str) -> None:
    assert f"manage.py {command}" in shop.manage(command, "--help")


def test_the_sandbox_says_what_it_does(shop: Shop) -> None:
    assert "--strict-orders" in shop.run("python", "-m", "wechat_subsidies.sandbox", "--help")


def test_the_checks_find_no_mistake(sandbox: Shop) -> None:
    assert "no issues" in sandbox.manage("check")


def test_no_migration_is_missing(migrated: Shop) -> None:
    assert "No changes" in migrated.manage("makemigrations", "--check", "--dry-run")


def test_the_sandbox_answers_the_shop(migrated: Shop) -> None:
    assert "default" in migrated.manage("check_wechatpay")


def test_a_subsidy_is_cancelled_and_the_shop_hears_of_it(migrated: Shop) -> None:
    assert migrated.run("python", "-c", CANCEL).splitlines() == [
        "pending",
        "{'succeeded': 1}",
        "True",
    ]
