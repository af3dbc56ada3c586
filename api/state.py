"""The state that every request finds in the application: settings, database, limits and seats."""

from dataclasses import dataclass
from functools import cache
from typing import cast

from flask import Flask, current_app, request

from api.known_keys import KnownKeys
from api.limits import Limits
from api.notes import Notes
from api.shedding import Seats
from config import Settings, secret_of
from models.database import Database
from models.sealing import Sealer, sealer
from sync.changes.long_poll import Waiting

_NAME = "clinic-scheduling"


@dataclass(frozen=True, slots=True)
class State:
    """The arguments of create_app, limits, seats of searches and of waiting clients, and notes."""

    settings: Settings
    database: Database
    waiting: Waiting
    notes: Notes
    limits: Limits
    seats: Seats
    known_keys: KnownKeys


def keep(app: Flask, state: State) -> None:
    """Put the state into the application."""
    app.extensions[_NAME] = state


def state() -> State:
    """Give the state of the application that handles this request."""
    return state_of(current_app)


def state_of(app: Flask) -> State:
    """Give the state of an application."""
    return cast(State, app.extensions[_NAME])


def own_sealer() -> Sealer:
    """Give the sealer of this server's secret."""
    return _sealer_of(state().settings)


@cache
def _sealer_of(settings: Settings) -> Sealer:
    """Read the secret once: it may lie in a file, and every request of a widget needs it."""
    return sealer(secret_of(settings))


def allow_loopback() -> bool:
    """Whether clients may name URLs that lead to this machine."""
    return state().settings.allow_loopback_urls


def address() -> str:
    """Give the address under which clients reach this server: the settings' own, or the request's host."""
    return state().settings.public_url or request.host_url.rstrip("/")
