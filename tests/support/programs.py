"""Runs programs of others against the product on loopback."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

PATIENCE_SECONDS = 180


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the product on a port of its own and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> str:
    """Run a program to its end and give what it printed; it fails loudly when it is not installed."""
    found = shutil.which(str(command[0]))
    assert found, f"{command[0]} is missing: run the suite by its make target, which installs it"
    done = subprocess.run(  # noqa: S603 - the programs under test
        [found, *map(str, command[1:])],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
