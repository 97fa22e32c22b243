"""The matrix: the tests on every Python, Django and database that is supported, and without what is optional.

`nox` runs all tests in each leg, `nox -- tests/admin` some. `nox --tags versions variants -- --short` is
what CI runs, in two parts: not the legs that `make test` and `make test-databases` are, and of the
others those folders that lean on what the leg changes. A Python that is missing is said, and its legs
are skipped. The databases are those whose address POSTGRESQL_URL, MARIADB_URL or MYSQL_URL names;
`make matrix` sets the first two.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

import nox

nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"

PROJECT = nox.project.load_toml("pyproject.toml")["project"]

# Django 6 needs Python 3.12.
SUPPORTED = [
    ("3.11", "5.2"),
    ("3.12", "5.2"),
    ("3.12", "6.0"),
    ("3.12", "6.1"),
    ("3.13", "5.2"),
    ("3.13", "6.0"),
    ("3.13", "6.1"),
]
OLDEST, NEWEST = SUPPORTED[0], SUPPORTED[-1]
# What `make test` has: the Python that runs this, too, and the newest Django for it.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MADE = [versions for versions in SUPPORTED if versions[0] == PYTHON][-1:]
DATABASES = {
    "postgresql": os.environ.get("POSTGRESQL_URL"),
    "mariadb": os.environ.get("MARIADB_URL"),
    "mysql": os.environ.get("MYSQL_URL"),
}

# With --short, the folders whose tests lean on what a leg changes. The oldest and the newest Python and
# Django: all that calls Django and DRF, and not the protocol, the sandbox and the proofs over many runs;
# those between: the shops that use everything, and the workers, for Django Tasks came on the way.
# A database: what is written in SQL. The lowest versions: what they carry.
FRAMEWORKS = [f"tests/{each}" for each in ("admin", "api", "checks", "dispatch", "hosts", "orders")]
SHOPS = ["tests/checks", "tests/dispatch", "tests/hosts"]
STORED = ["tests/services", "tests/orders", "tests/test_models.py", "tests/test_indexes.py"]
CARRIED = ["tests/api", "tests/dispatch", "tests/hosts", "tests/wechatpay"]
INDEPENDENT = ["tests/admin", "tests/services", "tests/orders", "tests/test_commands.py"]

ALONE = "not broker and not browser and not package"


def leg(python: str, django: str, *first: str) -> object:
    """A leg's parameters, its name, and whether CI runs it."""
    done_elsewhere = (python, django) in MADE and "mysql" not in first
    name = "-".join([*first, f"python{python}", f"django{django}"])
    return nox.param(*first, python, django, id=name, tags=[] if done_elsewhere else ["versions"])


def run_tests(session: nox.Session, short: Sequence[str], marks: str = ALONE, **env: str) -> None:
    """Run all tests, with --short these, or those that are named."""
    chosen = [each for each in session.posargs if each != "--short"]
    chosen += short if "--short" in session.posargs else []
    session.run("python", "-m", "pytest", "-q", "-m", marks, *chosen, env=env)


def lowest(*extras: str) -> list[str]:
    """The lowest versions that pyproject.toml says are enough."""
    wanted = [*PROJECT["dependencies"]]
    for extra in extras:
        wanted += PROJECT["optional-dependencies"][extra]
    return [each.replace(">=", "==") for each in wanted]


@nox.session
@nox.parametrize("python,django", [leg(*versions) for versions in SUPPORTED])
def django(session: nox.Session, django: str) -> None:
    """On SQLite, with the newest versions of all else."""
    session.install("-e", ".[test]", f"django=={django}.*")
    run_tests(session, FRAMEWORKS if (session.python, django) in (OLDEST, NEWEST) else SHOPS)


@nox.session(tags=["variants"])
def lowest_versions(session: nox.Session) -> None:
    """With the lowest version of everything that pyproject.toml lets shops have."""
    session.install("-e", ".[test]", *lowest("celery", "tasks", "schema", "sandbox"))
    run_tests(session, CARRIED)


@nox.session
@nox.parametrize(
    "database,python,django",
    [leg(*each, name) for name, url in DATABASES.items() if url for each in (OLDEST, NEWEST)],
)
def databases(session: nox.Session, database: str, django: str) -> None:
    """The tests that use a database, on others than SQLite; one that does not answer is an error in CI."""
    url = str(DATABASES[database])
    if subprocess.run([sys.executable, "tests/reachable.py", url]).returncode:
        (session.error if os.environ.get("CI") else session.skip)("the database does not answer")
    extra = "test-postgresql" if database == "postgresql" else "test-mariadb"
    session.install("-e", f".[{extra}]", f"django=={django}.*")
    run_tests(session, STORED, f"database and {ALONE}", TEST_DATABASE_URL=url)


@nox.session(tags=["variants"])
def without_extras(session: nox.Session) -> None:
    """With nothing that is optional; tests that need it are left out (tests/optional.py)."""
    session.install("-e", ".", "pytest", "pytest-django")
    run_tests(session, [])


@nox.session(tags=["variants"])
def without_drf(session: nox.Session) -> None:
    """Without Django REST framework: admin and services work all the same."""
    session.install("-e", ".[sandbox]", "hypothesis", "pytest", "pytest-django")
    session.run("python", "-m", "pip", "uninstall", "-q", "-y", "djangorestframework")
    run_tests(session, INDEPENDENT)
