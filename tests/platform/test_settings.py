"""Every setting has a variable and a default, and refuses a bad value in one line."""

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from config import PROJECT, ConfigError, MailServer, Settings

GOOD: dict[str, tuple[str, str, object]] = {
    "DATABASE_URL": ("database_url", "postgresql+psycopg://u:p@db:5432/c", "postgresql://u:p@db:5432/c"),
    "CLINIC_DATA_DIR": ("data_dir", "/srv/clinic", Path("/srv/clinic")),
    "CLINIC_HOST": ("host", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - a value to read, not an address to listen on
    "PORT": ("port", "9000", 9000),
    "CLINIC_PUBLIC_URL": ("public_url", "https://book.example.org/", "https://book.example.org"),
    "CLINIC_ENV": ("production", "production", True),
    "CLINIC_SECRET": ("secret", "s" * 32, "s" * 32),
    "CLINIC_TRUSTED_PROXIES": (
        "trusted_proxies",
        "10.0.0.0/8, ::1",
        (ip_network("10.0.0.0/8"), ip_network("::1")),
    ),
    "CLINIC_LIMITS_URL": (
        "limits_url",
        "valkeys://:opensesame@limits.example.org:6379/0",
        "rediss://:opensesame@limits.example.org:6379/0",
    ),
    "CLINIC_SANDBOX": ("sandbox", "1", True),
    "CLINIC_ALLOW_LOOPBACK_URLS": ("allow_loopback_urls", "1", True),
    "CLINIC_DEMO": ("demo", "0", False),
    "CLINIC_WORKERS": ("workers", "64", 64),
    "CLINIC_THREADS": ("threads", "1", 1),
    "SMTP_URL": (
        "mail",
        "smtp://clinic:open%40sesame@mail.example.org:2525?from=clinic@example.org&starttls=1",
        MailServer(
            host="mail.example.org",
            port=2525,
            sender="clinic@example.org",
            starttls=True,
            user="clinic",
            password="open@sesame",
        ),
    ),
}

BAD = [
    ("DATABASE_URL", "mysql://db/clinic"),
    ("DATABASE_URL", "clinic"),
    ("CLINIC_PUBLIC_URL", "book.example.org"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "eighty"),
    ("PORT", "٨٠"),
    ("CLINIC_ENV", "staging"),
    ("CLINIC_SECRET", "s" * 31),
    ("CLINIC_TRUSTED_PROXIES", "proxy.example.org"),
    ("CLINIC_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("CLINIC_TRUSTED_PROXIES", "10.0.0.1,"),
    ("CLINIC_TRUSTED_PROXIES", "10.0.0.1,none"),
    ("CLINIC_LIMITS_URL", "limits.example.org:6379"),
    ("CLINIC_LIMITS_URL", "memcached://limits.example.org:11211"),
    ("CLINIC_SANDBOX", "maybe"),
    ("CLINIC_ALLOW_LOOPBACK_URLS", "maybe"),
    ("CLINIC_DEMO", "2"),
    ("CLINIC_WORKERS", "0"),
    ("CLINIC_WORKERS", "65"),
    ("CLINIC_THREADS", "0"),
    ("CLINIC_THREADS", "257"),
    ("SMTP_URL", "mail.example.org"),
    ("SMTP_URL", "http://mail.example.org?from=clinic@example.org"),
    ("SMTP_URL", "smtp://?from=clinic@example.org"),
    ("SMTP_URL", "smtp://mail.example.org"),
    ("SMTP_URL", "smtp://mail.example.org?from=clinic"),
    ("SMTP_URL", "smtp://mail.example.org?from=a@example.org%0d%0aBcc:b@example.org"),
    ("SMTP_URL", "smtp://mail.example.org?from=a@example.org&from=b@example.org"),
    ("SMTP_URL", "smtp://mail.example.org:0?from=clinic@example.org"),
    ("SMTP_URL", "smtp://mail.example.org:65536?from=clinic@example.org"),
    ("SMTP_URL", "smtp://mail.example.org?from=clinic@example.org&starttls=yes"),
    ("SMTP_URL", "smtp://mail.example.org?from=clinic@example.org&tls=1"),
    ("SMTP_URL", "smtps://mail.example.org?from=clinic@example.org&starttls=1"),
    ("SMTP_URL", "smtp://clinic@mail.example.org?from=clinic@example.org"),
]

DEFAULTS: dict[str, Any] = {
    "database_url": None,
    "data_dir": PROJECT / "data",
    "host": "127.0.0.1",
    "port": 8080,
    "public_url": None,
    "production": False,
    "secret": None,
    "trusted_proxies": None,
    "limits_url": None,
    "sandbox": False,
    "allow_loopback_urls": False,
    "demo": True,
    "workers": 2,
    "threads": 8,
    "mail": None,
}


# What is good enough for trials alone, and so must be set in production.
NEEDED = {name: GOOD[name][1] for name in ("CLINIC_PUBLIC_URL", "CLINIC_SECRET", "CLINIC_TRUSTED_PROXIES")}


def read(env: dict[str, str]) -> dict[str, Any]:
    """Read settings from these variables alone."""
    settings = Settings.from_env(env)
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def test_an_empty_environment_gives_every_default() -> None:
    assert read({}) == DEFAULTS


@pytest.mark.parametrize("variable", GOOD)
def test_a_variable_sets_its_one_setting(variable: str) -> None:
    field, text, value = GOOD[variable]
    others = NEEDED if variable == "CLINIC_ENV" else {}
    needed = {GOOD[name][0]: GOOD[name][2] for name in others}

    assert read({variable: text} | others) == DEFAULTS | needed | {field: value}


def test_every_setting_has_a_variable() -> None:
    assert {field for field, _, _ in GOOD.values()} == {field.name for field in fields(Settings)}


@pytest.mark.parametrize("variable", GOOD)
def test_an_empty_variable_reads_as_one_that_is_not_set(variable: str) -> None:
    assert read({variable: ""}) == DEFAULTS


@pytest.mark.parametrize(("variable", "text"), BAD)
def test_a_value_that_cannot_be_used_is_one_line_that_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({variable: text})

    assert str(caught.value).startswith(variable)
    assert "\n" not in str(caught.value)


def test_a_bad_database_url_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        read({"DATABASE_URL": "mysql://clinic:opensesame@db/clinic"})

    assert "opensesame" not in str(caught.value)


def test_a_bad_mail_url_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        read({"SMTP_URL": "smtp://clinic:opensesame@mail.example.org"})

    assert "opensesame" not in str(caught.value)


def test_a_mail_servers_password_is_not_shown() -> None:
    mail = read({"SMTP_URL": "smtps://clinic:opensesame@mail.example.org?from=clinic@example.org"})["mail"]

    assert (mail.port, mail.tls) == (465, True)
    assert "opensesame" not in repr(mail)


@pytest.mark.parametrize("name", ["CLINIC_SANDBOX", "CLINIC_ALLOW_LOOPBACK_URLS"])
def test_what_is_for_trials_is_refused_in_production(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}=1 is refused with CLINIC_ENV=production"):
        read({"CLINIC_ENV": "production", name: "1"})


@pytest.mark.parametrize("name", NEEDED)
def test_production_needs_what_is_good_enough_for_trials_alone(name: str) -> None:
    without = {one: text for one, text in NEEDED.items() if one != name}

    with pytest.raises(ConfigError, match=rf"CLINIC_ENV=production needs more settings: set {name} "):
        read({"CLINIC_ENV": "production"} | without)


def test_production_names_everything_that_it_needs_in_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        read({"CLINIC_ENV": "production"})

    assert [name for name in NEEDED if name not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


def test_production_may_have_no_proxy() -> None:
    proxies = {"CLINIC_TRUSTED_PROXIES": "none"}

    assert read({"CLINIC_ENV": "production"} | NEEDED | proxies)["trusted_proxies"] == ()


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("off", False)]
)
def test_a_switch_may_be_written_in_several_ways(text: str, expected: bool) -> None:
    assert read({"CLINIC_SANDBOX": text})["sandbox"] is expected


def test_a_relative_data_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert read({"CLINIC_DATA_DIR": "here"})["data_dir"] == tmp_path / "here"
