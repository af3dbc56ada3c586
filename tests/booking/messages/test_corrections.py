"""The messages of a visit follow when a change of its status is taken back."""

from tests.support.cast import Clinic
from tests.support.messages import ALL, BOOKED, VISIT, due

WHY = {"reason": "Noted by mistake"}


def test_the_reminders_of_a_cancelled_visit_return(clinic: Clinic) -> None:
    now = clinic.at(BOOKED)
    visit = now.booked(VISIT)
    before = due(clinic, BOOKED, VISIT)
    gone = now.acted("cancel", visit, reason_code="patient")
    without = due(clinic, BOOKED, VISIT)

    now.acted("undo", gone, **WHY)

    assert "reminder_2d" in before
    assert "reminder_2d" not in without
    assert due(clinic, BOOKED, VISIT) == before


def test_aftercare_is_due_only_once_the_visit_has_really_ended(clinic: Clinic) -> None:
    now = clinic.at(VISIT)
    visit = clinic.at(BOOKED).booked(VISIT)
    for action in ("arrive", "start", "complete"):
        visit = now.acted(action, visit)
    after = due(clinic, VISIT, ALL)

    now.acted("undo", visit, **WHY)

    assert "aftercare" in after
    assert "aftercare" not in due(clinic, VISIT, ALL)
