"""Changes of hours, closures, qualifications and rules flag the affected visits, and unflag others."""

from collections.abc import Callable
from typing import Any

import pytest

from models.database import Database
from tests.support import samples
from tests.support.catalogue_cast import WEEK_FROM_NINE, Cast, Rows
from tests.support.statements import listening
from tests.support.visits import flag_codes

MONDAY = "2027-02-01T10:00:00Z"


def test_shorter_opening_hours_flag_who_falls_outside(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    cast.book("2027-02-01T14:00:00Z")
    hours = [{"weekday": "mon", "opens": "11:00", "closes": "19:00"}]
    changed = cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": hours}).get_json()

    assert changed["affected"] == [booked["id"]]
    assert flag_codes(cast, booked) == ["outside_opening_hours"]
    found = cast.desk.get("/appointments", flagged="true").get_json()["items"]
    assert [one["id"] for one in found] == [booked["id"]]


@pytest.mark.parametrize(
    ("starts", "ends", "is_affected"),
    [
        ("08:00", "10:00", False),
        ("08:00", "10:05", True),
        ("10:15", "11:00", True),
        ("10:20", "11:00", False),
    ],
)
def test_a_closure_affects_whom_it_meets(cast: Cast, starts: str, ends: str, is_affected: bool) -> None:
    booked = cast.book(MONDAY)
    times = {"starts_at": f"2027-02-01T{starts}:00Z", "ends_at": f"2027-02-01T{ends}:00Z"}
    made = cast.desk.made(f"/locations/{cast.location['id']}/closures", **samples.closure(**times))

    assert made["affected"] == ([booked["id"]] if is_affected else [])
    assert flag_codes(cast, booked) == (["location_closed"] if is_affected else [])


@pytest.mark.parametrize("takes_back", ["delete", "move"])
def test_a_closure_taken_back_takes_its_flags_along(cast: Cast, takes_back: str) -> None:
    booked = cast.book(MONDAY)
    times = {"starts_at": "2027-02-01T09:00:00Z", "ends_at": "2027-02-02T09:00:00Z"}
    closures = f"/locations/{cast.location['id']}/closures"
    path = f"{closures}/{cast.desk.made(closures, **samples.closure(**times))['id']}"
    flagged = flag_codes(cast, booked)
    later = {"starts_at": "2027-03-01T09:00:00Z", "ends_at": "2027-03-02T09:00:00Z"}
    _ = cast.desk.delete(path) if takes_back == "delete" else cast.desk.patch(path, later)

    assert flagged == ["location_closed"]
    assert flag_codes(cast, booked) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"working_hours": []}, "therapist_not_working"),
        ({"qualifications": []}, "therapist_unqualified"),
        ({"qualifications": [{"code": "BBP", "valid_until": "2027-01-31"}]}, "qualification_expires"),
    ],
)
def test_a_therapists_change_flags_their_visits(cast: Cast, change: dict[str, Any], code: str) -> None:
    booked = cast.book(MONDAY)
    changed = cast.desk.patch(f"/therapists/{cast.therapist['id']}", change).get_json()

    assert changed["affected"] == [booked["id"]]
    assert flag_codes(cast, booked) == [code]


