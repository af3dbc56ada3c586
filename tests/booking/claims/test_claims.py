"""Rows that bypass the engine violate a named constraint of the database."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from psycopg.errors import ExclusionViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.claims.reconciling import differences
from models import Occupancy, SpacingClaim
from models.database import Database
from tests.support.cast import (
    Clinic,
    create_pipeline,
    create_procedure,
    create_rule,
    refusal,
    rows,
)
from tests.support.desk import Desk

LONDON = ZoneInfo("Europe/London")
FIRST = date(2027, 3, 6)

_OCCUPANCY = text("""
    INSERT INTO occupancies (clinic_id, id, resource_id, lane, start_tick, end_tick, appointment_id)
    SELECT clinic_id, gen_random_uuid(), resource_id, lane, start_tick + :later, end_tick + :later, NULL
    FROM occupancies WHERE resource_id = :resource_id
""")
_APPOINTMENT = text("""
    INSERT INTO appointments (clinic_id, id, status, location_id, procedure_id, patient_id, areas, starts_at,
        procedure_at, ends_at, local_date, warnings, flags, overrides)
    VALUES (:clinic_id, :id, :status, :location_id, :procedure_id, :patient_id, ARRAY['FACE'], :starts_at,
        :starts_at, CAST(:starts_at AS timestamptz) + interval '20 minutes', :on, '[]', '[]', '[]')
""")
_CLAIM = text("""
    INSERT INTO spacing_claims (clinic_id, id, appointment_id, patient_id, rule_id, area, role, owner, span)
    VALUES (:clinic_id, gen_random_uuid(), :id, :patient_id, :rule_id, :area, :role, :owner,
        daterange(:first, :until))
