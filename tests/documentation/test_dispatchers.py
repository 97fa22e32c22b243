"""docs/dispatchers.md: workers run as shown, in the shop of the README's five minutes."""

import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .pages import block, commands
from .shop import Shop

PAGE = "docs/dispatchers.md"
CELERY_SETTINGS = block(PAGE, holding="CELERY_BROKER_URL")
CELERY_APP = block(PAGE, holding="# shop/celery.py")
CELERY_COMMANDS = block(PAGE, holding="$ celery -A shop beat")
TASKS_SETTINGS = block(PAGE, holding="TASKS = ")
TASKS_COMMANDS = block(PAGE, holding="$ python manage.py db_worker")
OWN = block(PAGE, holding="class QueueDispatcher")
WORKERS_UNITS = block(PAGE, holding="ExecStart=/srv/shop/venv/bin/celery", language="ini")
UNIT_LINES = re.findall(r"^ExecStart=/srv/shop/venv/bin/(.+)$", WORKERS_UNITS, re.MULTILINE)
FILES = """
CELERY_BROKER_URL = "filesystem://"  # two processes, and no broker
CELERY_BROKER_TRANSPORT_OPTIONS = {{
    "data_folder_in": {0!r}, "data_folder_out": {0!r}, "control_folder": {0!r}
}}
"""
ASK = (
    "from wechat_subsidies.services import cancel_subsidy as c;"
    "c(sub_mchid='1900013401', transaction_id='{}', send='{}')"
)


@pytest.fixture
def copy(shop: Shop, tmp_path: Path) -> Callable[[str], Shop]:
    """Copies of the shop, with settings that a block of the page adds to those that it has."""

    def made(settings: str) -> Shop:
        mine = Shop(tmp_path)
        for name in ("config", "shop", "manage.py", "db.sqlite3"):
            source = shop.folder / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
        with (tmp_path / "config/settings.py").open("a") as file:
            file.write(settings.replace("    # …\n", "    **WECHAT_SUBSIDIES,\n"))
        mine.environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        return mine

    return made


def wait_until_sent(shop: Shop, transaction: str) -> None:
    until = time.monotonic() + 120
    while shop.states()[transaction] != "succeeded":
        assert time.monotonic() < until
        time.sleep(0.2)


def test_celerys_worker_and_beat_send(copy: Callable[[str], Shop], tmp_path: Path) -> None:
    pytest.importorskip("celery")
    (tmp_path / "broker").mkdir()
    shop = copy(CELERY_SETTINGS + FILES.format(str(tmp_path / "broker")))
    shop.write(CELERY_APP)
    (tmp_path / "shop/__init__.py").write_text("from .celery import app\n")
    worker, beat = commands(CELERY_COMMANDS)
    with shop.running(worker.line):
        shop.ask(ASK.format("C1", "now"))
        wait_until_sent(shop, "C1")
        shop.ask(ASK.format("C2", "later"))
        with shop.running(beat.line):
            wait_until_sent(shop, "C2")
    in_units = [line for line in UNIT_LINES if line.startswith("celery")]
    assert in_units == [worker.line, f"{beat.line} --schedule /var/lib/shop/celerybeat-schedule"]


def test_a_worker_of_django_tasks_sends(copy: Callable[[str], Shop]) -> None:
    pytest.importorskip("django_tasks_db")
    shop = copy(TASKS_SETTINGS)
    migrate, worker = commands(TASKS_COMMANDS)
    shop.run(migrate.line)
    (line,) = (each for each in UNIT_LINES if "db_worker" in each)
    with shop.running(line):
        shop.ask(ASK.format("D1", "now"))
        wait_until_sent(shop, "D1")
    with shop.running(worker.line):
        shop.ask(ASK.format("D2", "now"))
        wait_until_sent(shop, "D2")


@pytest.mark.django_db(transaction=True)
def test_a_dispatcher_of_ones_own_has_it_sent_elsewhere(
    gateway: Sandbox, settings: Any, make_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Callable[[], Any]] = []
    modules = {name: ModuleType(name) for name in ("own", "own.queue", "own.dispatch")}
    modules["own"].__path__ = []
    modules["own.queue"].enqueue = queued.append
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    names: dict[str, Any] = {"__package__": "own", "__name__": "own.dispatch"}
    exec(compile(OWN, PAGE, "exec"), names)
    modules["own.dispatch"].QueueDispatcher = names["QueueDispatcher"]
    settings.WECHAT_SUBSIDIES |= {"DISPATCHER": "own.dispatch.QueueDispatcher"}

    services.cancel_subsidy_for_order(make_order())
    services.cancel_subsidies([make_order()])
    assert gateway.calls() == []
    assert set(queued) == {services.process_due}
    queued[0]()
    assert set(SubsidyCancellation.objects.values_list("status", flat=True)) == {"succeeded"}
