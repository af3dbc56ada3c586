"""A calendar's name and colour are kept for a therapist, on all of their devices, and for nobody else."""

from sqlalchemy import text

from dav.properties import SETTABLE
from models.calendar_properties import LONGEST_VALUE
from models.database import Database
from tests.support.copying import MakeClinic
from tests.support.racing import race, statuses
from tests.sync.phone import BUSY, VISITS, XMLNS, Phone, Practice, create_practice

COUNTED = text("SELECT count(*) FROM calendar_properties")


def name(phone: Phone, calendar: str, text: str, how: str = "set") -> int:
    """Give a calendar a name, or take it away, and give the status of its own."""
    change = f"<D:{how}><D:prop><D:displayname>{text}</D:displayname></D:prop></D:{how}>"
    body = f"<D:propertyupdate {XMLNS}>{change}</D:propertyupdate>"
    answer = phone.ask("PROPPATCH", f"{calendar}/", body)
    assert answer.status_code == 207
    return 200 if "200 OK" in answer.text else 0


def names(phone: Phone) -> list[str | None]:
    return [phone.property(f"{calendar}/", "D:displayname") for calendar in (VISITS, BUSY)]


def test_a_name_is_seen_by_the_therapists_other_devices_alone(
    practice: Practice, make_clinic: MakeClinic
) -> None:
    ada, second, ben = practice.phone(), practice.phone(), practice.phone(practice.ben)
    elsewhere = create_practice(make_clinic).phone()
    set_ = [name(ada, VISITS, "Visits"), name(ben, BUSY, "Ben's own")]
    shown = [names(phone) for phone in (ada, second, ben, elsewhere)]
    again = [name(second, VISITS, "Mine"), names(ada), name(ada, VISITS, "", "remove"), names(second)]

    assert set_ == [200, 200]
    assert shown == [
        ["Visits", "Busy"],
        ["Visits", "Busy"],
        ["Appointments", "Ben's own"],
        ["Appointments", "Busy"],
    ]
    assert again == [200, ["Mine", "Busy"], 200, ["Appointments", "Busy"]]


def test_two_devices_that_set_the_same_at_once_both_may(practice: Practice) -> None:
    first, second = practice.phone(), practice.phone()
    body = (
        f'<D:propertyupdate {XMLNS} xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop><A:calendar-order>1'
        "</A:calendar-order><D:displayname>x</D:displayname></D:prop></D:set></D:propertyupdate>"
    )
    answers = race(
        [lambda phone=phone: phone.ask("PROPPATCH", f"{BUSY}/", body) for phone in (first, second)]
    )

    assert statuses(answers) == [207, 207]
    assert [answer.text.count("200 OK") for answer in answers] == [1, 1]


def test_what_was_set_goes_with_the_therapist_and_takes_little(
    practice: Practice, phone: Phone, database: Database
) -> None:
    name(phone, BUSY, "x" * 201)
    with database.transaction(practice.desk.clinic_id) as session:
        kept = session.scalar(COUNTED)

    assert kept == 0
    assert max(SETTABLE.values()) <= LONGEST_VALUE
