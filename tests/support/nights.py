"""Let a clinic work around the clock, so that visits may lie over midnight."""

from tests.support.cast import Clinic, every_day, working

MIDNIGHT, FULL = "00:00", "24:00"


def open_all_night(clinic: Clinic) -> Clinic:
    """Open the clinic's location day and night, and let its therapist work all the time; give the clinic."""
    opening = {"opening_hours": every_day(MIDNIGHT, FULL)}
    assert clinic.desk.patch(f"/locations/{clinic.location['id']}", opening).status_code == 200
    hours = {"working_hours": working(clinic.location, MIDNIGHT, FULL)}
    assert clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", hours).status_code == 200
    return clinic
