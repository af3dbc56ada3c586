"""Random clients with keys of a single location, and a gateway that reads messages."""

from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from booking.core.caller import Caller
from booking.messages.sending import announce_due
from models import WaitlistEntry
from scheduling.messages import MOMENT_OF, STALE
from tests.random_clients.practice import Clients, days, picks, times
from tests.support.cast import Made, create_key, instant
from tests.support.desk import Desk

SCOPES = ("appointments:write", "patients:read", "availability:read", "catalog:read")
WHOSE = {"planned": ("booked", "confirmed"), "before": ("booked", "confirmed"), "no_show": ("no_show",)}


class TheirLooks(Clients):
    """The acts of a key of a single location, and of a gateway."""

    def limited(self, place: Made) -> Desk:
        """Give the desk with a key of a location."""
        if place["id"] not in self.limited_keys:
            made = create_key(self.cast.desk, *SCOPES, location_ids=[place["id"]])
            self.limited_keys[place["id"]] = made.key
        return self.desk.using(self.limited_keys[place["id"]])

    @rule(pick=picks)
    def look_at_one_location(self, pick: int) -> None:
        """Read everything of the key's location, and nothing of the other location."""
        place, other = self.cast.locations if pick % 2 else reversed(self.cast.locations)
        desk, own = self.limited(place), UUID(place["id"])
        seen = self.expect(desk.get("/appointments", limit="500"), 200)["items"]
        assert {one["id"] for one in seen} == {
            str(one.id)
            for one in self.visits()
            if one.location_id == own and (one.hold is None or one.hold["ended"] == "converted")
        }
        waiting = self.expect(desk.get("/waitlist", limit="500"), 200)["items"]
        assert {one["id"] for one in waiting} == {
            str(one.id) for one in self.all(WaitlistEntry) if one.location_id == own
        }
        first, until = self.now.date(), self.now.date() + timedelta(days=2)
        for where, status in ((place, 200), (other, 404)):
            query = {"location_id": where["id"], "from_": str(first), "until": str(until)}
            self.expect(desk.get("/schedule", **query), status)

    @precondition(lambda self: bool(self.present))
    @rule(pick=picks, action=st.sampled_from(["confirm", "cancel", "arrive", "no-show", "complete"]))
    def act_on_another_location(self, pick: int, action: str) -> None:
        """Act on a visit with the key of the other location, which must not find it."""
        visit = self.one(self.visits(), pick)
        other = next(one for one in self.cast.locations if one["id"] != str(visit.location_id))
        needed = {"reason_code": "patient"} if action == "cancel" else {}
        desk, path = self.limited(other), f"/appointments/{visit.id}"
        self.refused(desk.post(f"{path}/{action}", {"version": visit.version} | needed), "not_found", 404)
        self.refused(desk.get(path), "not_found", 404)

    @rule(pick=picks, day=days, time=times, slot=st.none() | picks)
    def book_at_one_location(self, pick: int, day: int, time: str, slot: int | None) -> None:
        """Find and book with a key of a location what the desk finds there."""
        wish = self.wish(pick)
        place = self.place(wish)
        found = self.found(wish, day)
        desk = self.limited(place)
        assert self.found(wish, day, desk=desk) == found
        starts_at = self.at(place, day, time)
        if slot is not None and found:
            starts_at = instant(self.one(found, slot))
        body = wish | {"starts_at": starts_at.isoformat()}
        other = next(one for one in self.cast.locations if one is not place)
        self.expect(self.limited(other).post("/appointments", body), 404)
        self.expect(desk.post("/appointments", body), 201 if starts_at in map(instant, found) else 409)

    @rule(ahead=st.sampled_from([0, 1, 31]), pick=picks, sent=st.booleans())
    def read_messages(self, ahead: int, pick: int, sent: bool) -> None:
        """Read the messages, which must fit the visits' statuses, and mark a message as sent."""
        until = self.now + timedelta(days=ahead)
        items = self._messages(self.desk, ahead)
        status = {str(one.id): one.status for one in self.visits()}
        for one in items:
            of_status = WHOSE.get(MOMENT_OF[one["kind"]].anchor, ("completed",))
            assert status[one["appointment_id"]] in of_status
            assert self.now - STALE < instant(one["due_at"]) <= until
            assert self.now < instant(one["expires_at"])
        for place in self.cast.locations:
            own = [one for one in items if one["location_id"] == place["id"]]
            assert self._messages(self.limited(place), ahead) == own
        if sent and items:
            id_ = self.one(items, pick)["id"]
            assert self.expect(self.desk.post(f"/messages/{id_}/sent"), 200)["status"] == "sent"
            assert self._messages(self.desk, ahead) == [one for one in items if one["id"] != id_]

    @rule()
    def tell_of_messages(self) -> None:
        """Announce each message that has become due, once."""
        for again in (False, True):
            with self.database.transaction(self.cast.desk.clinic_id) as session:
                told = announce_due(Caller(session, self.cast.desk.clinic_id, self.now))
            assert not (again and told)

    def _messages(self, desk: Desk, ahead: int) -> list[Made]:
        until = (self.now + timedelta(days=ahead)).isoformat()
        found: list[Made] = self.expect(desk.get("/messages", due_by=until, limit="500"), 200)["items"]
        assert len({one["id"] for one in found}) == len(found)
        return found
