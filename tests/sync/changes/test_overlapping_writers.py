"""With eight overlapping writers every reader ends up right, except the naive reader."""

from models.database import Database
from tests.sync.cast import TEN, Branches
from tests.sync.changes.stress import (
    ChangesReader,
    FeedReader,
    NaiveReader,
    PhoneReader,
    Reader,
    copies,
    revive,
    run,
    wrong,
)

SECONDS = 10.0
VISITS = 60


def test_every_reader_ends_up_with_what_there_is_and_a_naive_one_does_not(
    branches: Branches, database: Database
) -> None:
    visits = copies(database, branches, branches.booked(TEN)["id"], VISITS)
    revive(database, branches, visits[::3])
    desk, (ada, ben) = branches.desk, branches.therapists
    readers: list[Reader] = [
        ChangesReader(desk, 3),
        ChangesReader(desk, 20, therapist_id=ada["id"]),
        ChangesReader(desk, 500, therapist_id=ben["id"]),
        ChangesReader(desk, 20, room_id=branches.rooms[0]["id"]),
        ChangesReader(desk, 3, location_id=branches.locations[1]["id"]),
        PhoneReader(desk, ada),
        PhoneReader(desk, ben, 3),
        FeedReader(desk, resource=ada),
        FeedReader(desk, resource=branches.rooms[0]),
        FeedReader(desk, location=branches.locations[1]),
        FeedReader(desk, patient=branches.patient),
    ]
    naive = NaiveReader(desk, database)

    commits = run(database, branches, [*readers, naive], visits, SECONDS)

    assert commits > 100
    assert {one.name: wrong(one) for one in readers} == {one.name: [] for one in readers}
    assert all(one.expected() for one in readers)
    # The control: if the transactions were too short to overlap, the assertion above would prove nothing.
    assert len(wrong(naive)) > 0
