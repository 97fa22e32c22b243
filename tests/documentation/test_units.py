"""The systemd units of the documentation: systemd only warns of a key that it does not know, and goes on."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import PAGES, TRANSLATIONS, all_blocks, block, prose_of

# Of systemd.unit(5), .service(5), .exec(5) and .kill(5) what units of ours may need.
KNOWN = {
    "Unit": "After Before Description Documentation PartOf Requires Wants",
    "Service": "Environment EnvironmentFile ExecStart ExecStartPre ExecStop Group KillMode KillSignal "
    "Restart RestartSec RuntimeDirectory StateDirectory SyslogIdentifier TimeoutStartSec TimeoutStopSec "
    "Type User WorkingDirectory",
    "Install": "Alias Also RequiredBy WantedBy",
}
ORIGINALS = [page for page in PAGES if page not in TRANSLATIONS]
UNITS = [each for page in ORIGINALS for each in all_blocks(page) if each.language == "ini"]
WHOLE = block("docs/dispatchers.md", holding="[Unit]")
IN_WORDS = re.compile(r"`([A-Z][a-z]\w+=[^`]*)`")


def keys_of(unit: str) -> Iterator[tuple[str, str]]:
    """Each key with its section; lines that stand for themselves are of the service."""
    section = "Service"
    for line in unit.splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found[1]
        elif line and not line.startswith("#"):
            yield section, line.partition("=")[0]


KEYS = sorted({key for unit in UNITS for key in keys_of(unit.text)})
SAID = sorted({line for page in ORIGINALS for line in IN_WORDS.findall(prose_of(page))})


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_a_key_is_one_that_systemd_knows_in_its_section(section: str, key: str) -> None:
    assert key in KNOWN[section].split()


def test_the_words_around_a_unit_name_keys_of_a_service() -> None:
    assert SAID
    assert {line.partition("=")[0] for line in SAID} <= set(KNOWN["Service"].split())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_ignores_nothing_of_the_unit(tmp_path: Path) -> None:
    unit = re.sub(r"^(ExecStart)=\S+", r"\1=/bin/true", WHOLE, flags=re.MULTILINE)
    unit = unit.replace("[Service]\n", "\n".join(["[Service]", *SAID, ""]))
    (tmp_path / "subsidies-sweep.service").write_text(unit)
    verify = ["systemd-analyze", "verify", "--man=no", "subsidies-sweep.service"]
    ran = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True)
    assert "ignoring" not in ran.stderr
