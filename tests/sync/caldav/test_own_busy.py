"""Busy time that a phone writes flags the visits under it, and no visit is booked over it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import product
from urllib.parse import quote

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from models.database import Database
from tests.support.cast import Made, codes, event_types
from tests.support.flags import conflicts, flags
from tests.support.racing import assert_sound, deadlocks, race, statuses
from tests.sync.phone import BUSY, DAY, NEXT, Phone, Practice, at, event, stamp

STAMPED = text("UPDATE busy_objects SET updated_at = now() WHERE href = :name")


def test_an_event_over_a_visit_is_taken_and_the_visit_flagged(
    practice: Practice, phone: Phone, database: Database
) -> None:
    visit = practice.booked("10:00")
    etag = phone.kept("a.ics", "11:05", "12:00")

    (conflict,) = conflicts(practice.desk)
    assert (conflict["appointment_id"], conflict["therapist_id"]) == (visit["id"], practice.ada["id"])
    assert conflict["source"]["external_calendar_id"] is None
    assert flags(practice.desk, visit) == ["external_busy"]
    assert event_types(database, practice.desk, visit).count("appointment.flagged") == 1
    assert phone.ask("DELETE", f"{BUSY}/a.ics", if_match=etag).status_code == 204
    assert (conflicts(practice.desk), flags(practice.desk, visit)) == ([], [])


def test_an_event_while_the_cream_works_stands_in_no_visits_way(practice: Practice, phone: Phone) -> None:
    visit = practice.booked("10:00")
    phone.kept("a.ics", "10:00", "10:40")
    phone.kept("b.ics", "11:10", "11:25")

    assert (conflicts(practice.desk), flags(practice.desk, visit)) == ([], [])


def test_nobody_is_booked_over_an_event_until_it_is_deleted(practice: Practice, phone: Phone) -> None:
    dates = (str(DAY.date()), str(NEXT.date()))
    ada = practice.ada["id"]
    offered = practice.clinic.starts(*dates, therapist_id=ada)
    phone.kept("a.ics", "12:00", "13:00")

    left = practice.clinic.starts(*dates, therapist_id=ada)
    refused = practice.clinic.book(at("11:30"), therapist_id=ada)
    assert 0 < len(left) < len(offered)
    assert codes(refused) == ["therapist_busy"]
    assert phone.ask("DELETE", f"{BUSY}/a.ics").status_code == 204
    assert practice.clinic.starts(*dates, therapist_id=ada) == offered
    assert practice.booked("11:30")


def test_two_events_of_one_uid_are_both_busy(practice: Practice, phone: Phone) -> None:
    first, second = (event("one", *hours).splitlines() for hours in (("12:00", "13:00"), ("15:00", "16:00")))
    both = "\r\n".join((*first[:-1], *second[second.index("BEGIN:VEVENT") :], ""))
    assert phone.put("one.ics", both).status_code == 201

    for clock in ("11:30", "14:30"):
        assert codes(practice.clinic.book(at(clock), therapist_id=practice.ada["id"])) == ["therapist_busy"]
    assert practice.booked("13:00")


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART;VALUE=DATE:{day}", "DTEND;VALUE=DATE:{day}"),
        ("DTSTART:{day}T120000", "DTEND:{day}T130000", "BEGIN:VALARM", "TRIGGER:PT-2H", "END:VALARM"),
        ("DTSTART;TZID= Europe/London :{day}T120000", "DURATION:PT1H", "EXDATE:", "SEQUENCE:"),
        (
            "DTSTART;TZID=GMT Standard Time:{day}T120000",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY;UNTIL={day}T120000",
        ),
    ],
)
def test_what_a_phone_writes_is_read_as_other_calendars_are(
    practice: Practice, phone: Phone, lines: tuple[str, ...]
) -> None:
    day = f"{DAY:%Y%m%d}"
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//EN",
        "BEGIN:VEVENT",
        "UID:odd",
        f"DTSTAMP:{day}T000000Z",
    )
    body = "\r\n".join((*head, *(one.format(day=day) for one in lines), "END:VEVENT", "END:VCALENDAR", ""))
    assert phone.put("odd.ics", body).status_code == 201

    assert codes(practice.clinic.book(at("11:30"), therapist_id=practice.ada["id"])) == ["therapist_busy"]


def test_an_event_that_is_moved_frees_the_time_it_took(practice: Practice, phone: Phone) -> None:
    etag = phone.kept("a.ics", "12:00", "13:00")
    moved = phone.put("a.ics", event("a.ics", "15:00", "16:00"), if_match=etag)

    assert moved.status_code == 204
    assert phone.ask("GET", f"{BUSY}/a.ics").headers["ETag"] == moved.headers["ETag"] != etag
    assert practice.booked("11:30")
    assert codes(practice.clinic.book(at("14:30"), therapist_id=practice.ada["id"])) == ["therapist_busy"]


def test_a_program_gets_back_octet_for_octet_what_another_has_put(practice: Practice, phone: Phone) -> None:
    name = "Zürich & Söhne.ics"
    body = event("z", summary="Zürich <&> \U0001f426").replace("DTSTAMP", "dtstamp")
    phone.put(quote(name), body)

    got = practice.phone().ask("GET", f"{BUSY}/{quote(name)}")
    (shown,) = practice.phone().follow(BUSY).items()
    assert got.data == body.encode()
    assert shown == (quote(name), body)
    assert phone.ask("HEAD", f"{BUSY}/{quote(name)}").headers["ETag"] == got.headers["ETag"]
    assert phone.ask("HEAD", f"{BUSY}/{quote(name)}").data == b""


def test_a_second_program_learns_of_all_that_came_changed_and_went(practice: Practice, phone: Phone) -> None:
    second = practice.phone()
    assert second.follow(BUSY) == {}
    for name in ("a.ics", "b.ics", "c.ics"):
        phone.kept(name)
    assert set(second.follow(BUSY, limit=1)) == {"a.ics", "b.ics", "c.ics"}
    phone.put("a.ics", event("a.ics", "14:00", "15:00"))
    for name in ("b.ics", "c.ics"):
        phone.ask("DELETE", f"{BUSY}/{name}")
    phone.kept("c.ics", "16:00", "17:00")

    told = second.follow(BUSY, limit=1)
    assert told.pop("b.ics") is None
    assert {name: body is not None for name, body in told.items()} == {"a.ics": True, "c.ics": True}
    assert second.follow(BUSY) == {}


def test_an_event_that_is_written_by_an_older_transaction_later_is_not_lost(
    practice: Practice, phone: Phone, database: Database
) -> None:
    for name in ("a.ics", "b.ics"):
        phone.kept(name)
    phone.follow(BUSY)
    with database.transaction(practice.desk.clinic_id) as older:
        older.execute(STAMPED, {"name": "a.ics"})
        phone.ask("DELETE", f"{BUSY}/b.ics")
        meanwhile = phone.follow(BUSY, settled=False)

    told = phone.follow(BUSY)
    assert meanwhile == {}
    assert (told["b.ics"], told["a.ics"] is not None) == (None, True)


def test_what_is_refused_leaves_nothing_behind(practice: Practice, phone: Phone) -> None:
    phone.kept("a.ics")
    twice = phone.put("b.ics", event("a.ics", "14:00", "15:00"))
    other = phone.put("a.ics", event("other", "14:00", "15:00"))
    cases = {
        "valid-calendar-data": event("h").replace("END:VCALENDAR", ""),
        "supported-calendar-component": event("t").replace("VEVENT", "VTODO"),
        "valid-calendar-object-resource": event("m").replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST"),
        "max-resource-size": event("l", summary="x" * 70_000),
        "max-instances": event("e").replace("DTEND", "RRULE:FREQ=SECONDLY\r\nDTEND"),
    }
    answers = {element: phone.put("c.ics", body) for element, body in cases.items()}

    assert {answer.status_code for answer in (twice, other, *answers.values())} == {403}
    assert [element for element, answer in answers.items() if element not in answer.text] == []
    assert "no-uid-conflict" in twice.text
    assert f"<D:href>{phone.home}{BUSY}/a.ics</D:href>" in twice.text
    assert "no-uid-conflict" in other.text
    assert list(phone.follow(BUSY)) == ["a.ics"]
    assert practice.booked("14:00")


def test_the_last_change_of_an_event_is_told(phone: Phone, database: Database, practice: Practice) -> None:
    phone.kept("a.ics")
    with database.transaction(practice.desk.clinic_id) as session:
        session.execute(text("UPDATE busy_objects SET updated_at = '2027-05-01 08:30:15.9+00'"))
    before = phone.property(f"{BUSY}/a.ics", "D:getlastmodified")
    begun = datetime.now(UTC).replace(microsecond=0)
    phone.put("a.ics", event("a.ics", "14:00", "15:00"))
    got = phone.ask("GET", f"{BUSY}/a.ics")

    assert before == "Sat, 01 May 2027 08:30:15 GMT"
    assert begun <= parsedate_to_datetime(got.headers["Last-Modified"]) <= datetime.now(UTC)
    assert phone.property(f"{BUSY}/a.ics", "D:getlastmodified") == got.headers["Last-Modified"]


def test_an_identifier_is_the_same_however_it_is_written(phone: Phone) -> None:
    phone.put("a.ics", event("one\\,two"))

    assert "no-uid-conflict" in phone.put("b.ics", event("one\\,two", "14:00", "15:00")).text


def test_a_phone_and_a_desk_at_the_same_time_never_both_win_unseen(
    practice: Practice, phone: Phone, database: Database
) -> None:
    before, patients = deadlocks(database), practice.clinic.patients(4)
    booked: list[Made] = []

    def book_on() -> TestResponse:
        """Book one visit after the other for ten days, until one is refused."""
        for days, number in product(range(10), range(14)):
            start = DAY + timedelta(days=days, hours=9, minutes=30 * number)
            fields = {"therapist_id": practice.ada["id"], "patient_id": patients[number % len(patients)]}
            answer = practice.clinic.book(start.isoformat(), **fields)
            if answer.status_code not in {201, 503}:
                break
            booked.extend([answer.get_json()] if answer.status_code == 201 else [])
        return answer

    whole = event("a.ics", "00:00", "23:00").replace("DTEND", "RRULE:FREQ=DAILY;COUNT=10\r\nDTEND")
    refused, put = race([book_on, lambda: phone.put("a.ics", whole)])

    assert put.status_code == 201
    assert codes(refused) == ["therapist_busy"]
    assert booked
    assert [flags(practice.desk, one) for one in booked] == [["external_busy"]] * len(booked)
    assert_sound(database, practice.desk)
    assert deadlocks(database) == before


def test_of_two_programs_that_make_the_same_object_one_is_refused(practice: Practice, phone: Phone) -> None:
    second = practice.phone()
    answers = race(
        [
            lambda: phone.put("a.ics", event("a", "12:00", "13:00"), if_none_match="*"),
            lambda: second.put("a.ics", event("a", "14:00", "15:00"), if_none_match="*"),
        ]
    )

    assert statuses(answers) == [201, 412]
    (made,) = [answer for answer in answers if answer.status_code == 201]
    assert phone.ask("GET", f"{BUSY}/a.ics").headers["ETag"] == made.headers["ETag"]


def test_of_a_change_and_a_deletion_of_the_same_state_one_is_refused(
    practice: Practice, phone: Phone
) -> None:
    etag, second = phone.kept("a.ics", "12:00", "13:00"), practice.phone()
    changed, deleted = race(
        [
            lambda: phone.put("a.ics", event("a.ics", "14:00", "15:00"), if_match=etag),
            lambda: second.ask("DELETE", f"{BUSY}/a.ics", if_match=etag),
        ]
    )

    assert (changed.status_code, deleted.status_code) in {(204, 412), (412, 204)}
    assert phone.ask("GET", f"{BUSY}/a.ics").status_code == (200 if changed.status_code == 204 else 404)


def test_of_two_objects_with_one_identifier_one_is_refused(practice: Practice, phone: Phone) -> None:
    second = practice.phone()
    answers = race(
        [
            lambda: phone.put("a.ics", event("same")),
            lambda: second.put("b.ics", event("same", "14:00", "15:00")),
        ]
    )

    assert statuses(answers) == [201, 403]
    assert len(phone.follow(BUSY)) == 1


def test_nothing_that_an_event_says_leaves_its_calendar(
    practice: Practice, phone: Phone, capfd: pytest.CaptureFixture[str]
) -> None:
    practice.booked("10:00")
    secret = "Oncologist"
    phone.put("secret-name.ics", event("secret-uid", "10:30", "13:00", secret))
    phone.put("secret-name.ics", event("secret-uid", "10:30", "13:00", secret).replace("END:VEVENT", ""))
    phone.put("x.ics", event("secret-uid", "10:30", "13:00", secret))
    at_day = {"location_id": practice.location["id"], "from_": str(DAY.date()), "until": str(NEXT.date())}
    answers = [practice.desk.get(path) for path in ("/conflicts", "/appointments", "/changes")]
    answers.append(practice.desk.get("/schedule", **at_day))
    assert [answer.status_code for answer in answers] == [200] * 4
    answers.append(practice.clinic.book(at("11:30"), therapist_id=practice.ada["id"]))
    span = f'<C:time-range start="{stamp("00:00")}" end="{stamp("23:00")}"/>'
    answers.append(phone.report(BUSY, "C:free-busy-query", span))
    shown = [answer.text for answer in answers]
    logged = capfd.readouterr()

    assert phone.ask("GET", f"{BUSY}/secret-name.ics").text.count(secret) == 1
    hidden = (secret, "secret-name", "secret-uid", "SUMMARY", phone.password)
    told = (*shown, logged.out, logged.err)
    assert not [word for word in hidden if any(word in one for one in told)]
