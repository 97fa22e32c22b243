"""Where tests keep their data.

TEST_DATABASE_URL names the database, such as postgresql://postgres@127.0.0.1/test or
mysql://root@127.0.0.1/test; without it a file is made, and removed afterwards.
"""

import os
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

# A file and not memory: threads and processes of a test have connections of their own.
FOLDER: Final = TemporaryDirectory(prefix="wechat-subsidies-")


def database(suffix: str = "") -> dict[str, Any]:
    """An entry of DATABASES; `suffix` tells a database from others of the same tests."""
    url = urlsplit(os.environ.get("TEST_DATABASE_URL", f"sqlite3://{FOLDER.name}/test"))
    path = url.path + suffix
    entry: dict[str, Any] = {
        "ENGINE": f"django.db.backends.{url.scheme}",
        "HOST": url.hostname or "",
        "PORT": url.port or "",
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "NAME": path.lstrip("/"),
    }
    if url.scheme == "sqlite3":
        entry |= {"NAME": path, "TEST": {"NAME": path}, "OPTIONS": {"timeout": 20}}
    return entry
