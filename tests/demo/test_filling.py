"""The demo clinic is filled once, with bookings of every status that keep the rules."""

import time
from dataclasses import replace

from booking.claims.reconciling import differences
from jobs import demo, demo_card
from tests.demo.conftest import SMALL, DemoClinic

PATIENCE_SECONDS = 60


def test_every_ending_comes_up(filled: DemoClinic) -> None:
    found = {row.status for row in filled.rows("SELECT DISTINCT status FROM appointments")}

    assert found >= {"booked", "confirmed", "completed", "cancelled", "no_show"}


def test_what_is_occupied_agrees_with_the_appointments(filled: DemoClinic) -> None:
    found = [one for one in differences(filled.database) if one.clinic_id == filled.card.clinic_id]

    assert found == []


def test_no_two_sessions_of_a_patient_lie_below_the_floor(filled: DemoClinic) -> None:
    gaps = filled.rows(
        """
        SELECT later.local_date - one.local_date AS days
        FROM appointments one
        JOIN appointments later USING (patient_id)
        JOIN procedures p ON p.id = one.procedure_id
        JOIN procedures q ON q.id = later.procedure_id
        WHERE p.family = 'MN' AND q.family = 'MN' AND one.starts_at < later.starts_at
          AND one.status NOT IN ('cancelled', 'no_show') AND later.status NOT IN ('cancelled', 'no_show')
        """
    )

    assert min(row.days for row in gaps) >= 28


def test_nothing_has_happened_after_the_clinic_was_made(filled: DemoClinic) -> None:
    found = filled.rows("SELECT max(clinical_at) AS last FROM audit_log WHERE subject_type = 'appointment'")

    assert found[0].last <= filled.card.made_at


def test_some_visits_were_moved(filled: DemoClinic) -> None:
    found = filled.rows("SELECT count(*) AS moved FROM audit_log WHERE action = 'appointment.rescheduled'")

    assert found[0].moved > 0


def test_the_card_says_that_the_filling_is_complete(filled: DemoClinic) -> None:
    card = demo_card.load(filled.settings)

    assert card is not None
    assert card.complete


def test_a_filling_whose_progress_was_lost_books_nothing_twice(filled: DemoClinic) -> None:
    before = filled.rows("SELECT id, version FROM appointments ORDER BY id")
    demo_card.save(filled.settings, replace(filled.card, filled=3, complete=False))
    demo.fill(filled.database, filled.settings, filled.card, SMALL)

    assert filled.rows("SELECT id, version FROM appointments ORDER BY id") == before


def test_the_filling_beside_a_server_ends_with_it_and_can_go_on(fresh: DemoClinic) -> None:
    with demo.filling(fresh.settings, fresh.card):
        card = _some_progress(fresh)
    with demo_card.alone(fresh.settings, demo_card.FILLING):
        stopped = demo_card.load(fresh.settings)

    assert stopped is not None
    assert card.filled <= stopped.filled
    assert not stopped.complete


def _some_progress(clinic: DemoClinic) -> demo_card.Card:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        card = demo_card.load(clinic.settings)
        if card is not None and card.filled > 0:
            return card
        time.sleep(0.1)
    raise TimeoutError


def test_a_complete_demo_clinic_is_left_alone(filled: DemoClinic) -> None:
    before = filled.rows("SELECT count(*) FROM audit_log")
    with demo.filling(filled.settings, replace(filled.card, complete=True)):
        demo.fill(filled.database, filled.settings, filled.card, SMALL)

    assert filled.rows("SELECT count(*) FROM audit_log") == before
