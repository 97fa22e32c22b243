"""The databases: private servers in a folder of the proof's, which may be crashed as one likes."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any, Final, Protocol

READY_WITHIN: Final = 60.0  # seconds
LOCKED_FOR: Final = 4.0  # seconds


class MissingError(Exception):
    """There is no such server on this machine."""


class Database(Protocol):
    """One that can be started and crashed. `crash` returns once it is there again."""

    name: str

    def __init__(self, folder: Path) -> None: ...

    def start(self) -> None:
        """Raises MissingError where there is none to start."""

    def settings(self) -> dict[str, Any]:
        """The entry of DATABASES."""

    def crash(self) -> None:
        """Have it fail as hard as it can."""

    def stop(self) -> None:
        """End it."""


class SQLite:
    """A file. It cannot crash; in place of that somebody else holds its lock for a while."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "shop.sqlite3"

    def start(self) -> None:
        """There is nothing to start."""

    def settings(self) -> dict[str, Any]:
        """With the time to wait for a lock that docs/operations.md asks for."""
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self._file),
            "OPTIONS": {"timeout": 20},
        }

    def crash(self) -> None:
        """Keep everybody from writing."""
        connection = sqlite3.connect(self._file, timeout=20, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(LOCKED_FOR)
        connection.execute("ROLLBACK")
        connection.close()

    def stop(self) -> None:
        """There is nothing to stop."""


class Server:
    """A database server of its own process, user and folder."""

    name: str
    user: str  # who runs it where the proof is run by root, as these servers refuse to be
    crash_signal: signal.Signals
    end_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make a new, empty database and serve it."""
        self._hand_over(self._folder)
        self._run(self.making())
        self._serve()
        self.fill()

    def making(self) -> list[str]:
        """The command that makes the folder of data."""
        raise NotImplementedError

    def serving(self) -> list[str]:
        """The command that serves it."""
        raise NotImplementedError

    def fill(self) -> None:
        """Make what a new server still lacks."""

    def crash(self) -> None:
        """End it without warning and start it again: it has to recover from its log."""
        self._end(self.crash_signal)
        self._serve()

    def stop(self) -> None:
        """End it properly."""
        if self._process:
            self._end(self.end_signal)

    def _end(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)
        self._process.wait(READY_WITHIN)

    def _serve(self) -> None:
        until = time.monotonic() + READY_WITHIN
        while not self._is_there():
            if not self._process or self._process.poll() is not None:
                with self._log.open("ab") as log:
                    self._process = subprocess.Popen(
                        self.serving(), stdout=log, stderr=log, **self._identity()
                    )
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} does not start; see {self._log}")
            time.sleep(0.1)

    def _is_there(self) -> bool:
        is_running = self._process is not None and self._process.poll() is None
        with socket.socket() as probe:
            return is_running and probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _run(self, command: list[str]) -> None:
        with self._log.open("ab") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, **self._identity())

    def _identity(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {"cwd": self._folder}
        return {"user": self.user, "group": self.user, "extra_groups": [], "cwd": self._folder}

    def _hand_over(self, folder: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(folder, self.user, self.user)


class PostgreSQL(Server):
    """PostgreSQL, in a time zone that is nobody else's."""

    name = "PostgreSQL"
    user = "postgres"
    crash_signal = signal.SIGQUIT  # to all its processes at once, without a checkpoint
    end_signal = signal.SIGINT  # SIGTERM would wait for those who are connected

    def making(self) -> list[str]:
        """With a superuser who needs no password."""
        initdb = binary("initdb")
        return [initdb, "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]

    def serving(self) -> list[str]:
        """On one port of the loopback."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "America/New_York",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [binary("postgres"), "-D", str(self._data), *settings]

    def settings(self) -> dict[str, Any]:
        """The database that every server has."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": self.port,
            "USER": "postgres",
            "NAME": "postgres",
        }


class MariaDB(Server):
    """MariaDB, in a time zone that is nobody else's."""

    name = "MariaDB"
    user = "mysql"
    crash_signal = signal.SIGKILL

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def making(self) -> list[str]:
        """With a root who needs no password."""
        return [
            binary("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self._data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]

    def serving(self) -> list[str]:
        """On one port of the loopback; clients take the socket."""
        return [
            binary("mariadbd"),
            "--no-defaults",
            f"--datadir={self._data}",
            f"--socket={self._socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--character-set-server=utf8mb4",
            "--default-time-zone=+05:45",
        ]

    def fill(self) -> None:
        """A new server has no database."""
        client = [binary("mariadb"), "--no-defaults", f"--socket={self._socket}", "--user=root"]
        self._run([*client, "--execute=CREATE DATABASE shop"])

    def settings(self) -> dict[str, Any]:
        """By the socket, where root needs no password."""
        return {
            "ENGINE": "django.db.backends.mysql",
            "HOST": str(self._socket),
            "USER": "root",
            "NAME": "shop",
        }


DATABASES: Final[dict[str, type[Database]]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "mariadb": MariaDB,
}


def binary(name: str) -> str:
    """Where a server's program is; Debian keeps them off the PATH. Raises MissingError."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, versions)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if not found:
        raise MissingError(f"there is no {name} on this machine")
    return found


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
