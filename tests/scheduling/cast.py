"""Make the values of a clinic in London, in which any field can be overridden."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.bits import Busy, Window
from scheduling.catalog import (
    Catalog,
    Device,
    Location,
    Phase,
    Procedure,
    Qualification,
    Room,
    Therapist,
    WeeklyPeriod,
)
from scheduling.engine import check, search
from scheduling.openings import slots
from scheduling.questions import MedicalHold, Patient, Question, Session, Verdict
from scheduling.rulebook import CourseTemplate, HoldRule, Matcher, SpacingRule
from scheduling.ticks import local_date, to_tick

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
LOCATION, ALICE, BOB, CAROL = UUID(int=1), UUID(int=11), UUID(int=12), UUID(int=13)
ROOM_1, ROOM_2, BAY_1, BAY_2 = UUID(int=21), UUID(int=22), UUID(int=23), UUID(int=24)
LASER_1, LASER_2 = UUID(int=31), UUID(int=32)
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def week(starts: str = "09:00", ends: str = "19:00", **validity: date) -> tuple[WeeklyPeriod, ...]:
    """Return the same hours on every weekday."""
    return tuple(WeeklyPeriod(day, minute(starts), minute(ends), **validity) for day in range(7))


def minute(clock: str) -> int:
    """Return minutes after midnight."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def tick_at(local: str, zone: ZoneInfo = LONDON, *, fold: int = 0) -> int:
    """Return the tick of a local time."""
    return to_tick(datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold))


def create_location(**overrides: Any) -> Location:
    return Location(**{"id": LOCATION, "zone": LONDON, "opening_hours": week()} | overrides)


def create_therapist(**overrides: Any) -> Therapist:
    held = (Qualification("BBP"), Qualification("MN_DERMAL"))
    given = {"id": ALICE, "qualifications": held, "working_hours": {LOCATION: week("00:00", "24:00")}}
    return Therapist(**given | overrides)


def create_room(**overrides: Any) -> Room:
    return Room(**{"id": ROOM_1, "location_id": LOCATION, "kind": "treatment"} | overrides)


def create_device(**overrides: Any) -> Device:
    return Device(**{"id": LASER_1, "location_id": LOCATION, "kind": "laser"} | overrides)


def create_phase(**overrides: Any) -> Phase:
    given = {"name": "needling", "kind": "procedure", "minutes": 20, "therapist": True}
    return Phase(**given | {"room_kinds": ("treatment",)} | overrides)


def create_procedure(*phases: Phase, **overrides: Any) -> Procedure:
    given = {"id": UUID(int=40), "code": "MN_FACE_STD", "family": "MN", "areas": ("FACE",)}
    return Procedure(**given | {"phases": phases or (create_phase(),)} | overrides)


def face_standard(*, hold_therapist: bool = False) -> Procedure:
    """Return MN_FACE_STD of table b3, or a variant that holds the therapist for the whole visit."""
    plan = (
        ("intake", "intake", 10, False, ("numbing",)),
        ("numbing", "numbing", 30, False, ("numbing", "treatment")),
        ("prep", "prep", 5, True, ("treatment",)),
        ("needling", "procedure", 20, True, ("treatment",)),
        ("serum", "aftercare", 5, True, ("treatment",)),
        ("mask", "aftercare", 10, False, ("treatment",)),
        ("aftercare", "aftercare", 5, False, ("treatment",)),
        ("turnover", "turnover", 10, False, ("treatment",)),
    )
    phases = (
        Phase(
            name, kind, minutes, therapist=led or hold_therapist, room_kinds=kinds, patient=kind != "turnover"
        )
        for name, kind, minutes, led, kinds in plan
    )
    return create_procedure(
        *phases, depth_mm=1.5, qualifications=("BBP",), qualifications_any=("MN_DERMAL", "MN_DEEP")
    )


def create_catalog(
    *things: Location | Therapist | Room | Device | Procedure | SpacingRule | HoldRule | CourseTemplate,
) -> Catalog:
    """Return a catalogue of the given objects, with Alice and room 1 where no therapist or room is given."""
    staff = [t for t in things if isinstance(t, Therapist)] or [create_therapist()]
    rooms = [t for t in things if isinstance(t, Room)] or [create_room()]
    return Catalog(
        locations={t.id: t for t in things if isinstance(t, Location)},
        therapists={t.id: t for t in staff},
        rooms={t.id: t for t in rooms},
        devices={t.id: t for t in things if isinstance(t, Device)},
        procedures={t.id: t for t in things if isinstance(t, Procedure)},
        spacing_rules=tuple(t for t in things if isinstance(t, SpacingRule)),
        hold_rules={t.code: t for t in things if isinstance(t, HoldRule)},
        course_templates={UUID(int=80 + n): t for n, t in enumerate(things) if isinstance(t, CourseTemplate)},
    )


def create_rule(**overrides: Any) -> SpacingRule:
    """Return rule S02 of table b5."""
    given = {"id": UUID(int=50), "code": "S02", "after": Matcher(family="MN"), "before": Matcher(family="MN")}
    given |= {"floor_days": 14, "min_days": 28, "recommended_days": 35, "overdue_days": 56}
    return SpacingRule(**given | {"override_by": "clinician"} | overrides)


def create_hold_rule(**overrides: Any) -> HoldRule:
    """Return rule H01 of table b5."""
    given = {"code": "infection", "rule_id": "H01", "blocks": True, "numbing_only": False}
    given |= {"days_after_resolved": 14, "minimum_age": None, "released_by": "clinician"}
    return HoldRule(**given | overrides)


def create_hold(opened_on: str, **overrides: Any) -> MedicalHold:
    given = {"id": UUID(int=65), "code": "infection", "opened_on": date.fromisoformat(opened_on)}
    return MedicalHold(**given | overrides)


def create_consultation(ends: int, **overrides: Any) -> Session:
    """Return a consultation in London that ends at a tick."""
    given = {"appointment_id": UUID(int=66), "on": local_date(ends, LONDON), "procedure": "CONSULT_NEW"}
    return Session(**given | {"family": "CONSULT", "ends": ends} | overrides)


def create_session(on: str, **overrides: Any) -> Session:
    given = {"appointment_id": UUID(int=60), "on": date.fromisoformat(on), "procedure": "MN_FACE_STD"}
    return Session(**given | {"family": "MN", "areas": ("FACE",)} | overrides)


def create_patient(*sessions: Session, **overrides: Any) -> Patient:
    return Patient(**{"id": UUID(int=70), "sessions": sessions} | overrides)


def ask(**overrides: Any) -> Question:
    given = {"procedure": create_procedure(), "location": create_location(), "areas": ("FACE",), "now": NOW}
    return Question(**given | overrides)


def around(start: int, hours: int = 24) -> Window:
    return Window(start - hours * 12, start + hours * 12)


def judge(start: int, catalog: Catalog | None = None, busy: Busy | None = None, **overrides: Any) -> Verdict:
    """Return the verdict on an arrival, in a window of a day before and after it."""
    return check(ask(**overrides), catalog or create_catalog(), busy or {}, start, around(start))


def codes(verdict: Verdict) -> list[str]:
    return [refusal.code for refusal in verdict.refusals]


def starts(
    window: Window, catalog: Catalog | None = None, busy: Busy | None = None, **overrides: Any
) -> list[int]:
    """Return every arrival found."""
    found = search(ask(**overrides), catalog or create_catalog(), busy or {}, window)
    return [slot.start for slot in slots(found, window)]
