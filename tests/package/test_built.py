"""What is in the sdist and in the wheel."""

import hashlib
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import wechat_subsidies

from .conftest import ROOT, Built, run


def ours() -> set[str]:
    """What the package consists of: all that is committed of it."""
    listed = run(["git", "ls-files", "wechat_subsidies"])
    return set(listed.splitlines())


def hashes(wheel: Path) -> dict[str, str]:
    with ZipFile(wheel) as files:
        return {name: hashlib.sha256(files.read(name)).hexdigest() for name in files.namelist()}


def test_the_wheel_has_all_of_the_package_and_nothing_else(built: Built) -> None:
    files = {name for name in hashes(built.wheel) if ".dist-info/" not in name}
    assert files == ours()


def test_the_sdist_makes_the_same_wheel(built: Built) -> None:
    assert built.wheel.name == built.wheel_of_sdist.name
    assert hashes(built.wheel) == hashes(built.wheel_of_sdist)


def test_the_sdist_has_what_a_build_needs_and_no_half_of_the_tests(built: Built) -> None:
    with tarfile.open(built.sdist) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    top = {name.partition("/")[0] for name in names} - {""}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "wechat_subsidies"} <= top
    assert not top & {"tests", "example_project", "benchmarks", "torture", "docs"}


def test_the_package_index_can_show_what_describes_it(built: Built) -> None:
    files = [built.sdist, built.wheel]
    assert "FAILED" not in run([sys.executable, "-m", "twine", "check", "--strict", *files])


def test_the_version_is_that_of_the_package(built: Built) -> None:
    with ZipFile(built.wheel) as files:
        (metadata,) = (name for name in files.namelist() if name.endswith("/METADATA"))
        text = files.read(metadata).decode()
    assert f"\nVersion: {wechat_subsidies.__version__}\n" in text


def test_what_the_readme_leads_to_is_there() -> None:
    """The release makes these addresses absolute: on the package index relative ones lead nowhere."""
    relative = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text())
    committed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    folders = {f"{parent}/" for name in committed for parent in Path(name).parents}
    assert relative
    assert set(relative) <= {*committed, *folders}
