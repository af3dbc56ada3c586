"""A feed's entity tag changes whenever the feed changes, and only then."""

import gzip
from collections.abc import Callable

import pytest
from sqlalchemy import text

from models.database import Database
from tests.support.cast import create_clinic, create_patient
from tests.support.copying import MakeClinic
from tests.support.statements import listening
from tests.sync.cast import ELEVEN, NOON, NOW, TEN, Branches
from tests.sync.changes.test_overlaps import touch
from tests.sync.feeds.feeding import Subscriber, subscribe

Act = Callable[[Branches], object]


def test_who_has_the_calendar_is_told_so_by_one_statement(branches: Branches, database: Database) -> None:
    branches.booked(TEN)
    feed = subscribe(branches.desk, location=branches.locations[0])
    feed.settle()

    with listening(database) as heard:
        answer = feed.ask(**{"If-None-Match": str(feed.tag)})

    assert (answer.status_code, answer.data, len(heard)) == (304, b"", 1)
    assert answer.headers["ETag"] == feed.tag
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == (
        "private, max-age=300",
        "Accept-Encoding",
    )
    assert "Content-Type" not in answer.headers


def test_any_form_of_the_tag_will_do(branches: Branches) -> None:
    feed = subscribe(branches.desk, location=branches.locations[0])
    feed.settle()
    tag = str(feed.tag)

    for form in (tag, tag.removeprefix("W/"), f'"other", {tag}', f'{tag}, W/"another"', "*"):
        assert feed.ask(**{"If-None-Match": form}).status_code == 304, form
        assert feed.ask("HEAD", **{"If-None-Match": form}).status_code == 304, form
    for form in ('"other"', 'W/"other", "another"', ""):
        assert feed.ask(**{"If-None-Match": form}).status_code == 200, form


def test_head_says_what_get_would(branches: Branches) -> None:
    branches.booked(TEN)
    feed = subscribe(branches.desk, location=branches.locations[0])
    feed.settle()

    whole, head = feed.ask(), feed.ask("HEAD")

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert head.headers[name] == whole.headers[name]


def test_it_comes_compressed_to_who_can_read_that(branches: Branches) -> None:
    branches.booked(TEN)
    feed = subscribe(branches.desk, location=branches.locations[0])
    feed.settle()
    plain = feed.ask()

    for accepted in ("gzip", "br;q=1.0, gzip;q=0.5", "*"):
        packed = feed.ask(**{"Accept-Encoding": accepted})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert (packed.headers["ETag"], packed.headers["Vary"]) == (plain.headers["ETag"], "Accept-Encoding")
    for accepted in ("identity", "gzip;q=0", "br"):
        assert "Content-Encoding" not in feed.ask(**{"Accept-Encoding": accepted}).headers


@pytest.mark.parametrize(
    ("of", "act"),
    [
        ("location", lambda b: b.booked(NOON)),
        ("resource", lambda b: b.booked(NOON)),
        ("patient", lambda b: b.booked(NOON)),
        ("resource", lambda b: b.desk.patch(f"/patients/{b.patient['id']}", {"name": "Zoe Zander"})),
        ("location", lambda b: b.desk.patch(f"/patients/{b.patient['id']}", {"name": "Zoe Zander"})),
        ("resource", lambda b: b.desk.patch(f"/therapists/{b.therapists[0]['id']}", {"name": "Eva"})),
        ("location", lambda b: b.desk.patch(f"/locations/{b.locations[0]['id']}", {"name": "Bath"})),
        ("patient", lambda b: b.desk.patch(f"/locations/{b.locations[0]['id']}", {"name": "Bath"})),
    ],
)
def test_whatever_changes_the_calendar_changes_the_tag(branches: Branches, of: str, act: Act) -> None:
    branches.booked(TEN)
    things = {
        "resource": branches.therapists[0],
        "location": branches.locations[0],
        "patient": branches.patient,
    }
    feed = subscribe(branches.desk, "initials", **{of: things[of]})
    feed.settle()
    before = feed.ask().data

    act(branches)

    assert feed.poll() == 200
    assert feed.ask().data != before


def test_what_happens_elsewhere_leaves_the_tag_as_it_is(branches: Branches, make_clinic: MakeClinic) -> None:
    branches.booked(TEN)
    feed = subscribe(branches.desk, "initials", resource=branches.therapists[0])
    feed.settle()

    other = create_patient(branches.desk, name="Other")
    branches.there.booked(NOON, therapist_id=branches.therapists[1]["id"], patient_id=other["id"])
    branches.desk.patch(f"/patients/{other['id']}", {"name": "Another"})
    branches.desk.patch(f"/patients/{branches.patient['id']}", {"external_id": "7"})
    create_clinic(make_clinic().at(NOW)).booked(TEN)

    assert feed.poll() == 304


@pytest.mark.parametrize(("now", "status"), [("2027-01-04T23:59:59Z", 304), ("2027-01-05T00:00:00Z", 200)])
def test_the_tag_changes_with_the_day_as_the_window_does(branches: Branches, now: str, status: int) -> None:
    feed = subscribe(branches.desk, resource=branches.therapists[0])
    feed.settle()

    assert feed.at(now).poll() == status


def test_who_has_only_seen_the_newer_of_two_transactions_is_told_of_the_older(
    branches: Branches, database: Database
) -> None:
    first, second = (branches.booked(at) for at in (TEN, ELEVEN))
    feed = subscribe(branches.desk, location=branches.locations[0])
    feed.settle()
    with database.transaction(branches.desk.clinic_id) as older:
        touch(older, second)
        with database.transaction(branches.desk.clinic_id) as newer:
            touch(newer, first)
        assert feed.poll() == 200
        assert _sequences(feed) == {first["id"]: 2, second["id"]: 1}
        assert feed.poll() == 304

    # The newest change is the same as before, and the older transaction's change is visible now.
    assert feed.poll() == 200
    assert _sequences(feed) == {first["id"]: 2, second["id"]: 2}


def test_a_name_that_is_changed_in_an_older_transaction_is_told_as_well(
    branches: Branches, database: Database
) -> None:
    zoe = create_patient(branches.desk, name="Zoe")
    first, second = branches.booked(TEN, patient_id=zoe["id"]), branches.booked(ELEVEN)
    feed = subscribe(branches.desk, "initials", location=branches.locations[0])
    feed.settle()
    with database.transaction(branches.desk.clinic_id) as older:
        older.execute(text("UPDATE patients SET name = 'Eva' WHERE id = :id"), {"id": zoe["id"]})
        with database.transaction(branches.desk.clinic_id) as newer:
            touch(newer, second)
        assert feed.poll() == 200
        assert str(feed.events[first["id"]]["SUMMARY"]) == "Z."

    assert feed.poll() == 200
    assert str(feed.events[first["id"]]["SUMMARY"]) == "E."


def _sequences(feed: Subscriber) -> dict[str, int]:
    return {id_: int(event["SEQUENCE"]) for id_, event in feed.events.items()}
