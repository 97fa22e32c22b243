"""The command: python -m torture [--short]"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .databases import DATABASES, MissingError
from .gateway import Gateway
from .scenarios import MAIN, SCENARIOS
from .scene import Result, Scene, Size
from .table import cells, complaints, is_proof, table

# Exit statuses of the process that plays one database, besides 0 and 1
MISSING = 77  # this machine does not have it
UNPROVEN = 78  # nothing was wrong, and nothing was put to the test either


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what is asked for, each database in a process of its own. Returns the exit status."""
    options = parsed(arguments)
    # So that what was started is ended as well.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if options.lines:
        return play(options)
    print(f"Seed {options.seed}: the same again with --seed {options.seed}", flush=True)
    lines, statuses = list[list[str]](), dict[str, int]()
    for name in options.databases:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "lines.json"
            status = status_of([sys.executable, "-m", "torture", *words(options, name, file)])
            lines += json.loads(file.read_text()) if file.exists() else []
        statuses[name] = status
        if status == MISSING and not options.strict:
            print(f"SKIPPED: {name}, which this machine does not have", flush=True)
            del statuses[name]
    print("\n" + table(lines))
    return told(statuses)


def told(statuses: dict[str, int]) -> int:
    """Say how it went and return the exit status.

    A short round may meet no call that a kill interrupts; of all databases one has to.
    """
    unproven = [name for name, status in statuses.items() if status == UNPROVEN]
    wrong = [name for name, status in statuses.items() if status not in {0, UNPROVEN}]
    if unproven:
        print(f"\nNo call was lost to a kill, or none met a fault: {', '.join(unproven)}")
    if wrong or (unproven and len(unproven) == len(statuses)):
        print(f"\nNOT well: {', '.join(wrong or unproven)}")
        return 1
    print("\nAll is well.")
    return 0


def status_of(command: Sequence[str]) -> int:
    """Run a command to its end, or terminate it and wait where this process is to end before."""
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a small round on each database")
    parser.add_argument("--orders", type=int, help="in each round (1000, short: 200)")
    parser.add_argument(
        "--kills", type=int, help="of workers, where nothing else happens (100, short: 10)"
    )
    parser.add_argument(
        "--fewer", type=int, metavar="KILLS", help="of workers in the other rounds (30, short: 10)"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument(
        "--strict", action="store_true", help="a database that is missing is an error"
    )
    parser.add_argument(
        "--database", dest="databases", action="append", choices=DATABASES, help="only this one"
    )
    parser.add_argument(
        "--scenario", dest="scenarios", action="append", choices=SCENARIOS, help="only this one"
    )
    parser.add_argument("--lines", type=Path, help=argparse.SUPPRESS)  # where to leave the figures
    options = parser.parse_args(arguments)
    options.orders = options.orders or (200 if options.short else 1000)
    options.kills = options.kills or (10 if options.short else 100)
    options.fewer = options.fewer or (10 if options.short else 30)
    options.databases = options.databases or list(DATABASES)
    options.scenarios = options.scenarios or (["all"] if options.short else list(SCENARIOS))
    return options


def words(options: argparse.Namespace, database: str, lines: Path) -> list[str]:
    """The options of the process that plays one database."""
    named = [f"--scenario={name}" for name in options.scenarios]
    sizes = [f"--{name}={getattr(options, name)}" for name in ("orders", "kills", "fewer", "seed")]
    return [*sizes, f"--database={database}", f"--lines={lines}", *named]


def play(options: argparse.Namespace) -> int:
    """Play the scenarios on one database. What they left is kept where something is wrong."""
    (name,) = options.databases
    folder = Path(tempfile.mkdtemp(prefix=f"torture-{name}-"))
    folder.chmod(0o755)  # a server's own user has to get through to its folder in it
    (folder / "server").mkdir()
    database = DATABASES[name](folder / "server")
    with ExitStack() as started:
        started.callback(database.stop)
        try:
            database.start()
        except MissingError as missing:
            print(f"{database.name}: {missing}")
            shutil.rmtree(folder)
            return MISSING
        gateway = Gateway(folder)
        started.callback(gateway.stop)
        status = play_all(options, Scene(database, gateway, folder=folder))
    if status == 1:
        print(f"{database.name}: kept for a look: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return status


def play_all(options: argparse.Namespace, scene: Scene) -> int:
    """Play the scenarios one after the other; returns the exit status."""
    results, problems = list[Result](), list[str]()
    for name in options.scenarios:
        kills = options.kills if SCENARIOS[name] is MAIN else options.fewer
        size = Size(orders=options.orders, kills=kills)
        results.append(scene.play(SCENARIOS[name], size=size, seed=options.seed))
        options.lines.write_text(json.dumps([cells(result) for result in results]))
        found = complaints(results[-1])
        print("\n".join([" | ".join(cells(results[-1])), *found]), flush=True)
        problems += found
    if problems:
        return 1
    return 0 if is_proof(results) else UNPROVEN


if __name__ == "__main__":
    sys.exit(main())
