"""Serves the API with gunicorn: worker processes with threads behind a listening socket."""

import gc
import logging
import re
import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from api.app import create_app
from api.receiving import BACKLOG, Worker
from api.state import state_of
from config import ConfigError, Settings
from models.database import Database

LONGEST_REQUEST_SECONDS = 60
# A feed's address is a secret, and gunicorn logs the address of a request that it cannot finish. Calendar
# programs ask for a principal by the user's name, which may be anything that was typed.
_SECRET_ADDRESS = re.compile(r"(/(?:calendars|visit|principals)/)[^\s'\"]+")


def require_free_port(settings: Settings) -> None:
    """Raise ConfigError, before anything is started, when the address cannot be listened on."""
    try:
        # Binds as gunicorn does: a connection that is still closing does not keep the port.
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise ConfigError(
            f"Nothing can listen on {settings.host}:{settings.port} ({reason}): "
            "set PORT to a free port and CLINIC_HOST to an address of this machine."
        ) from error


def keep_secrets(record: logging.LogRecord) -> bool:
    """Take the secret out of each feed's address in a line of gunicorn's own log."""
    record.msg, record.args = _SECRET_ADDRESS.sub(r"\1...", record.getMessage()), None
    return True


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's log of its own troubles, without secrets; requests are logged by api/logs.py."""

    def setup(self, cfg: Config) -> None:
        """Set up the log as gunicorn does, and add our filter."""
        super().setup(cfg)
        self.error_log.addFilter(keep_secrets)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """The gunicorn arbiter; every worker makes its own application and its own pool of connections."""

    def __init__(self, settings: Settings, url: str, when_ready: Callable[[], None]) -> None:
        self.settings = settings
        self.database_url = url
        self.when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        """Take gunicorn's settings from ours."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        options: dict[str, Any] = {
            "bind": f"{host}:{self.settings.port}",
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "worker_class": Worker,
            "asgi_loop": "asyncio",
            "backlog": BACKLOG,
            "timeout": LONGEST_REQUEST_SECONDS,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "logger_class": ServerLog,
            "control_socket_disable": True,
            "post_worker_init": _end_long_polls_on_stop,
            "worker_exit": lambda _arbiter, worker: state_of(worker.wsgi).notes.stop(),
            "when_ready": lambda _arbiter: self.when_ready(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make a worker's application."""
        app = create_app(self.settings, Database(self.database_url, pool_size=self.settings.threads))
        # What is loaded by now lives as long as the worker: collecting it again and again would pause
        # requests for tens of milliseconds.
        gc.collect()
        gc.freeze()
        return app


def _end_long_polls_on_stop(worker: Any) -> None:  # noqa: ANN401 - gunicorn is untyped
    """Let long polls end when the worker is told to stop."""
    state_of(worker.wsgi).waiting.stopping = lambda: not worker.alive
