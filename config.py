"""Reads the settings from the environment, which no other module reads."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PROJECT = Path(__file__).resolve().parent
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})
_MAIL_PORTS = {"smtp": 587, "smtps": 465}
_SHORTEST_SECRET = 32
_ANY_HOST = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to
_NO_PROXIES = "none"
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", re.ASCII)


class ConfigError(Exception):
    """A setting is wrong; the message is a single line that says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes e-mail to patients: encrypted from the start (`tls`), on request, or not."""

    host: str
    port: int
    sender: str
    tls: bool = False
    starttls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process runs; every field has a default and a row in docs/operating.md."""

    database_url: str | None = None
    data_dir: Path = PROJECT / "data"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    production: bool = False
    secret: str | None = field(default=None, repr=False)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] | None = None
    limits_url: str | None = field(default=None, repr=False)
    sandbox: bool = False
    allow_loopback_urls: bool = False
    demo: bool = True
    workers: int = 2
    threads: int = 8
    mail: MailServer | None = None

    @property
    def own_address(self) -> str:
        """The address under which clients reach the server, as far as the settings tell."""
        host = "127.0.0.1" if self.host in _ANY_HOST else self.host
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; raise ConfigError, with a single line, when a value cannot be used."""
        env = os.environ if env is None else env
        settings = cls(
            database_url=_database_url(env.get("DATABASE_URL")),
            data_dir=Path(env.get("CLINIC_DATA_DIR") or PROJECT / "data").expanduser().absolute(),
            host=env.get("CLINIC_HOST") or "127.0.0.1",
            port=_number(env, "PORT", 8080, 1, 65535),
            public_url=_public_url(env.get("CLINIC_PUBLIC_URL")),
            production=_choice(env, "CLINIC_ENV", "development", ("development", "production"))
            == "production",
            secret=_secret(env.get("CLINIC_SECRET")),
            trusted_proxies=_trusted_proxies(env.get("CLINIC_TRUSTED_PROXIES")),
            limits_url=_limits_url(env.get("CLINIC_LIMITS_URL")),
            sandbox=_flag(env, "CLINIC_SANDBOX", False),
            allow_loopback_urls=_flag(env, "CLINIC_ALLOW_LOOPBACK_URLS", False),
            demo=_flag(env, "CLINIC_DEMO", True),
            workers=_number(env, "CLINIC_WORKERS", 2, 1, 64),
            threads=_number(env, "CLINIC_THREADS", 8, 1, 256),
            mail=_mail_server(env.get("SMTP_URL")),
        )
        if settings.production:
            _check_production(settings)
        return settings


def _check_production(settings: Settings) -> None:
    """Refuse in production what is for trials, and each default that is good enough for trials alone."""
    trials = {
        "CLINIC_SANDBOX": settings.sandbox,
        "CLINIC_ALLOW_LOOPBACK_URLS": settings.allow_loopback_urls,
    }
    for name, is_on in trials.items():
        if is_on:
            raise ConfigError(f"{name}=1 is refused with CLINIC_ENV=production: unset one of them.")
    needed = {
        "CLINIC_PUBLIC_URL (the address of the API, https://...)": settings.public_url,
        f"CLINIC_SECRET (at least {_SHORTEST_SECRET} random characters)": settings.secret,
        f"CLINIC_TRUSTED_PROXIES (their addresses, or {_NO_PROXIES})": settings.trusted_proxies,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise ConfigError(f"CLINIC_ENV=production needs more settings: set {', '.join(missing)}.")


def secret_of(settings: Settings) -> str:
    """Give the secret that encrypts what must be read again: CLINIC_SECRET, or else the data folder's own.

    The folder's secret is drawn at its first use; processes that draw one at the same time agree.
    """
    if settings.secret is not None:
        return settings.secret
    path = settings.data_dir / "secret"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f"secret.{secrets.token_hex(8)}")
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(_SHORTEST_SECRET))
        with suppress(FileExistsError):
            path.hardlink_to(own)
        own.unlink()
    return path.read_text()


def _secret(value: str | None) -> str | None:
    if not value:
        return None
    if len(value) < _SHORTEST_SECRET:
        raise ConfigError(f"CLINIC_SECRET must have at least {_SHORTEST_SECRET} characters.")
    return value


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


def _trusted_proxies(value: str | None) -> tuple[IPv4Network | IPv6Network, ...] | None:
    if not value:
        return None
    if value.strip().lower() == _NO_PROXIES:
        return ()
    try:
        return tuple(ip_network(one.strip()) for one in value.split(","))
    except ValueError:
        raise ConfigError(
            f"CLINIC_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8,::1, or {_NO_PROXIES}."
        ) from None


def _limits_url(value: str | None) -> str | None:
    """Read the URL of the store; Valkey speaks Redis' protocol, and so has its client."""
    if not value:
        return None
    found = re.fullmatch(r"(?:redis|valkey)(s?)(://.+)", value)
    if found is None:
        raise ConfigError(
            "CLINIC_LIMITS_URL must look like redis://user:password@host:6379/0 (or valkey://)."
        )
    return f"redis{found[1]}{found[2]}"


def _mail_server(value: str | None) -> MailServer | None:
    """Read the mail server's URL; an error never repeats the URL, because it holds a password."""
    if not value:
        return None
    try:
        return _read_mail_server(urlsplit(value))
    except ValueError:
        raise ConfigError(
            "SMTP_URL must look like smtp://user:password@host:587?from=clinic@example.org&starttls=1"
            " (or smtps://, without starttls)."
        ) from None


def _read_mail_server(url: SplitResult) -> MailServer:
    options = parse_qs(url.query, keep_blank_values=True, strict_parsing=True, max_num_fields=2)
    starttls = options.pop("starttls", ["0"])
    (sender,) = options.pop("from", [""])
    known = url.scheme in _MAIL_PORTS and starttls in (["0"], ["1"]) and not options
    if not (
        known and url.hostname and _ADDRESS.fullmatch(sender) and url.path in {"", "/"} and not url.fragment
    ):
        raise ValueError
    tls, wants_tls = url.scheme == "smtps", starttls == ["1"]
    # A name without a password, or both kinds of encryption at once, is a mistake.
    if (tls and wants_tls) or (url.username is None) != (url.password is None) or url.port == 0:
        raise ValueError
    return MailServer(
        host=url.hostname,
        port=url.port or _MAIL_PORTS[url.scheme],
        sender=sender,
        tls=tls,
        starttls=wants_tls,
        user=None if url.username is None else unquote(url.username),
        password=None if url.password is None else unquote(url.password),
    )


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
