"""Each scene leads to a refusal of places, staff, devices or hours, and is named for its code."""

from dataclasses import replace

from werkzeug.test import TestResponse

from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_procedure,
    short_phases,
    working,
)
from tests.support.questions import verdict
from tests.support.times import TEN
from tests.support.travel import at_another_place

AFTER_TEN = {"starts_at": TEN, "ends_at": "2027-03-01T11:00:00Z", "reason": "Refit"}


def refusals_with_reasons(answer: TestResponse) -> list[Made]:
    """Give every refusal of a 409, with the refusals of each candidate behind them."""
    assert answer.status_code == 409, answer.text
    found = answer.get_json()["refusals"]
    return [one for refusal in found for one in (refusal, *refusal.get("because", ()))]


def explained(clinic: Clinic, starts_at: str) -> Made:
    """Ask why an instant cannot be booked."""
    answer = clinic.desk.get("/availability/explain", **clinic.wish(starts_at))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def with_policy(clinic: Clinic, **policy: object) -> Clinic:
    """Change the policy of the clinic's location."""
    changed = clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": policy})
    assert changed.status_code == 200, changed.text
    return clinic


def offering(clinic: Clinic, **procedure: object) -> Clinic:
    """Give the clinic with another procedure."""
    return replace(clinic, procedure=create_procedure(clinic.desk, **{"code": "OTHER"} | procedure))


def of_the_therapist(clinic: Clinic, starts_at: str = TEN) -> list[Made]:
    """Ask for a visit with the clinic's therapist by name."""
    return refusals_with_reasons(clinic.book(starts_at, therapist_id=clinic.therapist["id"]))


def held(clinic: Clinic, *qualifications: Made) -> None:
    """Give the clinic's therapist these qualifications."""
    path = f"/therapists/{clinic.therapist['id']}"
    assert clinic.desk.patch(path, {"qualifications": list(qualifications)}).status_code == 200


def outside_opening_hours(clinic: Clinic) -> list[Made]:
    """Arrive before the doors open, and ask for the explanation of the instant."""
    return list(explained(clinic, "2027-03-01T08:50:00Z")["refusals"])


def location_closed(clinic: Clinic) -> list[Made]:
    """Arrive during a closure."""
    clinic.desk.made(f"/locations/{clinic.location['id']}/closures", **AFTER_TEN)
    return refusals_with_reasons(clinic.book(TEN))


def therapist_not_working(clinic: Clinic) -> list[Made]:
    """Name a therapist who starts at noon."""
    hours = working(clinic.location, "12:00", "19:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    return of_the_therapist(clinic)


def therapist_travelling(clinic: Clinic) -> list[Made]:
    """Name a therapist who has just treated a patient at another location."""
    at_another_place(clinic).booked("2027-03-01T09:30:00Z")
    return of_the_therapist(clinic)


def therapist_busy(clinic: Clinic) -> list[Made]:
    """Name a therapist who treats another patient."""
    clinic.booked(TEN)
    return of_the_therapist(another_patient(clinic))


def therapist_unqualified(clinic: Clinic) -> list[Made]:
    """Name a therapist without the certificate."""
    return of_the_therapist(offering(clinic, qualifications=["BBP"]))


def qualification_expires(clinic: Clinic) -> list[Made]:
    """Name a therapist whose certificate ends before the visit."""
    held(clinic, {"code": "BBP", "valid_until": "2027-02-28"})
    return of_the_therapist(offering(clinic, qualifications=["BBP"]))


def depth_exceeded(clinic: Clinic) -> list[Made]:
    """Name a therapist who may not go so deep."""
    held(clinic, {"code": "MN_DERMAL", "max_depth_mm": 1.0})
    return of_the_therapist(offering(clinic, qualifications=["MN_DERMAL"], depth_mm=1.5))


def no_therapist_available(clinic: Clinic) -> list[Made]:
    """Name no therapist while the only therapist is away."""
    clinic.desk.made("/blocks", resource_id=clinic.therapist["id"], **AFTER_TEN)
    return refusals_with_reasons(clinic.book(TEN))


def room_busy(clinic: Clinic) -> list[Made]:
    """Name a room that is being cleaned."""
    (room,) = clinic.desk.get("/rooms").get_json()["items"]
    clinic.desk.made("/blocks", resource_id=room["id"], **AFTER_TEN)
    return refusals_with_reasons(clinic.book(TEN, room_id=room["id"]))


def no_room_available(clinic: Clinic) -> list[Made]:
    """Name no room while the only room is being cleaned."""
    (room,) = clinic.desk.get("/rooms").get_json()["items"]
    clinic.desk.made("/blocks", resource_id=room["id"], **AFTER_TEN)
    return refusals_with_reasons(clinic.book(TEN))


def device_busy(clinic: Clinic) -> list[Made]:
    """Ask while the only device is being serviced; as no booking names a device, the pool's refusal does."""
    device = clinic.desk.made("/devices", location_id=clinic.location["id"], name="RF", kind="rf")
    clinic.desk.made("/blocks", resource_id=device["id"], **AFTER_TEN)
    return refusals_with_reasons(
        offering(clinic, phases=[short_phases()[0] | {"device_kinds": ["rf"]}]).book(TEN)
    )


def no_device_available(clinic: Clinic) -> list[Made]:
    """Ask for a device while another patient is treated with it."""
    clinic.desk.made("/devices", location_id=clinic.location["id"], name="RF", kind="rf")
    needing = offering(clinic, phases=[short_phases()[0] | {"device_kinds": ["rf"]}])
    needing.booked(TEN)
    return refusals_with_reasons(another_patient(needing).book(TEN))


def patient_busy(clinic: Clinic) -> list[Made]:
    """Ask for the same patient twice."""
    clinic.booked(TEN)
    return refusals_with_reasons(clinic.book(TEN))


def off_grid(clinic: Clinic) -> list[Made]:
    """Arrive between two starts of the grid."""
    return refusals_with_reasons(with_policy(clinic, grid_minutes=30).book("2027-03-01T10:05:00Z"))


def min_notice(clinic: Clinic) -> list[Made]:
    """Arrive sooner than the notice allows."""
    return refusals_with_reasons(with_policy(clinic, min_notice_minutes=2880).book("2027-01-05T10:00:00Z"))


def beyond_horizon(clinic: Clinic) -> list[Made]:
    """Arrive later than bookings are taken for."""
    return refusals_with_reasons(with_policy(clinic, horizon_days=30).book(TEN))


def in_the_past(clinic: Clinic) -> list[Made]:
    """Arrive yesterday, and ask for a dry run."""
    return list(verdict(clinic, "2027-01-03T10:00:00Z")["refusals"])


SCENES = (
    outside_opening_hours, location_closed, therapist_not_working, therapist_travelling, therapist_busy,
    therapist_unqualified, qualification_expires, depth_exceeded, no_therapist_available, room_busy,
    no_room_available, device_busy, no_device_available, patient_busy, off_grid, min_notice, beyond_horizon,
    in_the_past,
)  # fmt: skip
