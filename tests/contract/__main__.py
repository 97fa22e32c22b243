"""`make contract`: call the example shop's API with whatever its OpenAPI document allows and forbids.

The shop and its sandbox are started in this process, on free ports and in a folder that is removed
afterwards; Schemathesis calls them from a process of its own, with all its checks. Further arguments
are passed on to it. Ends with its exit status.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ..serving import served

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Start what is called, have it called, and return the exit status."""
    with TemporaryDirectory(prefix="contract-") as folder:
        os.environ["SHOP_VAR_DIR"] = folder
        from example_project.demo import sandbox_at, set_up_django

        with sandbox_at(0) as sandbox:
            set_up_django(sandbox)
            from django.conf import settings
            from django.core.handlers.wsgi import WSGIHandler

            from example_project.shop.seed import seed

            # Each call says the password anew, and what makes it slow to guess is not tested here.
            settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
            logging.getLogger("django.request").setLevel(logging.ERROR)
            seed(sandbox)
            with served(WSGIHandler()) as url:
                return schemathesis(url, arguments)


def schemathesis(url: str, arguments: list[str]) -> int:
    """Call everything below this address. Returns the exit status."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/api/schema/"]
    return subprocess.run([*command, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
