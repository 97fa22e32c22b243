"""The command: python -m benchmarks [--only SUBJECT]"""

import argparse
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path
from typing import Final

from . import big_click, growth, one_call, quota, start_up, uncapped
from .tables import Table, broken

RESULTS: Final = Path(__file__).with_name("results.md")
PACKAGES: Final = (
    "django",
    "djangorestframework",
    "requests",
    "urllib3",
    "cryptography",
    "psycopg",
    "mysqlclient",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print it, write it down. Returns 1 if a bound is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--postgresql", default="postgresql://postgres@127.0.0.1/benchmarks")
    parser.add_argument("--mariadb", default="mysql://root@127.0.0.1/benchmarks")
    parser.add_argument("--only", dest="subjects", action="append", help="one subject; repeatable")
    options = parser.parse_args(arguments)
    subjects: dict[str, Callable[[], Table]] = {
        "one_call": one_call.run,
        "start_up": start_up.run,
        "uncapped": partial(uncapped.run, options.postgresql),
        "quota": partial(quota.run, options.postgresql),
        "big_click": partial(big_click.run, options.postgresql),
        "growth_postgresql": partial(growth.run, "PostgreSQL", options.postgresql),
        "growth_mariadb": partial(growth.run, "MariaDB", options.mariadb),
    }
    tables, problems = [], []
    for name in options.subjects or subjects:
        try:
            tables.append(subjects[name]())
        except Exception as error:  # noqa: BLE001  (the other tables are wanted all the same)
            traceback.print_exc()
            problems.append(f"{name} cannot be measured: {error}")
        else:
            print(f"{tables[-1]}\n", flush=True)
    if not options.subjects:
        RESULTS.write_text("\n\n".join([head(), *map(str, tables)]) + "\n")
    problems += broken(tables)
    print("\n".join(problems))
    return 1 if problems else 0


def head() -> str:
    """Where and with what it was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = " ".join(f"{each:.1f}" for each in getloadavg())
    return (
        "# What `make bench` measured\n\n"
        f"{date.today()}; {platform.system()} {platform.machine()}, {cpu_count()} cores, load {load}; "
        f"Python {platform.python_version()}, {versions}."
    )


if __name__ == "__main__":
    sys.exit(main())
