"""docs/checks.md and the code say the same: each id has a row, a level, a hint and a mistake that has it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib import admin
from django.contrib.admin import AdminSite, sites
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.test import modify_settings

from example_project.shop.models import Order
from wechat_subsidies import checks
from wechat_subsidies.checks.keys import IDENTITY_NUMBERS, READ
from wechat_subsidies.wechatpay import load_private_key

from .conftest import Change
from .test_admins import ActionLast

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
ROW: Final = re.compile(
    r"^\| ([EW]\d{3}) \| (error|warning)(, deploy)? \| .+ \| .+ \|$", re.MULTILINE
)
LEVELS: Final = {"error": ERROR, "warning": WARNING}
DOCUMENTED: Final = {
    name: (LEVELS[level], bool(deploy)) for name, level, deploy in ROW.findall(PAGE.read_text())
}
ADAPTERS: Final = "tests.checks.adapters"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop without a mistake, to make one in."""

    problems: Change
    settings: Any
    merchant: dict[str, Any]
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def order(self, **paths: Any) -> list[CheckMessage]:
        """What is said of a mapping with these paths changed."""
        mapping = {
            "transaction_id": "wechat_transaction_id",
            "sub_mchid": "seller.wechat_mchid",
            "has_refund": "has_refund",
            "queryset": "example_project.shop.subsidies.orders",
        }
        return self.problems(ORDERS={"shop.Order": mapping | paths})

    def file(self, name: str, *, mode: int = 0o600) -> Path:
        """The merchant's private key as a file in a folder of the shop's."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.merchant["PRIVATE_KEY"])
        path.chmod(mode)
        return path


@pytest.fixture
def shop(
    problems: Change, settings: Any, gateway: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """The example shop."""
    return Shop(
        problems=problems,
        settings=settings,
        merchant=gateway.merchant_settings(),
        folder=tmp_path,
        monkeypatch=monkeypatch,
    )


def nothing_set(shop: Shop) -> list[CheckMessage]:
    shop.settings.WECHAT_SUBSIDIES = None
    return [*run_checks(tags=["wechat_subsidies"])]


def own_public_key(shop: Shop) -> list[CheckMessage]:
    own = load_private_key(shop.merchant["PRIVATE_KEY"]).public_key()
    pem = own.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return shop.problems({"WECHATPAY_PUBLIC_KEY": pem})


def sandbox_beside_wechat_pay(shop: Shop) -> list[CheckMessage]:
    real = shop.merchant | {"BASE_URL": "https://api.mch.weixin.qq.com"}
    return shop.problems(MERCHANTS={"default": shop.merchant, "real": real})


def two_limits(shop: Shop) -> list[CheckMessage]:
    other = shop.merchant | {"RATE_LIMIT": 100}
    return shop.problems(MERCHANTS={"default": shop.merchant, "other": other})


def key_among_uploads(shop: Shop) -> list[CheckMessage]:
    shop.settings.MEDIA_ROOT = str(shop.folder)
    return shop.problems({"PRIVATE_KEY": shop.file("uploads/apiclient_key.pem")})


def key_for_everybody(shop: Shop) -> list[CheckMessage]:
    return shop.problems({"PRIVATE_KEY": shop.file("apiclient_key.pem", mode=0o644)}, deploy=True)


def loopback_in_production(shop: Shop) -> list[CheckMessage]:
    shop.settings.DEBUG = False
    return shop.problems({"BASE_URL": "https://127.0.0.1:8787"})


def plain_http_in_production(shop: Shop) -> list[CheckMessage]:
    shop.settings.DEBUG = False
    return shop.problems()


def column_without_index(shop: Shop) -> list[CheckMessage]:
    return shop.order(transaction_id="title")


class Replica:
    """What is read comes from “other”, whatever it belongs to."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "other"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def relations_from_a_replica(shop: Shop) -> list[CheckMessage]:
    shop.settings.DATABASE_ROUTERS = [Replica()]
    return shop.problems()


def mixin_last(shop: Shop) -> list[CheckMessage]:
    shop.monkeypatch.setattr(sites, "all_sites", {admin.site})
    AdminSite(name="warehouse").register(Order, ActionLast)
    return shop.problems()


def site_without_pages(shop: Shop) -> list[CheckMessage]:
    shop.settings.ROOT_URLCONF = "tests.admin.no_pages"
    return shop.problems()


@modify_settings(INSTALLED_APPS={"remove": ["rest_framework"]})
def urls_without_rest_framework(shop: Shop) -> list[CheckMessage]:
    return shop.problems()


@modify_settings(INSTALLED_APPS={"remove": ["rest_framework"]})
def api_without_rest_framework(shop: Shop) -> list[CheckMessage]:
    shop.settings.ROOT_URLCONF = "example_project.shop.models"  # none of ours
    return shop.problems(API={"MAX_BATCH": 5})