def test_a_qualification_that_is_valid_on_the_day_affects_nobody(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    change = {"qualifications": [{"code": "BBP", "valid_until": "2027-02-01"}]}
    changed = cast.desk.patch(f"/therapists/{cast.therapist['id']}", change).get_json()

    assert (changed["affected"], flag_codes(cast, booked)) == ([], [])


def test_a_procedure_that_asks_more_of_its_staff_flags_its_visits(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    change = {"qualifications": ["BBP", "RF_MN"]}
    changed = cast.desk.patch(f"/procedures/{cast.procedure['id']}", change).get_json()

    assert changed["affected"] == [booked["id"]]
    assert flag_codes(cast, booked) == ["therapist_unqualified"]


def test_a_procedure_that_takes_longer_flags_who_would_stay_after_closing(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    hours = [{"weekday": "mon", "opens": "09:00", "closes": "10:20"}]
    cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": hours})
    in_time = flag_codes(cast, booked)
    change = {"phases": [samples.phase(minutes=25)]}
    changed = cast.desk.patch(f"/procedures/{cast.procedure['id']}", change).get_json()

    assert in_time == []
    assert changed["affected"] == [booked["id"]]
    assert flag_codes(cast, booked) == ["outside_opening_hours"]


def test_the_past_and_the_cancelled_are_left_alone(cast: Cast) -> None:
    past = cast.book(MONDAY)
    cancelled = cast.book("2027-03-01T10:00:00Z")
    cast.desk.post(
        f"/appointments/{cancelled['id']}/cancel",
        {"reason_code": "clinic"},
        **{"If-Match": f'"{cancelled["version"]}"'},
    )
    later = cast.desk.at("2027-02-02T08:00:00Z")
    changed = later.patch(f"/therapists/{cast.therapist['id']}", {"qualifications": []}).get_json()

    assert changed["affected"] == []
    assert flag_codes(cast, past) == []


def test_one_flag_and_one_event_however_often_the_catalogue_changes(cast: Cast, rows: Rows) -> None:
    booked = cast.book(MONDAY)
    path = f"/locations/{cast.location['id']}"
    for closes in ("10:00", "10:05"):
        hours = [{"weekday": "mon", "opens": "09:00", "closes": closes}]
        cast.desk.patch(path, {"opening_hours": hours})
    events = rows(cast.desk, "SELECT subject_id::text FROM events WHERE type = 'appointment.flagged'")

    assert flag_codes(cast, booked) == ["outside_opening_hours"]
    assert events == [(booked["id"],)]
    assert cast.desk.get(f"/appointments/{booked['id']}").get_json()["version"] == booked["version"] + 1


def test_hours_put_back_take_the_flag_away(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    path = f"/locations/{cast.location['id']}"
    cast.desk.patch(path, {"opening_hours": []})
    changed = cast.desk.patch(path, {"opening_hours": WEEK_FROM_NINE}).get_json()

    assert (changed["affected"], flag_codes(cast, booked)) == ([], [])


def test_what_an_override_had_allowed_is_not_flagged(cast: Cast) -> None:
    early = cast.desk.made(
        "/appointments",
        procedure_id=cast.procedure["id"],
        location_id=cast.location["id"],
        patient_id=cast.patient["id"],
        starts_at="2027-02-01T08:30:00Z",
        therapist_id=cast.therapist["id"],
        override={"codes": ["outside_opening_hours", "therapist_not_working"], "reason": "A favour"},
    )
    hours = [{"weekday": "mon", "opens": "09:00", "closes": "12:00"}]
    changed = cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": hours}).get_json()

    assert (changed["affected"], flag_codes(cast, early)) == ([], [])


@pytest.mark.parametrize(("min_days", "is_affected"), [(27, False), (28, False), (29, True)])
def test_a_stricter_spacing_rule_flags_the_later_of_the_visits_that_it_holds_apart(
    cast: Cast, min_days: int, is_affected: bool
) -> None:
    rule = cast.desk.made("/spacing-rules", **samples.spacing_rule(floor_days=7, min_days=14))
    earlier, later = cast.book(MONDAY), cast.book("2027-03-01T10:00:00Z")
    path = f"/spacing-rules/{rule['id']}"
    changed = cast.desk.patch(path, {"min_days": min_days}).get_json()

    shown = cast.desk.get(f"/appointments/{later['id']}").get_json()["flags"]
    found = [(flag["code"], flag["rule_id"]) for flag in shown]
    assert changed["affected"] == ([later["id"]] if is_affected else [])
    assert found == ([("spacing_min", "S02")] if is_affected else [])
    assert flag_codes(cast, earlier) == []


@pytest.mark.parametrize("eased", [{"min_days": 28}, {"active": False}, None])
def test_an_eased_spacing_rule_takes_its_flags_away(cast: Cast, eased: dict[str, Any] | None) -> None:
    pair = [cast.book(MONDAY), cast.book("2027-03-01T10:00:00Z")]
    rule = cast.desk.made("/spacing-rules", **samples.spacing_rule(floor_days=7, min_days=30))
    path = f"/spacing-rules/{rule['id']}"
    flagged = [flag_codes(cast, one) for one in pair]
    _ = cast.desk.delete(path) if eased is None else cast.desk.patch(path, eased)

    assert rule["affected"] == [pair[1]["id"]]
    assert flagged == [[], ["spacing_min"]]
    assert [flag_codes(cast, one) for one in pair] == [[], []]


def test_a_spacing_rule_leaves_other_flags_alone(cast: Cast) -> None:
    pair = [cast.book(MONDAY), cast.book("2027-03-01T10:00:00Z")]
    cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"working_hours": []})
    cast.desk.made("/spacing-rules", **samples.spacing_rule(floor_days=7, min_days=30))

    assert flag_codes(cast, pair[0]) == ["therapist_not_working"]
    assert flag_codes(cast, pair[1]) == ["therapist_not_working", "spacing_min"]


@pytest.mark.parametrize(("what", "spared"), [("hours", 0), ("spacing", 1)])
def test_many_visits_are_flagged_by_as_many_statements_as_few(
    make_cast: Callable[[], Cast], database: Database, what: str, spared: int
) -> None:
    asked, affected = [], []
    for days in ((1, 2), (1, 2, 3, 4, 5, 6)):
        cast = make_cast()
        visits = [cast.book(f"2027-02-{day:02}T10:00:00Z") for day in days]
        with listening(database) as heard:
            if what == "hours":
                answer = cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": []})
            else:
                answer = cast.desk.post("/spacing-rules", samples.spacing_rule())
        asked.append(len(heard))
        affected.append(len(visits) - len(answer.get_json()["affected"]))

    assert affected == [spared, spared]
    assert asked[0] == asked[1]


def test_one_change_flags_each_visit_by_its_own_reasons_and_tells_each(cast: Cast, rows: Rows) -> None:
    early, late = cast.book(MONDAY), cast.book("2027-02-01T17:00:00Z")
    cast.book("2027-02-01T13:00:00Z")
    closed = {"starts_at": "2027-02-01T16:00:00Z", "ends_at": "2027-02-01T18:00:00Z"}
    cast.desk.made(f"/locations/{cast.location['id']}/closures", **samples.closure(**closed))
    hours = [{"weekday": "mon", "opens": "11:00", "closes": "19:00"}]
    cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": hours})
    told = rows(
        cast.desk,
        "SELECT e.subject_id::text, (e.data ->> 'version')::int, a.changes -> 'codes' FROM events e"
        " JOIN audit_log a ON a.subject_id = e.subject_id AND a.action = e.type"
        " WHERE e.type = 'appointment.flagged' ORDER BY e.id",
    )

    assert (flag_codes(cast, early), flag_codes(cast, late)) == (
        ["outside_opening_hours"],
        ["location_closed"],
    )
    assert told == [(late["id"], 2, ["location_closed"]), (early["id"], 2, ["outside_opening_hours"])]
