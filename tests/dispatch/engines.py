"""The engines that are tried with real workers: what runs them, and how their messages get lost."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import connection
from kombu import Connection, Queue
from redis import Redis

from .forwarder import Forwarder


class Engine:
    """Workers and one who asks, each in a process of its own, and what stands between them."""

    dispatcher: str

    def __init__(self, folder: Path, queue: str) -> None:
        self.folder, self.queue = folder, queue
        self.processes: list[subprocess.Popen[str]] = []

    def prepare(self, environment: dict[str, str]) -> None:
        """Say what the processes need: the database's address and WECHAT_SUBSIDIES."""
        self.environment = (
            os.environ | {"DJANGO_SETTINGS_MODULE": "tests.dispatch.shop"} | environment
        )

    def start(self, *command: str, **pipes: Any) -> subprocess.Popen[str]:
        """Start a module, the head of a group of processes: a kill takes its children, too."""
        with (self.folder / f"{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment,
                text=True,
                start_new_session=True,
                **{"stdout": log, "stderr": log} | pipes,
            )
        self.processes.append(process)
        return process

    def start_worker(self, number: int) -> subprocess.Popen[str]:
        raise NotImplementedError

    def kill(self, process: subprocess.Popen[str]) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()  # waits, and closes the pipes

    def begin_outage(self) -> None:
        """The broker is gone."""

    def end_outage(self) -> None:
        """It is back, and has forgotten every message."""

    def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                self.kill(process)

    def logs(self) -> str:
        return "\n".join(each.read_text() for each in sorted(self.folder.glob("*.log")))


class CeleryEngine(Engine):
    """Celery, behind a broker."""

    dispatcher = "celery"

    default_port: int

    def __init__(self, folder: Path, queue: str, *, url: str) -> None:
        super().__init__(folder, queue)
        self.broker, self.way = url, Forwarder(url, default_port=self.default_port)

    def prepare(self, environment: dict[str, str]) -> None:
        options = {"global_keyprefix": f"{self.queue}."}  # so that Redis' keys can be told
        way = {"BROKER_URL": self.way.url, "BROKER_OPTIONS": json.dumps(options)}
        super().prepare(environment | way)

    def start_worker(self, number: int) -> subprocess.Popen[str]:
        options = ["--queues", self.queue, "--concurrency", "2", "--loglevel", "INFO"]
        options += ["--hostname", f"{number}@{self.queue}", "--without-mingle", "--without-gossip"]
        return self.start("celery", "-A", "tests.dispatch.shop", "worker", *options)

    def begin_outage(self) -> None:
        self.way.cut()

    def end_outage(self) -> None:
        self.forget_messages()
        self.way.mend()

    def close(self) -> None:
        super().close()
        self.way.close()
        self.forget_messages()

    def forget_messages(self) -> None:
        """Remove the queue; the workers that consume from it make it anew."""
        raise NotImplementedError


class RabbitMQEngine(CeleryEngine):
    """Celery with RabbitMQ."""

    default_port = 5672

    def forget_messages(self) -> None:
        with Connection(self.broker) as broker:
            Queue(self.queue)(broker.default_channel).delete()


class RedisEngine(CeleryEngine):
    """Celery with Redis."""

    default_port = 6379

    def forget_messages(self) -> None:
        with Redis.from_url(self.broker) as broker:
            for key in broker.scan_iter(f"{self.queue}*"):
                broker.delete(key)


class DatabaseEngine(Engine):
    """Django Tasks with django_tasks_db, whose messages are rows beside ours."""

    dispatcher = "django_tasks"

    def prepare(self, environment: dict[str, str]) -> None:
        super().prepare(environment)
        migration = self.start("django", "migrate", "django_tasks_database")
        assert migration.wait(timeout=60) == 0, self.logs()

    def start_worker(self, number: int) -> subprocess.Popen[str]:
        options = ["--no-reload", "--interval", "0.2", "--worker-id", f"worker-{number}"]
        return self.start("django", "db_worker", *options)

    def end_outage(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_tasks_database_dbtaskresult WHERE status = 'READY'")

    def close(self) -> None:
        super().close()
        with connection.cursor() as cursor:
            # Its migrations cannot be undone, and the other tests do without its table.
            cursor.execute("DROP TABLE django_tasks_database_dbtaskresult")
            cursor.execute("DELETE FROM django_migrations WHERE app = 'django_tasks_database'")
