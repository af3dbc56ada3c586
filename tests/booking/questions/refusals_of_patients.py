"""Each scene leads to a refusal or a warning about the patient, and is named for its code."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from api.state import state
from booking.appointments.book import book
from booking.core.caller import Caller
from booking.questions.visit_requests import VisitRequest
from tests.api.toys import toy_app
from tests.booking.questions.refusals_of_places import TEN, offering, refusals_with_reasons, with_policy
from tests.support.cast import (
    Clinic,
    Made,
    create_course,
    create_rule,
    create_template,
    performed,
    short_phases,
)
from tests.support.questions import verdict
from tests.support.records import open_medical_hold, record_treatment
from tests.support.widgets import create_widget, from_page

NUMBING: Made = {"name": "Numbing", "kind": "numbing", "minutes": 30, "min_minutes": 20, "max_minutes": 60}


def after_a_session(clinic: Clinic, starts_at: str) -> list[Made]:
    """Ask for a visit after a visit on 1 March, under S02: a floor of 14 days and a minimum of 28."""
    create_rule(clinic.desk)
    clinic.booked(TEN)
    return refusals_with_reasons(clinic.book(starts_at))


def after_a_filler(clinic: Clinic, starts_at: str) -> list[Made]:
    """Ask for a visit after a filler on 4 January, under X02: a floor of 7 days and a minimum of 14."""
    days = {"floor_days": 7, "min_days": 14, "recommended_days": None}
    create_rule(clinic.desk, code="X02", after={"event": "dermal_filler"}, **days)
    record_treatment(clinic, "dermal_filler", "2027-01-04")
    return refusals_with_reasons(clinic.book(starts_at))


def consulting(clinic: Clinic) -> tuple[Clinic, Clinic]:
    """Give the clinic with a consultation, and with a treatment that needs it within 30 days."""
    talk = {"name": "Talk", "kind": "consultation", "minutes": 30, "therapist": True}
    needs = [{"family": "CONSULT", "valid_days": 30}]
    consultation = offering(clinic, code="TALK", family="CONSULT", areas=[], phases=[talk])
    return consultation, offering(clinic, prerequisites=needs)


def after_a_consultation(clinic: Clinic, starts_at: str) -> list[Made]:
    """Ask for a visit after a consultation on 1 March from ten to half past."""
    consultation, treatment = consulting(clinic)
    consultation.booked(TEN)
    return refusals_with_reasons(treatment.book(starts_at))


def numbing_for(clinic: Clinic, minutes: int) -> list[Made]:
    """Begin the needling some minutes after the cream was put on at ten, with limits of 20 and 60."""
    clinic = offering(clinic, phases=[NUMBING, *short_phases()])
    visit = clinic.booked(TEN)
    for action in ("arrive", "start-numbing"):
        visit = clinic.at(TEN).acted(action, visit)
    hour, minute = divmod(10 * 60 + minutes, 60)
    return refusals_with_reasons(clinic.at(f"2027-03-01T{hour}:{minute:02}:00Z").act("start", visit))


def completed(clinic: Clinic) -> Clinic:
    """Complete a course with a single session on 1 March, whose maintenance opens after 6 months."""
    window = {"maintenance_opens_months": 6, "maintenance_closes_months": 12}
    template = create_template(clinic, sessions=1, min_sessions=1, **window)
    performed(clinic, "01", course_id=create_course(clinic, template_id=template["id"])["id"])
    return clinic


def spacing_min(clinic: Clinic) -> list[Made]:
    """Come back a day short of the minimum."""
    return after_a_session(clinic, "2027-03-28T10:00:00+01:00")


def spacing_floor(clinic: Clinic) -> list[Made]:
    """Come back a day short of the floor."""
    return after_a_session(clinic, "2027-03-14T10:00:00Z")


def washout_min(clinic: Clinic) -> list[Made]:
    """Come a day short of the minimum after a filler."""
    return after_a_filler(clinic, "2027-01-17T10:00:00Z")


def washout_floor(clinic: Clinic) -> list[Made]:
    """Come a day short of the floor after a filler."""
    return after_a_filler(clinic, "2027-01-10T10:00:00Z")


def prerequisite_missing(clinic: Clinic) -> list[Made]:
    """Come for a treatment without a consultation."""
    return refusals_with_reasons(offering(clinic, prerequisites=[{"family": "CONSULT"}]).book(TEN))


def prerequisite_expired(clinic: Clinic) -> list[Made]:
    """Come 31 days after a consultation that lasts 30."""
    return after_a_consultation(clinic, "2027-04-01T10:00:00+01:00")


def cooling_off(clinic: Clinic) -> list[Made]:
    """Come the next morning, five minutes short of 24 hours after the consultation."""
    return after_a_consultation(clinic, "2027-03-02T10:25:00Z")


def medical_hold(clinic: Clinic) -> list[Made]:
    """Come with an infection that has not healed."""
    open_medical_hold(clinic, "infection")
    return refusals_with_reasons(clinic.book(TEN))


def one_area_per_visit(clinic: Clinic) -> list[Made]:
    """Ask for the face and the back in the same visit."""
    return refusals_with_reasons(offering(clinic, areas=["FACE", "BACK"]).book(TEN))


def anaesthetic_area(clinic: Clinic) -> list[Made]:
    """Ask to numb the face and the back, where several areas are allowed."""
    both = offering(clinic, areas=["FACE", "BACK"], phases=[NUMBING, *short_phases()])
    return refusals_with_reasons(with_policy(both, one_area_per_visit=False).book(TEN))


def numbing_too_short(clinic: Clinic) -> list[Made]:
    """Begin a minute before the least time of numbing is over."""
    return numbing_for(clinic, 19)


def numbing_too_long(clinic: Clinic) -> list[Made]:
    """Begin a minute after the longest time of numbing is over."""
    return numbing_for(clinic, 61)


def not_yet(clinic: Clinic) -> list[Made]:
    """Come back too soon, and ask with a publishable key."""
    create_rule(clinic.desk)
    clinic.booked(TEN)
    again = datetime.fromisoformat("2027-03-10T10:00:00+00:00")
    ids = {f"{name}_id": UUID(getattr(clinic, name)["id"]) for name in ("procedure", "location", "patient")}

    def book_again(caller: Caller) -> None:
        book(replace(caller, publishable=False), VisitRequest(**ids), again)

    with clinic.desk.app.app_context():
        toys = toy_app(state().settings, state().database, book_again)
    widget = replace(create_widget(clinic.desk, "catalog:read"), app=toys)
    return refusals_with_reasons(widget.post("/toys/play", **from_page()))


def below_recommended_spacing(clinic: Clinic) -> list[Made]:
    """Come back exactly at the minimum of 28 days where 35 are recommended."""
    create_rule(clinic.desk)
    clinic.booked(TEN)
    return list(clinic.booked("2027-03-29T10:00:00+01:00")["warnings"])


def maintenance_early(clinic: Clinic) -> list[Made]:
    """Come the day before the maintenance window opens."""
    return list(completed(clinic).booked("2027-08-31T10:00:00+01:00")["warnings"])


def maintenance_overdue(clinic: Clinic) -> list[Made]:
    """Come the day after the maintenance window has closed."""
    later = completed(clinic).at("2028-01-04T08:00:00Z")
    return list(later.booked("2028-03-02T10:00:00Z")["warnings"])


def advisory_hold(clinic: Clinic) -> list[Made]:
    """Come while breastfeeding, which only gives a warning."""
    open_medical_hold(clinic, "breastfeeding")
    return list(verdict(clinic, TEN)["warnings"])


def many_sessions(clinic: Clinic) -> list[Made]:
    """Come for a second session on the last of 365 days, where the policy calls two sessions many."""
    clinic.booked(TEN)
    later = with_policy(clinic, many_sessions_a_year=2).at("2028-01-04T08:00:00Z")
    return list(later.booked("2028-02-28T10:00:00Z")["warnings"])


REFUSALS = (
    spacing_min, spacing_floor, washout_min, washout_floor, prerequisite_missing, prerequisite_expired,
    cooling_off, medical_hold, one_area_per_visit, anaesthetic_area, numbing_too_short, numbing_too_long,
    not_yet,
)  # fmt: skip
WARNINGS = (below_recommended_spacing, maintenance_early, maintenance_overdue, advisory_hold, many_sessions)
