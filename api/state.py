"""What every request finds in the application: its settings and its database."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from config import Settings
from models.database import Database

_NAME = "clinic-scheduling"


@dataclass(frozen=True, slots=True)
class State:
    """What create_app was given."""

    settings: Settings
    database: Database


def keep(app: Flask, state: State) -> None:
    """Put the state into the application."""
    app.extensions[_NAME] = state


def state() -> State:
    """Give the state of the application that handles this request."""
    return cast(State, current_app.extensions[_NAME])
