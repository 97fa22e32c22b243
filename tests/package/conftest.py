"""The package as the index would have it: built from a clone, and installed outside of it."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.hookimpl(tryfirst=True)  # before `-m package` looks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("package")


def run(command: Sequence[object], *, cwd: Path = ROOT, **env: str) -> str:
    """What a command writes. Fails with all of it if the command does."""
    come = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert come.returncode == 0, come.stdout
    return come.stdout


@dataclass(frozen=True)
class Built:
    """What a release uploads, and the wheel that is built from its sdist."""

    sdist: Path
    wheel: Path
    wheel_of_sdist: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built from a clone of what is committed, without what else lies about here."""
    folder = tmp_path_factory.mktemp("built")
    run(["git", "clone", "--quiet", ROOT, folder / "clone"])
    build = [sys.executable, "-m", "build", "--outdir"]
    run([*build, folder / "here", "--wheel", "--sdist", folder / "clone"])
    (sdist,) = (folder / "here").glob("*.tar.gz")
    (wheel,) = (folder / "here").glob("*.whl")
    shutil.unpack_archive(sdist, folder / "unpacked", filter="data")
    run([*build, folder / "there", "--wheel", *(folder / "unpacked").iterdir()])
    (wheel_of_sdist,) = (folder / "there").glob("*.whl")
    return Built(sdist, wheel, wheel_of_sdist)


@dataclass(frozen=True)
class Shop:
    """A shop that has installed the wheel, far from this project."""

    folder: Path
    bin: Path
    env: dict[str, str]

    def run(self, *command: object) -> str:
        """What a program of the shop's environment writes, run in the shop."""
        name, *arguments = command
        return run([self.bin / str(name), *arguments], cwd=self.folder, **self.env)

    def manage(self, *arguments: object) -> str:
        """What a management command writes; warnings of deprecation are errors."""
        return self.run("python", "-W", "error::DeprecationWarning", "manage.py", *arguments)


@pytest.fixture(scope="session")
def shop(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop of tests/typed_host, in an environment of its own with the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(ROOT / "tests" / "typed_host", folder / "shop")
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    wheel = f"django-wechat-subsidies[sandbox] @ {built.wheel.as_uri()}"
    run([binaries / "python", "-m", "pip", "install", "-q", wheel, "django-stubs", "mypy"])
    env = {"PYTHONPATH": ".", "DJANGO_SETTINGS_MODULE": "market.settings"}
    return Shop(folder / "shop", binaries, env)
