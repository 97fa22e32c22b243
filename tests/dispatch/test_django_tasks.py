"""Django Tasks, whose backends are the host's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.local import Local
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.dispatch import django_tasks
from wechat_subsidies.models import SubsidyCancellation

pytestmark = pytest.mark.django_db(transaction=True)
LIBRARY = django_tasks.BaseTaskBackend.__module__.partition(".backends")[0]


@pytest.fixture
def backend(settings: Any) -> Iterator[Callable[[str], None]]:
    """Set TASKS to a backend of this version's library."""
    handler = django_tasks.task_backends

    def forget() -> None:
        handler._settings = None
        vars(handler).pop("settings", None)  # read anew when it is next asked for
        handler._connections = Local()

    def choose(path: str) -> None:
        settings.TASKS = {"default": {"BACKEND": f"{LIBRARY}.backends.{path}"}}
        forget()

    yield choose
    forget()


def ask() -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")


def queued() -> list[tuple[str, Any]]:
    backend = django_tasks.task_backends["default"]
    return [(each.task.module_path, each.args) for each in backend.results]


def test_a_task_has_a_stable_path_and_keys_alone(
    backend: Callable[[str], None], choose: Callable[..., Any]
) -> None:
    backend("dummy.DummyBackend")
    dispatcher = choose("django_tasks")
    cancellation = ask()
    dispatcher.work_on(7)
    assert queued() == [
        ("wechat_subsidies.dispatch.django_tasks.send", [[cancellation.pk]]),
        ("wechat_subsidies.dispatch.django_tasks.work_on", [7]),
    ]


def test_tasks_that_run_at_once_send(
    backend: Callable[[str], None], choose: Callable[..., Any]
) -> None:
    backend("immediate.ImmediateBackend")
    choose("django_tasks")
    ask()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_tasks_that_run_at_once_work_on_a_batch_and_come_to_an_end(
    backend: Callable[[str], None],
    choose: Callable[..., Any],
    make_order: Callable[..., Order],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wechat_subsidies.services.slices.SLICE_CALLS", 1)
    backend("immediate.ImmediateBackend")
    choose("django_tasks")
    services.cancel_subsidies([make_order() for _ in range(3)])
    assert SubsidyCancellation.objects.filter(status="succeeded").count() == 1


def test_a_sweep_can_be_a_task(backend: Callable[[str], None], choose: Callable[..., Any]) -> None:
    backend("immediate.ImmediateBackend")
    choose("django_tasks")
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    django_tasks.process_due.enqueue()
    assert SubsidyCancellation.objects.get().status == "succeeded"


@pytest.mark.parametrize("path", ["immediate.ImmediateBackend", "dummy.DummyBackend"])
def test_a_backend_without_workers_is_warned_of(
    backend: Callable[[str], None], choose: Callable[..., Any], settings: Any, path: str
) -> None:
    settings.DEBUG = True
    backend(path)
    choose("django_tasks")
    (warning,) = run_checks(tags=["wechat_subsidies"])
    assert warning.id == "wechat_subsidies.W004"
    assert "has no workers" in warning.msg


class Stranger:
    """A backend of another library."""


def test_a_backend_of_another_library_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="is Stranger, which is no backend of"):
        django_tasks.refuse_foreign_backend(Stranger())
