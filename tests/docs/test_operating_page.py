"""The page about operating names every command and every setting with its default."""

import re

from cli import main
from config import PROJECT, Settings
from tests.docs.pages import OPERATING, first_codes, rows, section

IN_CODE = set(
    re.findall(r'"((?:CLINIC_[A-Z_]+)|PORT|DATABASE_URL|SMTP_URL)"', (PROJECT / "config.py").read_text())
)
TABLE = section(OPERATING, "Settings")


def test_every_command_is_named() -> None:
    told = [code.split()[1] for code in first_codes(section(OPERATING, "The command line"))]

    assert sorted(told) == sorted(main.commands)


def test_every_setting_has_a_row_and_every_row_a_setting() -> None:
    assert sorted(first_codes(TABLE)) == sorted(IN_CODE)


def test_the_rows_give_the_defaults() -> None:
    defaults = Settings.from_env({})
    told = {row[0].strip("`"): row[1].strip("`") for row in rows(TABLE)}
    flags = {True: "1", False: "0"}

    assert told["PORT"] == str(defaults.port)
    assert told["CLINIC_HOST"] == defaults.host
    assert told["CLINIC_WORKERS"] == str(defaults.workers)
    assert told["CLINIC_THREADS"] == str(defaults.threads)
    assert told["CLINIC_SANDBOX"] == flags[defaults.sandbox]
    assert told["CLINIC_ALLOW_LOOPBACK_URLS"] == flags[defaults.allow_loopback_urls]
    assert told["CLINIC_DEMO"] == flags[defaults.demo]


def test_nothing_but_the_settings_reads_the_environment() -> None:
    folders = ("api", "schemas", "booking", "scheduling", "models", "migrations")
    readers = [
        path.name
        for folder in folders
        for path in (PROJECT / folder).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text())
    ]

    assert readers == []
