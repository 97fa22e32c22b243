"""Run the sandbox as a command: python -m wechat_subsidies.sandbox --port 8089 --keys DIR"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.merchants import KeyMode

TOKEN_VARIABLE = "WECHATPAY_SANDBOX_TOKEN"  # noqa: S105  # the name of a variable, no secret
LEDGER_SIZE = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command's line and serve. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m wechat_subsidies.sandbox",
        description="A local WeChat Pay gateway that cancels subsidies and moves no money.",
    )
    add_options(parser)
    return serve(parser.parse_args(arguments))


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted or terminated. Returns the exit status."""
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO,
        format="%(asctime)s %(message)s",
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        sandbox = Sandbox(
            host=options.host,
            port=options.port,
            keys=options.keys,
            key_mode=options.key_mode,
            create_orders=not options.strict_orders,
            rate_limits=options.rate_limits,
            ledger_size=options.ledger_size,
            tls=options.tls and (options.tls[0], options.tls[1]),
            control_token=options.control_token,
        )
        sandbox.start()
    except (OSError, ValueError, OverflowError) as problem:
        sys.stderr.write(f"The sandbox cannot start: {problem}\n")
        return 1
    sys.stdout.write(_introduction(sandbox, options.keys))
    sys.stdout.flush()
    ended.wait()
    sandbox.stop()
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: any free one")
    parser.add_argument(
        "--keys",
        type=Path,
        help="folder to keep keys in, made where they are missing; without it they are "
        "printed once and gone when this ends",
    )
    parser.add_argument(
        "--strict-orders",
        action="store_true",
        help="refuse orders that were not added, in place of creating them on first sight",
    )
    parser.add_argument(
        "--key-mode",
        choices=get_args(KeyMode),
        default="both",
        help="which of WeChat Pay's keys the merchant has (default: both)",
    )
    parser.add_argument(
        "--no-rate-limits",
        dest="rate_limits",
        action="store_false",
        help="answer however often it is called",
    )
    parser.add_argument(
        "--ledger-size",
        type=int,
        default=LEDGER_SIZE,
        help=f"how many requests to keep (default: {LEDGER_SIZE})",
    )
    parser.add_argument(
        "--tls",
        nargs=2,
        type=Path,
        metavar=("CERTIFICATE", "KEY"),
        help="PEM files of a server certificate and its key, to serve https",
    )
    parser.add_argument(
        "--control-token",
        default=os.environ.get(TOKEN_VARIABLE),
        help="who knows it may use the control API and the status page; needed where others "
        f"reach this address (default: the environment variable {TOKEN_VARIABLE})",
    )
    parser.add_argument("--quiet", action="store_true", help="no line per request")


def _introduction(sandbox: Sandbox, folder: Path | None) -> str:
    settings = sandbox.merchant_settings()
    if folder:
        files = {"PRIVATE_KEY": "apiclient_key.pem", "WECHATPAY_PUBLIC_KEY": "pub_key.pem"}
        settings |= {
            name: str(folder.resolve() / file) for name, file in files.items() if name in settings
        }
    entries = "".join(f"        {name!r}: {value!r},\n" for name, value in settings.items())
    closed = "closed to all; give --control-token to open them here"
    return (
        f"WeChat Pay sandbox at {sandbox.url}, merchant {settings['MCHID']}\n"
        f"Keys: {folder.resolve() if folder else 'in memory, gone when this ends'}\n"
        "Status page and control API: "
        f"{f'{sandbox.url}/ and /_sandbox/' if sandbox.is_controllable else closed}\n"
        "Settings:\n"
        'WECHAT_SUBSIDIES = {"MERCHANTS": {\n'
        f'    "default": {{\n{entries}    }},\n'
        "}}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
