"""The commands with which operators watch, pause and resume the sending."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from wechat_subsidies import services
from wechat_subsidies.management.commands import subsidy_sending
from wechat_subsidies.management.figures import WORDS
from wechat_subsidies.models import SendingPause, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().strip()


def status(*arguments: str) -> str:
    return run("process_subsidy_cancellations", "--status", *arguments)


def sending(*arguments: str) -> str:
    return run("subsidy_sending", *arguments)


def value(name: str, text: str) -> str:
    """What the table shows for a figure."""
    return next(line.split()[1] for line in text.splitlines() if line.startswith(name))


def ask_for(transaction_id: str) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id, send="later")


def test_the_status_is_shown_and_nothing_sent(gateway: Sandbox) -> None:
    services.process_due()
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    ask_for("T2")
    text = status()
    assert (value("due", text), value("paused", text)) == ("1", "0")
    assert "Calls of the last 5 minutes: succeeded 1" in text
    assert "Nobody is sending" not in text
    assert len(gateway.calls()) == 1


def test_the_status_fits_a_terminal(gateway: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    services.pause("default", reason="a long story " * 20, paused_by="anna")
    assert max(len(line) for line in status().splitlines()) <= 80


def test_every_figure_has_its_words(gateway: Sandbox) -> None:
    assert list(services.status().figures) == list(WORDS)


def test_the_status_says_that_nobody_is_sending(gateway: Sandbox) -> None:
    ask_for("T1")
    SubsidyCancellation.objects.update(send_after=services.status().at.replace(year=2020))
    text = status()
    assert value("last_sweep_age", text) == "inf"
    assert "Nobody is sending: run process_subsidy_cancellations" in text


def test_machines_get_json(gateway: Sandbox) -> None:
    services.pause(None, reason="a mistake", paused_by="anna")
    facts = json.loads(status("--json"))
    assert (facts["paused"], facts["pauses"][0]["paused_by"]) == (1, "anna")
    assert facts["attempts"]["succeeded"] == 0


def test_what_exceeds_its_limit_is_named_and_the_exit_code_is_2(gateway: Sandbox) -> None:
    services.pause(None, reason="a mistake")
    ask_for("T1")
    with pytest.raises(CommandError) as failure:
        status("--fail-if", "oldest_due=600, paused=0,due=0")
    assert str(failure.value) == "paused is 1, more than 0; due is 1, more than 0"
    assert failure.value.returncode == 2


def test_what_only_reaches_its_limit_is_well(gateway: Sandbox) -> None:
    services.pause(None, reason="a mistake")
    assert "paused" in status("--fail-if", "paused=1")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("need_review=0", "knows no “need_review”. Did you mean “needs_review”?"),
        ("xyz=0", "knows no “xyz”. It knows: due, oldest_due"),
        ("due", "“due” is no limit"),
        ("due=many", "“due=many” is no limit"),
        ("due=-1", "“due=-1” is no limit"),
        ("due=nan", "“due=nan” is no limit"),
        ("", "“” is no limit"),
    ],
)
def test_a_limit_that_is_none_is_refused(gateway: Sandbox, limits: str, words: str) -> None:
    with pytest.raises(CommandError) as refusal:
        status(f"--fail-if={limits}")
    assert words in str(refusal.value)
    assert refusal.value.returncode == 1


@pytest.mark.parametrize("option", ["--forever", "--limit=1", "--merchant=default"])
def test_the_status_is_of_everything(gateway: Sandbox, option: str) -> None:
    with pytest.raises(CommandError, match=f"leave out {option.split('=')[0]}"):
        status(option)


@pytest.mark.parametrize("option", ["--json", "--fail-if=due=9"])
def test_asking_for_the_status_otherwise_sends_nothing_either(
    gateway: Sandbox, option: str
) -> None:
    ask_for("T1")
    run("process_subsidy_cancellations", option)
    assert gateway.calls() == []


def test_pausing_and_resuming_say_who_and_show_what_holds(gateway: Sandbox) -> None:
    text = sending("--pause", "default", "--reason", "a mistake", "--by", "anna")
    assert "default" in text
    assert "a mistake" in text
    assert sending() == text
    ask_for("T1")
    assert services.process_due().calls == 0
    assert sending("--resume", "default", "--by", "bo") == "Pauses ended: 1\nNothing is paused."
    assert services.process_due().calls == 1
    pause = SendingPause.objects.get()
    assert (pause.note, pause.paused_by_name, pause.lifted_by_name) == ("a mistake", "anna", "bo")


def test_pausing_what_is_paused_keeps_who_and_why(gateway: Sandbox) -> None:
    sending("--pause", "all", "--reason", "a mistake", "--by", "anna")
    text = sending("--pause", "all", "--reason", "another", "--by", "bo")
    assert "paused already" in text
    assert "a mistake" in text
    assert "another" not in text


@pytest.fixture
def second(gateway: Sandbox, settings: Any) -> str:
    """The name of a second merchant, which is what the command calls everything."""
    gateway.add_merchant(mchid="1900000002")
    merchants = settings.WECHAT_SUBSIDIES["MERCHANTS"]
    merchants |= {"all": gateway.merchant_settings("1900000002")}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": merchants}
    return "all"


def test_resuming_everything_leaves_what_others_have_paused_and_says_so(gateway: Sandbox) -> None:
    sending("--pause", "default", "--reason", "counting", "--by", "anna")
    sending("--pause", "all", "--reason", "a mistake", "--by", "bo")
    text = sending("--resume", "all", "--by", "bo")
    assert text.startswith("Pauses ended: 1\nThese still hold:\n")
    assert "anna" in text
    assert "everything" not in text
    assert text.endswith("\nTo resume: --resume default")


def test_a_merchant_called_all_goes_by_its_mchid(second: str) -> None:
    assert "everything" not in sending("--pause", "1900000002", "--reason", "counting")
    assert SendingPause.objects.get().mchid == "1900000002"
    assert sending("--resume", second).startswith("Pauses ended: 0\nThese still hold:")
    assert sending().endswith("\nTo resume: --resume 1900000002")
    assert sending("--resume", "1900000002") == "Pauses ended: 1\nNothing is paused."
    sending("--pause", second, "--reason", "all of it")
    assert services.pauses_that_hold()[0].mchid == ""


def test_the_pause_of_a_merchant_that_is_gone_can_be_ended(second: str, settings: Any) -> None:
    sending("--pause", "1900000002", "--reason", "it leaves us")
    sending("--pause", "default", "--reason", "counting")
    merchants = {"the shop's": settings.WECHAT_SUBSIDIES["MERCHANTS"]["default"]}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": merchants}
    text = sending()
    assert text.endswith("""To resume: --resume 1900000002, --resume 'the shop'"'"'s'""")
    assert sending("--resume", "1900000002").startswith("Pauses ended: 1\nThese still hold:")
    assert sending("--resume", "the shop's").endswith("Nothing is paused.")


def test_everything_can_be_paused_whatever_the_settings_hold(settings: Any) -> None:
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": ["default"]}
    assert sending("--pause", "all", "--reason", "a mistake").endswith("--resume all")
    assert sending("--resume", "all").endswith("Nothing is paused.")


def test_everything_can_be_paused_by_the_user_of_the_machine(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subsidy_sending.getpass, "getuser", lambda: "deploy")
    assert "everything" in sending("--pause", "all", "--reason", "a mistake")
    pause = SendingPause.objects.get()
    assert (pause.mchid, pause.paused_by_name) == ("", "deploy")


def test_users_without_a_name_go_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(subsidy_sending.getpass, "getuser", nobody)
    monkeypatch.setattr(subsidy_sending.os, "getuid", lambda: 1234)
    assert subsidy_sending.os_user() == "1234"


def test_what_pauses_by_itself_is_listed_with_what_to_do(gateway: Sandbox) -> None:
    gateway.faults.add("no_auth", times=1)
    ask_for("T1")
    services.process_due()
    text = sending()
    assert "1900013401" in text
    assert "no_auth" in text


def test_the_words_of_others_do_not_steer_the_terminal(gateway: Sandbox) -> None:
    services.pause(None, reason="a\x1b[2Jmistake\n", paused_by="an\x1bna")
    assert "\x1b" not in sending()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pause", "default"], "--reason TEXT"),
        (["--pause", "default", "--reason", " "], "--reason TEXT"),
        (["--pause", "shp", "--reason", "x"], "no merchant “shp”; there are: default, all"),
        (["--resume", "shp"], "no merchant “shp”"),
        (["--reason", "x"], "goes with --pause"),
        (["--pause", "all", "--resume", "all"], "not allowed with"),
    ],
)
def test_nonsense_is_refused(gateway: Sandbox, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        sending(*arguments)
    assert not SendingPause.objects.exists()
