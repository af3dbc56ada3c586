"""A change of status that was taken back shows in the change feed and in calendars as the visit is now."""

from tests.sync.cast import TEN, Branches, Replica, truth
from tests.sync.feeds.feeding import shown, subscribe

WHY = {"reason": "Noted by mistake"}


def test_the_change_feed_shows_the_visit_as_it_is_again(branches: Branches) -> None:
    replica = Replica(branches.desk)
    gone = branches.here.acted("cancel", branches.booked(TEN), reason_code="patient")
    replica.drain()

    undone = branches.here.acted("undo", gone, **WHY)

    (item,) = replica.drain()
    assert (item["version"], item["deleted"], item["appointment"]["status"]) == (3, False, "booked")
    assert item["appointment"]["cancellation"] is undone["cancellation"] is None
    assert replica.copy == truth(branches.desk)


def test_a_calendar_shows_the_event_again_with_a_later_sequence(branches: Branches) -> None:
    visit = branches.booked(TEN)
    calendar = subscribe(branches.desk, location=branches.here.location)
    gone = branches.here.acted("cancel", visit, reason_code="patient")
    cancelled = calendar.event(visit)

    branches.here.acted("undo", gone, **WHY)

    again = calendar.event(visit)
    assert cancelled is not None
    assert again is not None
    assert (shown(cancelled)["STATUS"], shown(again).get("STATUS")) == ("CANCELLED", "CONFIRMED")
    assert int(shown(again)["SEQUENCE"]) > int(shown(cancelled)["SEQUENCE"])
