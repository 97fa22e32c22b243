"""Celery without a broker: what goes into the queue, and which app's."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery import Celery, current_app
from django.core.checks import run_checks
from kombu import Connection

from wechat_subsidies import services
from wechat_subsidies.dispatch import celery
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def make_app() -> Iterator[Callable[..., Celery]]:
    """The shop's own app, current in this thread."""
    before, made = current_app._get_current_object(), []

    def make(broker: str = "memory://", **configuration: Any) -> Celery:
        made.append(Celery("shop", broker=broker))
        made[-1].conf.update(configuration)
        return made[-1]

    yield make
    before.set_current()
    for app in made:
        app.close()


def message_in(queue: str) -> Any:
    """The next message in a queue of the broker in memory; None if there is none."""
    with Connection("memory://") as broker:
        message = broker.default_channel.basic_get(queue, no_ack=True)
        return message and (message.headers["task"], message.decode()[0])


def ask() -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")


def test_a_message_has_a_stable_name_and_keys_alone(
    make_app: Callable[..., Celery], choose: Callable[..., Any]
) -> None:
    make_app()
    dispatcher = choose("celery")
    cancellation = ask()
    assert message_in("celery") == ("wechat_subsidies.send", [[cancellation.pk]])
    dispatcher.work_on(7)
    assert message_in("celery") == ("wechat_subsidies.work_on", [7])


def test_messages_go_to_the_queue_of_the_settings(
    make_app: Callable[..., Celery], choose: Callable[..., Any]
) -> None:
    make_app()
    choose("celery", CELERY={"QUEUE": "money"}).send([1])
    assert message_in("money") == ("wechat_subsidies.send", [[1]])


def test_a_worker_knows_all_tasks(make_app: Callable[..., Celery]) -> None:
    names = {"wechat_subsidies.send", "wechat_subsidies.work_on", "wechat_subsidies.process_due"}
    assert names <= set(make_app().tasks)


def test_other_threads_speak_to_the_shops_broker_too(
    make_app: Callable[..., Celery], choose: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery, "APP_OF_SETUP", make_app())
    dispatcher = choose("celery")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current_app.main).result() == "default"
        pool.submit(dispatcher.hint, "send", [1]).result()
    assert message_in("celery") == ("wechat_subsidies.send", [[1]])


def test_a_broker_that_refuses_is_no_trouble_to_the_one_who_asks(
    make_app: Callable[..., Celery], choose: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    make_app(f"amqp://guest:secret@127.0.0.1:{port}//")
    choose("celery")
    assert ask().status == "pending"
    assert "no worker could be told (OperationalError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_a_broker_that_accepts_and_is_silent_is_given_up(
    make_app: Callable[..., Celery],
    choose: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    monkeypatch.setattr(celery, "PATIENCE", 0.1)
    for name in ("socket_timeout", "read_timeout", "connect_retries_timeout"):
        monkeypatch.setitem(celery.NO_LONGER, name, 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        make_app(f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
        choose("celery")
        assert ask().status == "pending"
    assert "no worker could be told (OperationalError" in caplog.text


def test_a_queue_that_the_shop_does_not_have_is_logged(
    make_app: Callable[..., Celery], choose: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    make_app(task_create_missing_queues=False)
    choose("celery", CELERY={"QUEUE": "mony"})
    assert ask().status == "pending"
    assert "no worker could be told (QueueNotFound" in caplog.text


def test_tasks_of_a_test_that_run_at_once_need_no_broker(
    make_app: Callable[..., Celery], choose: Callable[..., Any]
) -> None:
    make_app("amqp://127.0.0.1:1", task_always_eager=True)
    choose("celery")
    assert ask().status == "succeeded"


def test_beat_can_sweep(make_app: Callable[..., Celery], gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    make_app().tasks["wechat_subsidies.process_due"].apply()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_a_batch_is_handed_on_to_another_message(
    make_app: Callable[..., Celery],
    choose: Callable[..., Any],
    make_order: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wechat_subsidies.services.slices.SLICE_CALLS", 1)
    app = make_app()
    choose("celery")
    batch = services.cancel_subsidies([make_order(), make_order()])
    assert message_in("celery") == ("wechat_subsidies.work_on", [batch.pk])
    app.tasks["wechat_subsidies.work_on"].apply([batch.pk])
    assert message_in("celery") == ("wechat_subsidies.work_on", [batch.pk])


def test_an_app_that_is_not_loaded_is_warned_of(
    make_app: Callable[..., Celery], choose: Callable[..., Any], settings: Any
) -> None:
    settings.DEBUG = True
    choose("celery")
    assert [each.id for each in run_checks(tags=["wechat_subsidies"])] == ["wechat_subsidies.W004"]
    make_app()
    assert run_checks(tags=["wechat_subsidies"]) == []
