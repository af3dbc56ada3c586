"""Create clinics on the default catalogue, and take their patients through visits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    create_location,
    create_patient,
    create_procedure,
    create_room,
    create_therapist,
    short_phases,
)
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.support.questions import verdict

# A therapist with these qualifications may do everything that the default catalogue offers.
EVERYTHING = [{"code": code} for code in ("MN_DEEP", "BBP", "RF_MN", "PRP", "PHLEB")]


def open_hours(days: Sequence[str] = ("mon", "tue", "wed", "thu", "fri")) -> list[Made]:
    """Give the hours of London: 09:00 to 19:00 on these days, and to 17:00 on Saturdays."""
    hours = [{"weekday": day, "opens": "09:00", "closes": "19:00"} for day in days]
    return [*hours, {"weekday": "sat", "opens": "09:00", "closes": "17:00"}]


def create_place(desk: Desk, treatment: int = 1, **location: Any) -> Made:
    """Create a location with treatment rooms, two numbing bays and a consultation room."""
    place = create_location(desk, **{"opening_hours": open_hours()} | location)
    for kind in (*["treatment"] * treatment, "numbing", "numbing", "consultation"):
        create_room(desk, place, kind=kind)
    desk.made("/devices", location_id=place["id"], name="Generator", kind="rf")
    return place


def create_default_clinic(
    make_clinic: MakeClinic,
    timezone: str = "Europe/London",
    qualifications: Sequence[Made] = EVERYTHING,
    **location: Any,
) -> Clinic:
    """Create a clinic on the default catalogue with one therapist; its procedure is MN_FACE_STD."""
    desk = make_clinic(catalogue="default", timezone=timezone).at(NOW)
    place = create_place(desk, timezone=timezone, **location)
    staff = create_therapist(desk, place, qualifications=list(qualifications))
    return Clinic(desk, place, find(desk, "MN_FACE_STD"), staff, create_patient(desk))


def find(desk: Desk, code: str, kind: str = "procedures") -> Made:
    """Give a procedure, or another object of the catalogue, by its code."""
    (found,) = desk.get(f"/{kind}", code=code).get_json()["items"]
    return dict(found)


def doing(clinic: Clinic, code: str) -> Clinic:
    """Give the same clinic with another procedure of the catalogue."""
    return replace(clinic, procedure=find(clinic.desk, code))


def create_aesthetic(clinic: Clinic, event: str, **fields: Any) -> Clinic:
    """Create a procedure of the face that counts as an event, and give the clinic that does it."""
    made = create_procedure(
        clinic.desk,
        **{"code": event.upper(), "family": event.upper(), "counts_as": event, "phases": short_phases()}
        | fields,
    )
    return replace(clinic, procedure=made)


def taken(clinic: Clinic, visit: Made) -> Made:
    """Take a booked visit through its day exactly as planned."""
    planned = {phase["kind"]: phase["starts_at"] for phase in reversed(visit["phases"])}
    visit = clinic.at(visit["starts_at"]).acted("arrive", visit)
    if "numbing" in planned:
        visit = clinic.at(planned["numbing"]).acted("start-numbing", visit)
    visit = clinic.at(visit["procedure_at"]).acted("start", visit)
    return clinic.at(visit["ends_at"]).acted("complete", visit)


def performed(clinic: Clinic, starts_at: str, **fields: Any) -> Made:
    """Book a visit and take it through its day."""
    return taken(clinic, clinic.booked(starts_at, **fields))


def consulted(clinic: Clinic, starts_at: str = "2027-02-20T11:00:00Z") -> Made:
    """Book a first consultation and take it through to its end."""
    return performed(doing(clinic, "CONSULT_NEW"), starts_at)


def change_hold(clinic: Clinic, hold: Made, **fields: Any) -> Made:
    """Change a medical hold of the clinic's patient and insist on 200."""
    return changed(clinic, f"/patients/{clinic.patient['id']}/medical-holds/{hold['id']}", **fields)


def change_treatment(clinic: Clinic, treatment: Made, **fields: Any) -> Made:
    """Change a recorded treatment elsewhere and insist on 200."""
    return changed(clinic, f"/patients/{clinic.patient['id']}/treatments/{treatment['id']}", **fields)


def change_policy(clinic: Clinic, **policy: Any) -> Made:
    """Change numbers of the location's policy and insist on 200."""
    return changed(clinic, f"/locations/{clinic.location['id']}", policy=policy)


def changed(clinic: Clinic, path: str, **fields: Any) -> Made:
    """PATCH an object and insist on 200."""
    answer = clinic.desk.patch(path, fields)
    assert answer.status_code == 200, answer.text
    found: Made = answer.get_json()
    return found


def told(reasons: Sequence[Made]) -> list[tuple[str, str | None, str | None]]:
    """Give code, rule and first date of refusals or warnings."""
    return [(one["code"], one.get("rule_id"), one.get("earliest_on")) for one in reasons]


def refusals(clinic: Clinic, starts_at: str, **fields: Any) -> list[tuple[str, str | None, str | None]]:
    """Judge a visit; give code, rule and first date of its refusals."""
    return told(verdict(clinic, starts_at, **fields)["refusals"])


def warnings(clinic: Clinic, starts_at: str, **fields: Any) -> list[tuple[str, str | None, str | None]]:
    """Judge a visit that can be booked; give code, rule and date of its warnings."""
    found = verdict(clinic, starts_at, **fields)
    assert found["bookable"], found
    return told(found["warnings"])
