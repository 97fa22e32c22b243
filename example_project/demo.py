"""`make demo`: a shop whose WeChat Pay is the sandbox, shown at work and then served.

Environment variables: SERVE=0 ends before serving, PORT (8000) and SANDBOX_PORT (8787) are where
the site and the sandbox listen, SHOP_VAR_DIR is the folder of the database and the sandbox's keys.
"""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command

from wechat_subsidies.sandbox import Sandbox

HOST = "127.0.0.1"
VAR_DIR = Path(os.environ.setdefault("SHOP_VAR_DIR", str(Path(__file__).with_name("var"))))


class CannotStart(Exception):
    """What keeps the demo from starting, in words for the one who typed the command."""


def main() -> int:
    """Run the demo. Returns the exit status."""
    # Ctrl-C ends it, and so does `kill`, also where a shell in the background ignores the former.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        demonstrate(serve=os.environ.get("SERVE") != "0")
    except CannotStart as problem:
        print(f"The demo cannot start: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def demonstrate(*, serve: bool) -> None:
    """Walk through the shop's orders and then, if so wanted, serve the shop until interrupted."""
    # Ports are of no matter where nothing is served: then any free one does.
    port, sandbox_port = (free("PORT", 8000), free("SANDBOX_PORT", 8787)) if serve else (0, 0)
    with sandbox_at(sandbox_port) as sandbox:
        set_up_django(sandbox)
        # Not importable any earlier: the settings read the keys that the sandbox has just made.
        from example_project.shop.seed import seed
        from example_project.walkthrough import walk_through

        seed(sandbox)
        walk_through(sandbox)
        if serve:
            open_shop(port=port, sandbox=sandbox)


def free(variable: str, default: int) -> int:
    """The port that an environment variable names, or the default. Raises CannotStart if it is taken."""
    value = os.environ.get(variable) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CannotStart(f"{variable} is “{value}”; it must be a port, such as {default}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(value)))
        except OSError as problem:
            raise CannotStart(
                f"port {value} is not to be had ({problem.strerror}). Stop what listens on it, "
                f"or choose another one: make demo {variable}={int(value) + 1}"
            ) from problem
    return int(value)


@contextmanager
def sandbox_at(port: int) -> Iterator[Sandbox]:
    """The sandbox, running. Raises CannotStart, naming the file, where its keys cannot be used."""
    try:
        sandbox = Sandbox(keys=VAR_DIR / "wechatpay", host=HOST, port=port)
        sandbox.start()
    except (OSError, ValueError) as problem:
        raise CannotStart(f"the sandbox has a problem. {problem}") from problem
    try:
        yield sandbox
    finally:
        sandbox.stop()


def set_up_django(sandbox: Sandbox) -> None:
    """Load the shop's settings, pointed to the sandbox, and bring its database up to date."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    os.environ["WECHATPAY_URL"] = sandbox.url
    django.setup()
    call_command("migrate", verbosity=0)


def open_shop(*, port: int, sandbox: Sandbox) -> None:
    """Serve the shop until interrupted."""
    with suppress(KeyboardInterrupt, SystemExit):  # runserver answers the one with the other
        print(
            f"The shop is open at http://{HOST}:{port}/admin/\n"
            "    Log in as admin with the password admin, an account of this demo only.\n"
            "    To cancel subsidies yourself, select orders (订单) and choose the action 取消补差.\n"
            f"The sandbox listens at {sandbox.url} as long as this runs.\n"
            "Ctrl-C ends both.\n",
            flush=True,
        )
        # What runserver says of itself goes nowhere: it is said above.
        call_command("runserver", f"{HOST}:{port}", use_reloader=False, stdout=StringIO())
    print("\nThe demo has ended.")


if __name__ == "__main__":
    sys.exit(main())
