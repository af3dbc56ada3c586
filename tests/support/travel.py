"""Clinics whose therapist works at two locations, with a way between them that takes time."""

from dataclasses import replace

from tests.support.cast import Clinic, Made, create_location, create_patient, create_room, working


def takes(clinic: Clinic, here: Made, there: Made, minutes: int | None) -> Made:
    """Let a location state how long the way to another takes, or no way any more; give the answer."""
    ways = [] if minutes is None else [{"location_id": there["id"], "minutes": minutes}]
    answer = clinic.desk.patch(f"/locations/{here['id']}", {"travel_minutes": ways})
    assert answer.status_code == 200, answer.text
    changed: Made = answer.get_json()
    return changed


def at_another_place(clinic: Clinic, minutes: int | None = 30, name: str = "Soho") -> Clinic:
    """Give the clinic at a second location, where its therapist works too, with another patient."""
    there = create_location(clinic.desk, name=name)
    create_room(clinic.desk, there)
    both = [*working(clinic.location), *working(there)]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": both})
    if minutes is not None:
        takes(clinic, clinic.location, there, minutes)
    return replace(clinic, location=there, patient=create_patient(clinic.desk))
