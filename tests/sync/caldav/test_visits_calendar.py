"""A therapist's phone finds its calendars, shows the visits and follows their changes."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from booking.core.caller import Caller
from models.database import Database
from sync.caldav.home import home_of
from tests.support.cast import run_out
from tests.support.copying import MakeClinic
from tests.sync.cast import settle
from tests.sync.changes.test_overlaps import touch
from tests.sync.phone import (
    BUSY,
    DAY,
    VISITS,
    XMLNS,
    Phone,
    Practice,
    at,
    create_practice,
    event,
    stamp,
    times,
    told_by,
)


def test_a_phone_finds_its_calendars_by_the_well_known_path(phone: Phone) -> None:
    sent_on = phone.ask("PROPFIND", "/.well-known/caldav")
    root = urlsplit(sent_on.headers["Location"]).path
    home = phone.property(phone.property(root, "D:current-user-principal") or "", "C:calendar-home-set")
    body = f"<D:propfind {XMLNS}><D:prop><D:displayname/></D:prop></D:propfind>"
    listed = phone.ask("PROPFIND", home or "", body, depth="1").text

    assert (sent_on.status_code, root, home) == (301, "/dav/", phone.home)
    assert [f"<D:displayname>{name}<" in listed for name in ("Ada", "Appointments", "Busy")] == [True] * 3


def test_a_visit_takes_the_therapists_time_only_while_they_are_needed(
    practice: Practice, phone: Phone
) -> None:
    visit = practice.booked("10:00")

    ((name, text),) = phone.follow(VISITS).items()
    assert name == f"{visit['id']}.ics"
    # The therapist is not needed while the cream works.
    assert times(text) == (stamp("10:40"), stamp("11:10"))


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("10:00", "10:40", False),
        ("10:00", "10:41", True),
        ("11:09", "12:00", True),
        ("11:10", "12:00", False),
    ],
)
def test_a_query_by_time_asks_for_the_time_in_which_they_are_needed(
    practice: Practice, phone: Phone, start: str, end: str, found: bool
) -> None:
    visit = practice.booked("10:00")
    span = f'<C:time-range start="{stamp(start)}" end="{stamp(end)}"/>'
    wanted = (
        '<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"{span}</C:comp-filter></C:comp-filter></C:filter>"
    )

    queried = phone.report(VISITS, "C:calendar-query", wanted, depth="1")
    free_busy = phone.report(VISITS, "C:free-busy-query", span, depth="1")

    assert list(told_by(queried)) == ([f"{visit['id']}.ics"] if found else [])
    assert (f"{stamp('10:40')}/{stamp('11:10')}" in free_busy.text) is found


def test_nothing_of_the_patient_reaches_a_phone(practice: Practice, phone: Phone) -> None:
    visit = practice.booked("10:00")
    everything = (
        '<D:allprop/><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>',
        f"<D:prop><C:calendar-data/></D:prop><D:href>{phone.home}{VISITS}/{visit['id']}.ics</D:href>",
    )
    answers = [
        phone.report(VISITS, f"C:calendar-{kind}", inner).text
        for kind, inner in zip(("query", "multiget"), everything, strict=True)
    ]
    answers.append(phone.ask("GET", f"{VISITS}/{visit['id']}.ics").text)

    assert all(visit["id"] in answer for answer in answers)
    hidden = ("Grace", "Hopper", visit["patient_id"], "Needling", "MN_FACE_STD")
    assert not [word for word in hidden for answer in answers if word in answer]


def test_a_visit_that_is_handed_over_leaves_one_phone_and_comes_to_the_other(practice: Practice) -> None:
    visit = practice.booked("10:00")
    ada, ben = practice.phone(), practice.phone(practice.ben)
    assert (set(ada.follow(VISITS)), ben.follow(VISITS)) == ({f"{visit['id']}.ics"}, {})
    practice.clinic.acted("reschedule", visit, starts_at=at("11:00"), therapist_id=practice.ben["id"])

    ((_, text),) = ben.follow(VISITS).items()
    assert ada.follow(VISITS) == {f"{visit['id']}.ics": None}
    assert times(text) == (stamp("11:40"), stamp("12:10"))
    assert ada.ask("GET", f"{VISITS}/{visit['id']}.ics").status_code == 404


@pytest.mark.parametrize("action", ["cancel", "no-show"])
def test_a_visit_that_does_not_take_place_is_gone(practice: Practice, phone: Phone, action: str) -> None:
    visit = practice.booked("10:00")
    phone.follow(VISITS)
    reason = {"reason_code": "patient"} if action == "cancel" else {}
    practice.clinic.at(at("11:00")).acted(action, visit, **reason)

    assert phone.follow(VISITS) == {f"{visit['id']}.ics": None}
    assert phone.ask("PROPFIND", f"{VISITS}/{visit['id']}.ics", depth="0").status_code == 404
    # A program that begins now is not told of visits that it never had.
    assert practice.phone().follow(VISITS) == {}


def test_a_hold_is_never_there_until_it_is_booked(
    practice: Practice, phone: Phone, database: Database
) -> None:
    phone.follow(VISITS)
    booked, lost = (
        practice.clinic.held(at(clock), therapist_id=practice.ada["id"]) for clock in ("10:00", "14:00")
    )
    assert phone.follow(VISITS) == {}
    assert phone.ask("GET", f"{VISITS}/{lost['id']}.ics").status_code == 404
    run_out(database, practice.desk, lost)
    practice.clinic.convert(booked)

    assert set(phone.follow(VISITS)) == {f"{booked['id']}.ics"}


def test_a_full_list_comes_in_parts_without_a_gap(practice: Practice, phone: Phone) -> None:
    visits = {f"{practice.booked(clock)['id']}.ics" for clock in ("09:00", "11:00", "13:00")}

    assert set(phone.follow(VISITS, limit=1)) == visits
    assert phone.follow(VISITS, limit=1) == {}


def test_a_visit_that_is_changed_by_an_older_transaction_later_is_not_lost(
    practice: Practice, phone: Phone, database: Database
) -> None:
    first, second = (practice.booked(clock) for clock in ("10:00", "12:00"))
    phone.follow(VISITS)
    with database.transaction(practice.desk.clinic_id) as older:
        touch(older, first)
        with database.transaction(practice.desk.clinic_id) as newer:
            touch(newer, second)
        meanwhile = phone.follow(VISITS, settled=False)

    assert meanwhile == {}
    assert set(phone.follow(VISITS)) == {f"{one['id']}.ics" for one in (first, second)}


def test_what_tells_a_calendars_state_stays_while_it_does(
    practice: Practice, phone: Phone, database: Database
) -> None:
    def states(at_: datetime) -> list[str]:
        settle(practice.desk.app)
        with database.transaction(practice.desk.clinic_id) as session:
            home = home_of(Caller(session, practice.desk.clinic_id, at_), UUID(phone.user))
            assert home is not None
            return [one.token() for one in home.calendars]

    practice.booked("10:00")
    before = states(DAY)
    assert states(DAY + timedelta(hours=23)) == before
    practice.booked("12:00")
    after = states(DAY)
    phone.kept("a.ics", "15:00", "16:00")

    assert (after[0] != before[0], after[1] == before[1]) == (True, True)
    assert (states(DAY)[0] == after[0], states(DAY)[1] != after[1]) == (True, True)
    assert phone.property(f"{BUSY}/", "CS:getctag") == phone.property(f"{BUSY}/", "D:sync-token")


def test_the_last_change_of_a_visit_is_told(practice: Practice, phone: Phone) -> None:
    visit = practice.booked("10:00")
    path = f"{VISITS}/{visit['id']}.ics"
    changed = datetime.fromisoformat(visit["updated_at"]).replace(microsecond=0)

    assert parsedate_to_datetime(phone.ask("GET", path).headers["Last-Modified"]) == changed
    assert parsedate_to_datetime(phone.property(path, "D:getlastmodified") or "") == changed


def test_visits_are_not_written_by_phones(practice: Practice, phone: Phone) -> None:
    name = f"{VISITS}/{practice.booked('10:00')['id']}.ics"

    assert phone.ask("DELETE", name).status_code == 405
    assert phone.ask("PUT", name, event("a")).status_code == 405
    assert phone.ask("PUT", f"{VISITS}/new.ics", event("a")).status_code == 405
    assert list(phone.follow(VISITS)) == [name.rpartition("/")[2]]


def test_a_phone_sees_its_own_therapists_calendars_alone(practice: Practice, make_clinic: MakeClinic) -> None:
    visit = practice.booked("10:00")
    ada, ben = practice.phone(), practice.phone(practice.ben)
    elsewhere = create_practice(make_clinic)
    strangers = ((ben, 404), (elsewhere.phone(), 404), (Phone(ada.app, ada.user, ben.password), 401))
    ada.kept("a.ics", "15:00", "16:00")

    for stranger, status in strangers:
        paths = ("", f"{VISITS}/", f"{VISITS}/{visit['id']}.ics", f"{BUSY}/", f"{BUSY}/a.ics")
        for number, path in enumerate(paths):
            # More failures than one address may have in a minute.
            sender = replace(stranger, address=f"192.0.2.{number}")
            for method in ("PROPFIND", "REPORT", "GET", "PUT", "DELETE"):
                answer = sender.ask(method, ada.home + path, event("b"), depth="0")
                assert answer.status_code == status, (method, path)
                assert "Dentist" not in answer.text
    for stranger in (ben, elsewhere.phone()):
        assert stranger.follow(VISITS) == stranger.follow(BUSY) == {}
    own = f"<D:prop><D:getetag/></D:prop><D:href>{ada.home}{VISITS}/{visit['id']}.ics</D:href>"
    assert "404 Not Found" in ben.report(VISITS, "C:calendar-multiget", own).text
    # A token of one calendar is not valid in another calendar.
    ada.follow(VISITS)
    assert "valid-sync-token" in ben.collected(VISITS, ada.tokens[VISITS]).text
    assert "valid-sync-token" in ada.collected(BUSY, ada.tokens[VISITS]).text
    assert list(ada.follow(BUSY)) == ["a.ics"]