""")

Act = Callable[[Session], object]


def violated(database: Database, desk: Desk, act: Act) -> str | None:
    """Give the name of the exclusion constraint that an act violates, or None."""
    try:
        with database.transaction(desk.clinic_id) as session:
            act(session)
    except IntegrityError as error:
        if not isinstance(error.orig, ExclusionViolation):
            raise
        return error.orig.diag.constraint_name
    return None


def insert_appointment(
    session: Session, clinic: Clinic, starts_at: datetime, status: str = "booked"
) -> dict[str, UUID]:
    """Insert a bare appointment and give the ids that its claims need."""
    ids = {
        "clinic_id": clinic.desk.clinic_id,
        "id": uuid4(),
        "patient_id": UUID(clinic.patient["id"]),
    }
    place = {name: UUID(getattr(clinic, name)["id"]) for name in ("location", "procedure")}
    values = {f"{name}_id": one for name, one in place.items()} | {"on": starts_at.date(), "status": status}
    session.execute(_APPOINTMENT, ids | values | {"starts_at": starts_at})
    return ids


def session_on(
    clinic: Clinic,
    on: date,
    *floors: tuple[str, int],
    roles: tuple[str, ...] = ("after", "before"),
    owner: UUID | None = None,
    area: str = "FACE",
) -> Act:
    """Give the act that inserts a session with claims under rules: pairs of an id and a floor in days."""

    def act(session: Session) -> None:
        ids = insert_appointment(session, clinic, datetime.combine(on, time(10), LONDON))
        for rule_id, floor in floors:
            for role in roles:
                span = {"first": on, "until": on + timedelta(days=floor if role == "after" else 1)}
                claim = {"rule_id": UUID(rule_id), "role": role, "owner": owner or ids["id"], "area": area}
                session.execute(_CLAIM, ids | span | claim)

    return act


@pytest.fixture
def rule_id(clinic: Clinic) -> str:
    """Create a rule for spacing claims and give its id."""
    return str(create_rule(clinic.desk)["id"])


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [(0, "ex_occupancies_resource_busy"), (3, "ex_occupancies_resource_busy"), (4, None)],
)
@pytest.mark.parametrize("resource", ["therapist", "room"])
def test_no_lane_of_a_resource_is_occupied_twice(
    clinic: Clinic, database: Database, resource: str, ticks: int, expected: str | None
) -> None:
    visit = clinic.booked("2027-03-06T10:00:00Z")
    values = {"resource_id": UUID(visit["phases"][0][f"{resource}_id"]), "later": ticks}

    name = violated(database, clinic.desk, lambda session: session.execute(_OCCUPANCY, values))

    assert name == expected


@pytest.mark.parametrize(("minutes", "expected"), [(15, "ex_appointments_patient_busy"), (20, None)])
def test_no_patient_is_at_two_visits(
    clinic: Clinic, database: Database, minutes: int, expected: str | None
) -> None:
    clinic.booked("2027-03-06T10:00:00Z")
    starts_at = datetime(2027, 3, 6, 10, minutes, tzinfo=LONDON)

    name = violated(database, clinic.desk, lambda session: insert_appointment(session, clinic, starts_at))

    assert name == expected


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_visit_that_does_not_take_place_keeps_no_patient_busy(
    clinic: Clinic, database: Database, status: str
) -> None:
    clinic.booked("2027-03-06T10:00:00Z")
    starts_at = datetime(2027, 3, 6, 10, tzinfo=LONDON)

    name = violated(
        database, clinic.desk, lambda session: insert_appointment(session, clinic, starts_at, status)
    )

    assert name is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [(13, "ex_spacing_claims_floor"), (-13, "ex_spacing_claims_floor"), (14, None), (-14, None)],
)
def test_a_day_short_of_the_floor_is_refused_before_and_after(
    clinic: Clinic, database: Database, rule_id: str, days: int, expected: str | None
) -> None:
    assert violated(database, clinic.desk, session_on(clinic, FIRST, (rule_id, 14))) is None

    name = violated(database, clinic.desk, session_on(clinic, FIRST + timedelta(days=days), (rule_id, 14)))

    assert name == expected


def test_two_sessions_of_one_day_are_refused(clinic: Clinic, database: Database, rule_id: str) -> None:
    assert violated(database, clinic.desk, session_on(clinic, FIRST, (rule_id, 14))) is None

    def on_the_same_day(session: Session) -> None:
        ids = insert_appointment(session, clinic, datetime.combine(FIRST, time(15), LONDON))
        values = {"rule_id": UUID(rule_id), "role": "before", "owner": ids["id"], "area": "FACE"}
        until = FIRST + timedelta(days=1)
        session.execute(_CLAIM, ids | values | {"first": FIRST, "until": until})

    assert violated(database, clinic.desk, on_the_same_day) == "ex_spacing_claims_floor"


def test_an_asymmetric_rule_speaks_in_its_own_direction_only(
    clinic: Clinic, database: Database, rule_id: str
) -> None:
    floor = (rule_id, 28)
    assert violated(database, clinic.desk, session_on(clinic, FIRST, floor, roles=("after",))) is None
    week = timedelta(days=7)

    later = violated(database, clinic.desk, session_on(clinic, FIRST + week, floor, roles=("before",)))
    earlier = violated(database, clinic.desk, session_on(clinic, FIRST - week, floor, roles=("before",)))

    assert later == "ex_spacing_claims_floor"
    assert earlier is None


@pytest.mark.parametrize(("days", "expected"), [(20, "ex_spacing_claims_floor"), (21, None)])
def test_different_floors_stand_side_by_side(
    clinic: Clinic, database: Database, rule_id: str, days: int, expected: str | None
) -> None:
    floors = ((rule_id, 14), (create_rule(clinic.desk, code="S10", floor_days=21)["id"], 21))
    assert violated(database, clinic.desk, session_on(clinic, FIRST, *floors)) is None

    name = violated(database, clinic.desk, session_on(clinic, FIRST + timedelta(days=days), *floors))

    assert name == expected


def test_another_area_and_another_rule_do_not_collide(
    clinic: Clinic, database: Database, rule_id: str
) -> None:
    other = create_rule(clinic.desk, code="S10")["id"]
    assert violated(database, clinic.desk, session_on(clinic, FIRST, (rule_id, 14))) is None
    day = timedelta(days=1)

    neck = violated(database, clinic.desk, session_on(clinic, FIRST + day, (rule_id, 14), area="NECK"))
    under_another = violated(database, clinic.desk, session_on(clinic, FIRST + 2 * day, (other, 14)))

    assert (neck, under_another) == (None, None)


def test_claims_of_one_owner_leave_its_own_sessions_alone(
    clinic: Clinic, database: Database, rule_id: str
) -> None:
    owner = UUID(rule_id)
    assert violated(database, clinic.desk, session_on(clinic, FIRST, (rule_id, 14), owner=owner)) is None
    week = timedelta(days=7)

    own = violated(database, clinic.desk, session_on(clinic, FIRST + week, (rule_id, 14), owner=owner))
    foreign = violated(database, clinic.desk, session_on(clinic, FIRST + 2 * week, (rule_id, 14)))

    assert own is None
    assert foreign == "ex_spacing_claims_floor"


def test_two_superficial_sessions_pass_at_7_days_where_the_familys_14_stand(
    spaced: Clinic, database: Database
) -> None:
    superficial = {"procedure": "MN_FACE_SUP"}
    s01 = create_rule(
        spaced.desk, code="S01", after=superficial, before=superficial, floor_days=7, min_days=14
    )
    light = create_procedure(spaced.desk, code="MN_FACE_SUP")["id"]
    override = {"codes": ["spacing_min"], "reason": "Healed well."}
    spaced.booked("2027-03-06T10:00:00Z", procedure_id=light)

    day_6 = spaced.book("2027-03-12T10:00:00Z", procedure_id=light, override=override)
    standard = spaced.book("2027-03-13T10:00:00Z", override=override)
    day_7 = spaced.book("2027-03-13T10:00:00Z", procedure_id=light, override=override)

    assert refusal(day_6, "spacing_floor")["rule_id"] == "S01"
    assert refusal(standard, "spacing_floor")["rule_id"] == "S02"
    assert day_7.status_code == 201
    owners = {str(claim.owner) for claim in rows(database, spaced.desk, SpacingClaim)}
    assert s01["id"] in owners


def test_a_rule_made_after_a_booking_speaks_of_it_too(spaced: Clinic) -> None:
    light = create_procedure(spaced.desk, code="MN_FACE_SUP")["id"]
    spaced.booked("2027-03-06T10:00:00Z", procedure_id=light)
    superficial = {"procedure": "MN_FACE_SUP"}
    create_rule(spaced.desk, code="S01", after=superficial, before=superficial, floor_days=7, min_days=7)

    answer = spaced.book("2027-03-14T10:00:00Z", procedure_id=light)

    assert answer.status_code == 201


def test_what_is_occupied_is_what_the_phases_say(desk: Desk, database: Database) -> None:
    clinic = create_pipeline(desk)
    visit = clinic.booked("2027-03-06T10:00:00Z")

    taken = rows(database, desk, Occupancy)

    minutes = sorted(5 * (claim.end_tick - claim.start_tick) for claim in taken)
    assert minutes == [30, 40, 55]
    assert {str(claim.appointment_id) for claim in taken} == {visit["id"]}
    assert [one for one in differences(database) if one.clinic_id == desk.clinic_id] == []


def test_reconciling_finds_a_claim_that_is_missing(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked("2027-03-06T10:00:00Z")
    with database.transaction(clinic.desk.clinic_id) as session:
        gone = text("DELETE FROM occupancies WHERE resource_id = :id")
        session.execute(gone, {"id": UUID(clinic.therapist["id"])})

    found = [one for one in differences(database) if one.clinic_id == clinic.desk.clinic_id]

    assert [(str(one.appointment_id), str(one.resource_id)) for one in found] == [
        (visit["id"], clinic.therapist["id"])
    ]
