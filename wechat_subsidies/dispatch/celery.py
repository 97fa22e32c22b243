"""Sending by Celery's workers. The only module that knows Celery.

It is imported when the setting DISPATCHER names it, by every process: that is how a worker comes to
know the tasks. Their names are stable, and their arguments are keys and nothing else.
"""

from typing import Any, Final

from celery import Celery, current_app, shared_task
from kombu.connection import Connection
from kombu.pools import producers

from ..conf import app_settings
from . import work
from .base import Problem
from .hints import HintingDispatcher

PATIENCE: Final = 2.0  # seconds for each step of reaching the broker
# One more try, at once: a connection that was kept may have died with the broker before this one.
ONE_MORE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
# Without them kombu tries to connect for ever, or for as long as the system takes to give up.
NO_LONGER: Final = {
    **ONE_MORE,
    "connect_retries_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,  # this and the next are Redis'
    "socket_timeout": PATIENCE,
    "retry_on_timeout": False,
    "read_timeout": PATIENCE,  # this and the next are RabbitMQ's
    "write_timeout": PATIENCE,
}
MADE_UP: Final = "default"  # the name of the app that Celery makes up where it knows of none


def known_app() -> Celery:
    """The shop's app, as far as this thread knows."""
    return current_app._get_current_object()


# Celery tells only the thread that makes an app of it. Apps are made while Django is set up, as this
# is imported; requests are answered in other threads, for which it makes up one with a broker on
# this machine.
APP_OF_SETUP: Final = known_app()


def shops_app() -> Celery:
    """The shop's app, in every thread."""
    app = known_app()
    return APP_OF_SETUP if app.main == MADE_UP else app


def queue() -> dict[str, str]:
    """The option that names the queue, if the settings do; else the host's routing decides."""
    name = app_settings.celery["QUEUE"]
    return {"queue": name} if name else {}


@shared_task(name="wechat_subsidies.send", ignore_result=True, **queue())
def send(keys: list[int]) -> None:
    """Send the cancellations with these keys, as far as they are due."""
    work.send(keys)


@shared_task(name="wechat_subsidies.work_on", ignore_result=True, **queue())
def work_on(batch_pk: int) -> None:
    """Work on a batch, slice by slice."""
    work.work_on(batch_pk, hand_on=app_settings.dispatcher.work_on)


@shared_task(name="wechat_subsidies.process_due", ignore_result=True, **queue())
def process_due() -> None:
    """The sweep; for beat."""
    work.process_due()


class CeleryDispatcher(HintingDispatcher):
    """Leaves all sending to Celery's workers."""

    def hint(self, name: str, ids: Any) -> None:
        """Put the task into the queue; raises what Celery, kombu and the broker's client raise."""
        app = shops_app()
        with producers[way_to_broker(app)].acquire(block=True, timeout=PATIENCE) as producer:
            app.tasks[f"wechat_subsidies.{name}"].apply_async(
                (ids,), producer=producer, retry=True, retry_policy=ONE_MORE, **queue()
            )

    def problem(self) -> Problem | None:
        """That the shop's own Celery app is not loaded, so that hints go nowhere."""
        if shops_app().main != MADE_UP:
            return None
        return Problem(
            words="is 'celery', but no Celery app is loaded in this process.",
            hint="Import yours in the __init__.py of the project, as Celery's guide for Django says.",
        )


def way_to_broker(app: Celery) -> Connection:
    """The app's, but one that gives up soon."""
    way: Connection = app.connection_for_write(
        connect_timeout=PATIENCE, transport_options=NO_LONGER
    )
    return way
