"""Start-up: what the app adds to `django.setup()` of a project with Django and DRF."""

import subprocess
import sys
from typing import Final

from .far_side import ROOT
from .tables import Figure, Table

ROUNDS: Final = 15
BARE: Final = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"]

# CPU time, since others use the machine as well; a process that loads from its disk cache waits for nothing.
MEASURED: Final = """
import sys, time
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=sys.argv[1:], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
import rest_framework.views  # as any project has it that uses DRF
before = time.process_time()
django.setup()
print(1000 * (time.process_time() - before))
"""


def milliseconds(apps: list[str]) -> float:
    """What `django.setup()` takes in a process of its own."""
    command = [sys.executable, "-c", MEASURED, *apps]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(found.stdout)


def run() -> Table:
    """Without and with the app, in turn."""
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(milliseconds(BARE))
        ours.append(milliseconds([*BARE, "wechat_subsidies"]))
    added = [more - less for more, less in zip(ours, bare, strict=True)]
    figures = [
        Figure(name="django.setup() of Django and DRF (ms)", values=bare, text="{:.0f}"),
        Figure(name="with the app (ms)", values=ours, text="{:.0f}"),
        Figure(name="added by the app (ms)", values=added, text="{:.0f}", at_most=30),
    ]
    note = "CPU time, each in a new process."
    return Table(title="Start-up", figures=figures, note=note)
