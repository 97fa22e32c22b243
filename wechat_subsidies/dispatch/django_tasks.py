"""Sending by workers of Django Tasks. The only module that knows them.

Django 6 has them as `django.tasks`; on Django 5.2 the package `django-tasks` serves, and the two
cannot be mixed. A task's name is its path, `wechat_subsidies.dispatch.django_tasks.send`, by which
workers find it: it is stable. Arguments are keys and nothing else.
"""

from typing import TYPE_CHECKING, Any, Final

from django import VERSION
from django.core.exceptions import ImproperlyConfigured

from ..conf import app_settings
from . import work
from .base import Problem
from .hints import HintingDispatcher

if TYPE_CHECKING or VERSION >= (6, 0):
    from django.tasks import Task, task, task_backends
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.backends.dummy import DummyBackend
    from django.tasks.backends.immediate import ImmediateBackend
else:
    from django_tasks import task, task_backends
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.backends.dummy import DummyBackend
    from django_tasks.backends.immediate import ImmediateBackend
    from django_tasks.base import Task

BACKEND: Final = "default"  # the entry of TASKS, with its queue of that name


def refuse_foreign_backend(backend: object) -> None:
    """Raise ImproperlyConfigured for a backend of the other library: the two cannot be mixed."""
    if not isinstance(backend, BaseTaskBackend):
        library = BaseTaskBackend.__module__.partition(".backends")[0]
        raise ImproperlyConfigured(
            f"TASKS['{BACKEND}'] is {type(backend).__qualname__}, which is no backend of {library}, the "
            "library for this version of Django."
        )


refuse_foreign_backend(task_backends[BACKEND])


@task
def send(keys: list[int]) -> None:
    """Send the cancellations with these keys, as far as they are due."""
    work.send(keys)


@task
def work_on(batch_pk: int) -> None:
    """Work on a batch, slice by slice."""
    work.work_on(batch_pk, hand_on=app_settings.dispatcher.work_on)


@task
def process_due() -> None:
    """The sweep; for whatever begins tasks at their time."""
    work.process_due()


TASKS: Final["dict[str, Task[..., None]]"] = {"send": send, "work_on": work_on}


class DjangoTasksDispatcher(HintingDispatcher):
    """Leaves all sending to the workers of `TASKS["default"]`."""

    def hint(self, name: str, ids: Any) -> None:
        """Put the task into the queue; raises what its backend raises."""
        TASKS[name].enqueue(ids)

    def problem(self) -> Problem | None:
        """That there are no workers."""
        backend = task_backends[BACKEND]
        if not isinstance(backend, ImmediateBackend | DummyBackend):
            return None
        return Problem(
            words=f"is 'django_tasks', but TASKS['{BACKEND}'] is {type(backend).__name__}, which has "
            "no workers.",
            hint="Set a backend that has, such as django_tasks_db.DatabaseBackend.",
        )