MISTAKES: Final[dict[str, Callable[[Shop], list[CheckMessage]]]] = {
    "E001": nothing_set,
    "E002": lambda shop: shop.problems(DISPACHER="celery"),
    "E003": lambda shop: shop.problems(MAX_ATTEMPTS=0),
    "E004": lambda shop: shop.problems(DISPATCHER="celry"),
    "W004": lambda shop: shop.problems(DISPATCHER=f"{ADAPTERS}.HasNoWorkers"),
    "E005": lambda shop: shop.problems(SCOPES="shop.nowhere"),
    "E006": lambda shop: shop.problems(API={"THROTTLE_RATE": "fast"}),
    "W007": lambda shop: shop.problems(API={"MAX_BATCH": 10_001}),
    "E101": lambda shop: shop.problems(MERCHANTS={}),
    "E102": lambda shop: shop.problems({"MCHID": ""}),
    "E103": lambda shop: shop.problems({"MCHID": "one nine"}),
    "E104": lambda shop: shop.problems({"MERCHANT_SERIAL_NO": "not hex"}),
    "E105": lambda shop: shop.problems({"PRIVATE_KEY": shop.folder / "missing.pem"}),
    "E106": lambda shop: shop.problems({"WECHATPAY_PUBLIC_KEY": shop.merchant["PRIVATE_KEY"]}),
    "E107": plain_http_in_production,
    "E108": lambda shop: shop.problems({"TIMEOUT": 5}),
    "E109": lambda shop: shop.problems({"RATE_LIMIT": 0}),
    "E110": own_public_key,
    "E111": lambda shop: shop.problems({"API_V3_KEY": "short"}),
    "E112": lambda shop: shop.problems({"WECHATPAY_PUBLIC_KEY_ID": "PUB KEY"}),
    "E113": lambda shop: shop.problems(MERCHANTS={"": shop.merchant}),
    "E114": sandbox_beside_wechat_pay,
    "E115": two_limits,
    "E116": key_among_uploads,
    "W117": key_for_everybody,
    "W118": loopback_in_production,
    "E201": lambda shop: shop.problems(ORDERS={"shop.Ordr": {}}),
    "E202": lambda shop: shop.problems(ORDERS=f"{ADAPTERS}.WithoutTargets"),
    "E203": lambda shop: shop.order(transaction_id=""),
    "E204": lambda shop: shop.order(transaction_id="wechat_transation_id"),
    "E205": lambda shop: shop.order(refund_id="refunds.refund_id"),
    "E206": lambda shop: shop.order(queryset="example_project.shop.subsidies.ordres"),
    "E207": lambda shop: shop.order(transaction_id="why_no_cancellation"),
    "E208": lambda shop: shop.order(queryset=f"{ADAPTERS}.sliced", has_refund="pk"),
    "E209": lambda shop: shop.order(subsidy_amount="number"),
    "E210": lambda shop: shop.problems(
        ORDERS=dict.fromkeys(("shop.Order", "shop.order"), f"{ADAPTERS}.Whole")
    ),
    "W211": lambda shop: shop.problems(ORDERS=f"{ADAPTERS}.WithoutFind"),
    "W212": lambda shop: shop.order(paid_amount="paid_fen"),
    "E216": lambda shop: shop.order(sub_mchid="seller"),
    "E217": lambda shop: shop.order(paid_at="paid_fen"),
    "W218": column_without_index,
    "W219": relations_from_a_replica,
    "E301": mixin_last,
    "E302": site_without_pages,
    "E401": urls_without_rest_framework,
    "W402": api_without_rest_framework,
}


def ids_in_code() -> set[str]:
    """Every id that stands in the code, as a number or whole."""
    source = "\n".join(path.read_text() for path in Path(checks.__file__).parent.glob("*.py"))
    found = {f"E{number}" for *_, number in READ}
    found |= {f"E{number}" for number in IDENTITY_NUMBERS.values()}
    for kind, number in re.findall(
        r"\b(error|warning)\((?:[^()]|\([^()]*\))*?number=(\d+)", source
    ):
        found.add(f"{kind[0].upper()}{int(number):03}")
    return found | set(re.findall(r'id="wechat_subsidies\.([EW]\d{3})"', source))


def test_every_id_of_the_code_has_its_row() -> None:
    assert ids_in_code() | {"E110"} == set(DOCUMENTED)


def test_rows_are_sorted_and_none_is_there_twice() -> None:
    names = [row[0] for row in ROW.findall(PAGE.read_text())]
    assert names == sorted(set(names), key=lambda name: (name[1:], name))
    assert len(names) == PAGE.read_text().count("\n| E") + PAGE.read_text().count("\n| W")


def test_every_row_has_its_mistake() -> None:
    assert list(MISTAKES) == list(DOCUMENTED)


@pytest.mark.parametrize("name", MISTAKES)
def test_its_mistake_is_named_with_id_level_and_hint(shop: Shop, name: str) -> None:
    (problem,) = MISTAKES[name](shop)
    assert problem.id == f"wechat_subsidies.{name}"
    assert problem.level == DOCUMENTED[name][0]
    assert problem.hint
    assert problem.hint.endswith((".", "?"))


@pytest.mark.parametrize("name", [name for name, (_, deploy) in DOCUMENTED.items() if deploy])
def test_what_is_for_deployments_is_not_said_before(shop: Shop, name: str) -> None:
    assert MISTAKES[name](shop)
    assert [*run_checks(tags=["wechat_subsidies"])] == []
    assert [*run_checks(tags=["security"], include_deployment_checks=True)]
