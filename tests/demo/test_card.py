"""The card is kept between runs, and only its owner can read it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from config import Settings
from jobs import demo_card
from jobs.demo_card import Card

CARD = Card(
    clinic_id=UUID(int=1),
    key="ck_made_up",
    made_at=datetime(2026, 11, 19, 12, tzinfo=UTC),
    procedure_id=UUID(int=2),
    location_id=UUID(int=3),
    patient_id=UUID(int=4),
)


def test_a_saved_card_reads_the_same(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    demo_card.save(settings, replace(CARD, filled=40))

    assert demo_card.load(settings) == replace(CARD, filled=40)


def test_only_its_owner_may_read_the_card(tmp_path: Path) -> None:
    demo_card.save(Settings(data_dir=tmp_path), CARD)

    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_card_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"clinic_id": 7}')

    assert demo_card.load(Settings(data_dir=tmp_path)) is None
