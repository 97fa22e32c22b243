"""What else the README shows: make, the services, a receiver, an upgrade."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.signals import subsidy_cancelled

from .pages import PAGES, ROOT, Command, block, blocks, commands, text_of
from .shop import Shop

PAGE = "README.md"
MAKE = [
    command
    for page in (PAGE, "CONTRIBUTING.md")
    for command in commands(block(page, holding="$ make demo"))
]
HOUSE = block(PAGE, holding="services/")
INSTALLING = blocks("docs/sandbox.md", holding="pip install")
SERVICES = block(PAGE, holding="may_share_profit")
RECEIVER = block(PAGE, holding="@receiver")
UPGRADE = block(PAGE, holding="--upgrade")
ASKING, _, DECIDING = SERVICES.partition("\n\nservices.retry")
DECISIONS = f"services.retry{DECIDING}".splitlines()
INSTALLED = re.compile(r"pip install (?:--upgrade )?\"?(django-wechat-subsidies)(?:\[(\w+)\])?")
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}


@pytest.mark.parametrize("command", MAKE, ids=lambda command: command.line)
def test_make_knows_what_it_is_asked_for(command: Command) -> None:
    line = command.line.replace("make", "make --dry-run", 1)
    subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, check=True)


def test_the_house_is_drawn_with_rooms_that_there_are() -> None:
    house = ROOT / "wechat_subsidies"
    drawn = set(re.findall(r"(\w+)/", HOUSE))
    without = {"checks", "locale", "migrations", "static", "templates", "templatetags"}
    rooms = {path.name for path in house.iterdir() if path.is_dir()} - {"__pycache__"}
    assert drawn == rooms - without


def test_what_is_installed_is_named_so_and_has_these_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {found for page in PAGES for found in INSTALLED.findall(text_of(page))}
    assert {name for name, _ in named} == {project["name"]}
    assert {extra for _, extra in named} - {""} <= set(project["optional-dependencies"])


@pytest.mark.django_db(transaction=True)
def test_the_services_ask_as_shown(
    gateway: Sandbox, make_order: Callable[..., Order], staff: User
) -> None:
    names: dict[str, Any] = {"order": make_order(), "Order": Order, "user": staff}
    make_order()
    exec(ASKING.replace("is_refunded=True", "refunds__isnull=False"), names)
    services.process_due()
    states = SubsidyCancellation.objects.values_list("status", flat=True)
    assert list(states) == ["succeeded", "succeeded"]


ANSWERS = {"retry": "param_error", "resolve": "system_error"}  # what has brought it there


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("line", DECISIONS, ids=lambda line: line.partition("(")[0])
def test_a_service_decides_as_shown(
    gateway: Sandbox, make_order: Callable[..., Order], staff: User, settings: Any, line: str
) -> None:
    settings.WECHAT_SUBSIDIES |= {"MAX_ATTEMPTS": 1}
    answer = ANSWERS.get(line.removeprefix("services.").partition("(")[0])
    if answer:
        gateway.faults.add(answer, times=1)
    names: dict[str, Any] = {"services": services, "user": staff}
    names["cancellation"] = services.cancel_subsidy(**IDS, send="now" if answer else "later")
    names["batch"] = services.draft_batch([make_order()], requested_by=staff)
    exec(line, names)


@pytest.mark.django_db(transaction=True)
def test_a_receiver_as_shown_hears_of_a_success(gateway: Sandbox) -> None:
    heard: list[str] = []
    body = "    heard.append(cancellation.status)\n"
    names: dict[str, Any] = {"heard": heard}
    exec(RECEIVER + body, names)
    try:
        services.cancel_subsidy(**IDS)
    finally:
        subsidy_cancelled.disconnect(names["start_profit_sharing"])
    assert heard == ["succeeded"]


def test_an_upgrade_goes_as_shown(shop: Shop) -> None:
    installing, *rest = commands(UPGRADE)
    assert installing.line.startswith("pip install --upgrade")
    for command in rest:
        shop.run(command.line)
