"""Settings: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})


class ConfigError(Exception):
    """A setting is wrong; the message is one line that says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process runs; every field has a default and a row in the README."""

    database_url: str | None = None
    data_dir: Path = PROJECT / "data"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    production: bool = False
    sandbox: bool = False
    demo: bool = True
    workers: int = 2
    threads: int = 8

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; raise ConfigError with one line when a value cannot be used."""
        env = os.environ if env is None else env
        settings = cls(
            database_url=_database_url(env.get("DATABASE_URL")),
            data_dir=Path(env.get("CLINIC_DATA_DIR") or PROJECT / "data").expanduser().absolute(),
            host=env.get("CLINIC_HOST") or "127.0.0.1",
            port=_number(env, "PORT", 8080, 1, 65535),
            public_url=_public_url(env.get("CLINIC_PUBLIC_URL")),
            production=_choice(env, "CLINIC_ENV", "development", ("development", "production"))
            == "production",
            sandbox=_flag(env, "CLINIC_SANDBOX", False),
            demo=_flag(env, "CLINIC_DEMO", True),
            workers=_number(env, "CLINIC_WORKERS", 2, 1, 64),
            threads=_number(env, "CLINIC_THREADS", 8, 1, 256),
        )
        if settings.production and settings.sandbox:
            raise ConfigError("CLINIC_SANDBOX=1 is refused with CLINIC_ENV=production: unset one of them.")
        return settings


def _database_url(value: str | None) -> str | None:
    if not value:
        return None
    scheme, found, rest = value.partition("://")
    if not found or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ConfigError("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    return f"postgresql://{rest}"


def _public_url(value: str | None) -> str | None:
    if not value:
        return None
    if not value.startswith(("http://", "https://")):
        raise ConfigError("CLINIC_PUBLIC_URL must begin with http:// or https://.")
    return value.rstrip("/")


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = (env.get(name) or "").lower()
    if text and text not in _ON | _OFF:
        raise ConfigError(f"{name} must be 1 or 0.")
    return text in _ON if text else default


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = env.get(name) or default
    if text not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}.")
    return text
