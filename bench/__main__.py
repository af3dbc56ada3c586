"""Prints each figure beside its floor: the engine alone, a day of requests, the API over HTTP, memory."""

import os
import platform
from importlib.metadata import version

from bench import engine, http, optimum


def main() -> None:
    """Run every benchmark."""
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; Python {platform.python_version()}")
    print(
        ", ".join(
            f"{name} {version(name)}" for name in ("flask", "gunicorn", "sqlalchemy", "psycopg", "ortools")
        )
    )
    print("\nThe engine alone")
    engine.main()
    print("\nA day of online requests, beside the optimum and beside blocking therapist and room")
    optimum.main()
    print("\nOver HTTP, a connection that stays open, beside the same rows in raw SQL")
    http.main()


if __name__ == "__main__":
    main()
