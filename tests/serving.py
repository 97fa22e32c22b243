"""A site that is called over the network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from cheroot.wsgi import Server


@contextmanager
def served(application: WSGIApplication) -> Iterator[str]:
    """Serve the application on a free port of this machine; gives its address."""
    server = Server(("127.0.0.1", 0), application, numthreads=4)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"
    finally:
        server.stop()
        thread.join()
