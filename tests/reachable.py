"""Says whether a database can be reached, and if not what that means: python reachable.py URL

Runs before anything is installed; the Makefile asks it.
"""

import socket
import sys
from urllib.parse import urlsplit

WORDS = """
******************************************************************************
NOT TESTED ON {name}: NOTHING ANSWERS AT {host}:{port}.
******************************************************************************
Start it, for instance by
    {container}
or say where it is:
    make test-databases {variable}={scheme}://user:password@host:port/name
The role has to be one that may make databases; the tests make test_name, and remove it.
"""
KINDS = {
    "postgresql": {
        "name": "POSTGRESQL",
        "port": 5432,
        "variable": "POSTGRESQL_URL",
        "container": "docker run --rm -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres",
    },
    "mysql": {
        "name": "MARIADB",
        "port": 3306,
        "variable": "MARIADB_URL",
        "container": "docker run --rm -p 127.0.0.1:3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 mariadb",
    },
}


def main(url: str) -> int:
    address = urlsplit(url)
    if address.scheme not in KINDS:
        print(f"{url} is no address of a database: it begins with {' or '.join(KINDS)}://")
        return 1
    facts = {**KINDS[address.scheme], "scheme": address.scheme, "host": address.hostname}
    facts["port"] = address.port or facts["port"]
    try:
        socket.create_connection((facts["host"], facts["port"]), timeout=3).close()
    except OSError:
        print(WORDS.format(**facts))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
