"""Run the sandbox as a command: python -m wechat_subsidies.sandbox --port 8089 --keys DIR"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from wechat_subsidies.sandbox import Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated. Returns the exit status."""
    options = _parser().parse_args(arguments)
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
            create_orders=not options.strict_orders,
        )
        sandbox.start()
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"The sandbox cannot start: {problem}\n")
        return 1
    sys.stdout.write(_introduction(sandbox, options.keys))
    sys.stdout.flush()
    ended.wait()
    sandbox.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wechat_subsidies.sandbox",
        description="A local WeChat Pay gateway that cancels subsidies and moves no money.",
    )
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
    parser.add_argument("--quiet", action="store_true", help="no line per request")
    return parser


def _introduction(sandbox: Sandbox, folder: Path | None) -> str:
    settings = sandbox.merchant_settings()
    if folder:
        settings["PRIVATE_KEY"] = str(folder.resolve() / "apiclient_key.pem")
        settings["WECHATPAY_PUBLIC_KEY"] = str(folder.resolve() / "pub_key.pem")
    entries = "".join(f"        {name!r}: {value!r},\n" for name, value in settings.items())
    return (
        f"WeChat Pay sandbox at {sandbox.url}, merchant {settings['MCHID']}\n"
        f"Keys: {folder.resolve() if folder else 'in memory, gone when this ends'}\n"
        "Settings:\n"
        'WECHAT_SUBSIDIES = {"MERCHANTS": {\n'
        f'    "default": {{\n{entries}    }},\n'
        "}}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
