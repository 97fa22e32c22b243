"""Files of secrets: not where visitors may fetch them, not for others on the machine to read."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import CheckMessage

from wechat_subsidies.sandbox import Sandbox

from .conftest import Change

Given = Callable[[Path], Any]


@pytest.fixture
def key(gateway: Sandbox, tmp_path: Path) -> Path:
    """The merchant's private key in a folder that may be a public one."""
    path = tmp_path / "files" / "keys" / "apiclient_key.pem"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o600)
    path.write_text(gateway.merchant_settings()["PRIVATE_KEY"])
    return path


def deployed(problems: Change, key: Any) -> list[CheckMessage]:
    return problems({"PRIVATE_KEY": key}, deploy=True)


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT"])
@pytest.mark.parametrize("given", [Path, str, lambda path: lambda: path, os.fsencode])
def test_a_key_in_a_public_folder_is_named(
    problems: Change, settings: Any, key: Path, name: str, given: Given
) -> None:
    setattr(settings, name, key.parents[1])
    (error,) = problems({"PRIVATE_KEY": given(key)})
    assert error.id == "wechat_subsidies.E116"
    assert error.msg == (
        "WECHAT_SUBSIDIES['MERCHANTS']['default']['PRIVATE_KEY'] "
        f"is {key}, and visitors may fetch what is there: {name}."
    )


@pytest.mark.parametrize(
    "entry", [str, lambda path: ("prefix", path), lambda path: ["p", str(path)]]
)
def test_each_folder_of_static_files_is_public(
    problems: Change, settings: Any, key: Path, entry: Given
) -> None:
    settings.STATICFILES_DIRS = ["/nowhere", entry(key.parents[1])]
    (error,) = problems({"PRIVATE_KEY": key})
    assert error.msg.endswith(": STATICFILES_DIRS.")


def test_an_apps_static_files_are_public(
    problems: Change, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key.parents[1].rename(key.parents[2] / "static")
    monkeypatch.setattr(apps.get_app_config("shop"), "path", str(key.parents[2]))
    (error,) = problems({"PRIVATE_KEY": key.parents[2] / "static" / "keys" / key.name})
    assert error.msg.endswith(": the static files of shop.")


def test_a_secret_in_a_public_folder_is_named_by_each_folder(
    problems: Change, settings: Any, key: Path
) -> None:
    settings.MEDIA_ROOT, settings.STATIC_ROOT = key.parents[1], key.parent
    secret = key.with_name("apiv3_key.txt")
    secret.write_text("k" * 32)
    found = problems({"API_V3_KEY": secret})
    assert [error.id for error in found] == ["wechat_subsidies.E116"] * 2
    assert all("['API_V3_KEY']" in error.msg for error in found)


def test_a_link_in_a_public_folder_is_as_good_as_the_key(
    problems: Change, settings: Any, key: Path, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.MEDIA_ROOT.mkdir()
    link = settings.MEDIA_ROOT / "key.pem"
    link.symlink_to(key)
    assert [error.id for error in problems({"PRIVATE_KEY": link})] == ["wechat_subsidies.E116"]


def test_a_folder_that_leads_to_the_keys_by_a_link_is_found(
    problems: Change, settings: Any, key: Path, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.MEDIA_ROOT.symlink_to(key.parent)
    assert [error.id for error in problems({"PRIVATE_KEY": key})] == ["wechat_subsidies.E116"]


def test_a_key_beside_a_public_folder_is_fine(problems: Change, settings: Any, key: Path) -> None:
    settings.MEDIA_ROOT = key.parent / "apiclient"
    settings.STATICFILES_DIRS = [str(key.parent)[:-1]]
    assert problems({"PRIVATE_KEY": key.parent / ".." / "keys" / key.name}) == []


def test_a_public_folder_that_is_not_set_is_none(
    problems: Change, settings: Any, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT, settings.STATIC_ROOT = "", None
    monkeypatch.chdir(key.parent)
    assert problems({"PRIVATE_KEY": key.name}) == []


def raises() -> Path:
    raise OSError("the vault is closed")


@pytest.mark.parametrize("source", ["/nowhere/key.pem", raises, "x" * 5000, "\0", 5])
def test_a_key_that_cannot_be_had_is_named_once(problems: Change, source: Any) -> None:
    assert [error.id for error in deployed(problems, source)] == ["wechat_subsidies.E105"]


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o644, "everybody on this machine"), (0o604, "everybody"), (0o640, "its group")],
)
def test_a_key_that_others_may_read_is_named(
    problems: Change, key: Path, mode: int, who: str
) -> None:
    key.chmod(mode)
    (warning,) = deployed(problems, key)
    assert warning.id == "wechat_subsidies.W117"
    assert f"['PRIVATE_KEY'] is {key}, which {who}" in warning.msg
    assert f"chmod 600 {key}" in (warning.hint or "")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o620])
def test_a_key_of_the_shops_alone_is_fine(problems: Change, key: Path, mode: int) -> None:
    key.chmod(mode)
    assert deployed(problems, key) == []


def test_a_group_may_read_what_belongs_to_another_user(
    problems: Change, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key.chmod(0o640)
    owner = key.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)  # only root could give the file away
    assert deployed(problems, key) == []


def test_modes_are_not_looked_at_where_they_say_nothing(
    problems: Change, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key.chmod(0o644)
    monkeypatch.delattr(os, "geteuid")  # as on Windows
    assert deployed(problems, key) == []


def test_a_public_key_may_be_anywhere(
    problems: Change, settings: Any, key: Path, gateway: Sandbox
) -> None:
    settings.MEDIA_ROOT = key.parent
    public = key.with_name("pub_key.pem")
    public.write_text(gateway.merchant_settings()["WECHATPAY_PUBLIC_KEY"])
    public.chmod(0o644)
    assert problems({"WECHATPAY_PUBLIC_KEY": public}, deploy=True) == []
