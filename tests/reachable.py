"""Says whether a service can be reached, and if not what that means: python reachable.py URL

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
    make {target} {variable}={scheme}://user:password@host:port/name
{remark}
"""
DATABASE = {
    "target": "test-databases",
    "remark": "The role has to be one that may make databases; the tests make test_name, and remove it.",
}
BROKER = {
    "target": "test-brokers",
    "remark": "The tests make a queue with a name of chance, and remove it.",
}
KINDS = {
    "postgresql": {
        **DATABASE,
        "name": "POSTGRESQL",
        "port": 5432,
        "variable": "POSTGRESQL_URL",
        "container": "docker run --rm -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres",
    },
    "mysql": {
        **DATABASE,
        "name": "MARIADB",
        "port": 3306,
        "variable": "MARIADB_URL",
        "container": "docker run --rm -p 127.0.0.1:3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 mariadb",
    },
    "amqp": {
        **BROKER,
        "name": "RABBITMQ",
        "port": 5672,
        "variable": "AMQP_URL",
        "container": "docker run --rm -p 127.0.0.1:5672:5672 rabbitmq",
    },
    "redis": {
        **BROKER,
        "name": "REDIS",
        "port": 6379,
        "variable": "REDIS_URL",
        "container": "docker run --rm -p 127.0.0.1:6379:6379 redis",
    },
}


def is_reachable(url: str) -> bool:
    """Whether something answers there."""
    address = urlsplit(url)
    port = address.port or KINDS[address.scheme]["port"]
    try:
        socket.create_connection((address.hostname, port), timeout=3).close()
    except OSError:
        return False
    return True


def main(url: str) -> int:
    address = urlsplit(url)
    if address.scheme not in KINDS:
        print(f"{url} is no address of a service: it begins with {', '.join(KINDS)}://")
        return 1
    if is_reachable(url):
        return 0
    facts = {**KINDS[address.scheme], "scheme": address.scheme, "host": address.hostname}
    facts["port"] = address.port or facts["port"]
    print(WORDS.format(**facts))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
