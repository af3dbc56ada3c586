"""Random clients change blocks, closures, hours, disruptions, courses and medical holds."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from models import Block, Closure, MedicalHold
from tests.random_clients.practice import LIVE, OPEN, Clients, days, picks, times
from tests.support.cast import Made, every_day, instant, standard_phases, working
from tests.support.special_hours import periods

MOST_HOLDS = 2  # With more medical holds no patient could be booked any more.

lengths = st.sampled_from([5, 30, 60, 180, 1500])


class TheirChanges(Clients):
    """The acts that make visits break rules, or move many visits at once."""

    def _span(self, place: Made, day: int, time: str, length: int) -> Made:
        starts_at = self.at(place, day, time)
        ends_at = starts_at + timedelta(minutes=length)
        return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "reason": "Reason"}

    def _resource(self, pick: int) -> str:
        every = self.cast.therapists + self.cast.rooms + self.cast.devices
        return str(self.one(every, pick)["id"])

    @rule(pick=picks, day=days, time=times, length=lengths)
    def block(self, pick: int, day: int, time: str, length: int) -> None:
        """Block a resource, which is refused where visits are in the way."""
        span = self._span(self.cast.locations[0], day, time, length)
        answer = self.desk.post("/blocks", span | {"resource_id": self._resource(pick)})
        body = self.expect(answer, 201, 409)
        assert answer.status_code == 201 or body["appointment_ids"]

    @precondition(lambda self: bool(self.kept[Block]))
    @rule(pick=picks)
    def unblock(self, pick: int) -> None:
        """Delete a block."""
        block = self.one(self.kept[Block], pick)
        self.expect(self.desk.delete(f"/blocks/{block.id}"), 204)

    @rule(pick=picks, day=days, time=times, length=lengths)
    def close(self, pick: int, day: int, time: str, length: int) -> None:
        """Close a location, whose visits stay booked."""
        place = self.one(self.cast.locations, pick)
        span = self._span(place, day, time, length)
        self.expect(self.desk.post(f"/locations/{place['id']}/closures", span), 201)

    @precondition(lambda self: bool(self.kept[Closure]))
    @rule(pick=picks)
    def open_again(self, pick: int) -> None:
        """Delete a closure."""
        closure = self.one(self.kept[Closure], pick)
        path = f"/locations/{closure.location_id}/closures/{closure.id}"
        self.expect(self.desk.delete(path), 204)

    @rule(pick=picks, closes=st.sampled_from(["10:30", "12:30", "12:30", "14:00"]))
    def change_opening_hours(self, pick: int, closes: str) -> None:
        """Open a location for longer or shorter."""
        place = self.one(self.cast.locations, pick)
        body = {"opening_hours": every_day(OPEN["opens"], closes)}
        self.expect(self.desk.patch(f"/locations/{place['id']}", body), 200)

    @rule(minutes=st.sampled_from([None, 0, 30, 90]))
    def change_the_way(self, minutes: int | None) -> None:
        """Let the way between the locations take longer or shorter, or no time."""
        here, there = (place["id"] for place in self.cast.locations[:2])
        ways = [] if minutes is None else [{"location_id": there, "minutes": minutes}]
        self.expect(self.desk.patch(f"/locations/{here}", {"travel_minutes": ways}), 200)

    @rule(
        pick=picks,
        day=days,
        who=st.none() | picks,
        spans=st.sampled_from([(), ("09:00-10:30",), ("08:00-20:00",)]),
    )
    def set_special_hours(self, pick: int, day: int, who: int | None, spans: tuple[str, ...]) -> None:
        """Give a location or a therapist special hours of one date, which has them once."""
        place = self.one(self.cast.locations, pick)
        body = {"on": str(self.at(place, day, "00:00").date()), "periods": periods(*spans)}
        path = f"/locations/{place['id']}/special-hours"
        if who is not None:
            path = f"/therapists/{self.one(self.cast.therapists, who)['id']}/special-hours"
            body["location_id"] = place["id"]
        self.expect(self.desk.post(path, body), 201, 409)

    @rule(pick=picks, ends=st.sampled_from(["10:30", "19:00", "19:00"]))
    def change_working_hours(self, pick: int, ends: str) -> None:
        """Let a therapist work longer or shorter, and at the first location only."""
        who = self.one(self.cast.therapists, pick)
        body = {"working_hours": working(self.cast.locations[0], ends=ends)}
        self.expect(self.desk.patch(f"/therapists/{who['id']}", body), 200)

    @rule(minutes=st.sampled_from([20, 30, 30, 45]), without=st.none() | st.sampled_from(["Intake", "Mask"]))
    def change_the_procedure(self, minutes: int, without: str | None) -> None:
        """Change the minutes of numbing, and perhaps leave out a phase."""
        phases = [one for one in standard_phases() if one["name"] != without]
        for phase in phases:
            phase["minutes"] = minutes if phase["kind"] == "numbing" else phase["minutes"]
        self.expect(self.desk.patch(f"/procedures/{self.cast.procedures[0]['id']}", {"phases": phases}), 200)

    @rule(capacity=st.integers(1, 3))
    def change_the_bay(self, capacity: int) -> None:
        """Change the bay's capacity, which is refused where visits take its places."""
        bay = next(one for one in self.cast.rooms if one["kind"] == "numbing")
        answer = self.desk.patch(f"/rooms/{bay['id']}", {"capacity": capacity})
        body = self.expect(answer, 200, 409)
        assert answer.status_code == 200 or body["appointment_ids"]

    @rule(pick=picks, active=st.booleans(), whom=st.sampled_from(["therapists", "rooms"]))
    def retire(self, pick: int, active: bool, whom: str) -> None:
        """Retire a therapist or a room, or make it active again."""
        one = self.one(getattr(self.cast, whom), pick)
        self.expect(self.desk.patch(f"/{whom}/{one['id']}", {"active": active}), 200)

    @rule(pick=picks, day=days, time=times, length=lengths, close=st.booleans(), part=picks)
    def disrupt(self, pick: int, day: int, time: str, length: int, close: bool, part: int) -> None:
        """Accept any part of what is proposed for any time, which must be possible at once."""
        place = self.one(self.cast.locations, pick)
        named = {"location_id": place["id"]} if close else {"resource_id": self._resource(pick)}
        body = self._span(place, day, time, length) | named
        if instant(body["ends_at"]) <= self.now:
            self.expect(self.desk.post("/disruptions/preview", body), 422)
        else:
            self._disrupt(body, part)

    @precondition(lambda self: self.has(*LIVE))
    @rule(pick=picks, length=lengths, what=st.sampled_from(["therapist", "room", "location"]), part=picks)
    def disrupt_a_visit(self, pick: int, length: int, what: str, part: int) -> None:
        """Accept any part of what is proposed when a visit cannot stay, which must be possible at once."""
        visit = self.one(self.live(), pick)
        rooms = [one["id"] for one in self.cast.rooms if one["location_id"] == str(visit.location_id)]
        named = {
            "therapist": {"resource_id": str(visit.therapist_id)},
            "room": {"resource_id": self.one(rooms, pick)},
            "location": {"location_id": str(visit.location_id)},
        }
        ends_at = visit.procedure_at + timedelta(minutes=length)
        span = {"starts_at": visit.procedure_at.isoformat(), "ends_at": ends_at.isoformat()}
        if ends_at > self.now:
            self._disrupt(span | named[what], part)

    def _disrupt(self, body: Made, part: int) -> None:
        items = self.expect(self.desk.post("/disruptions/preview", body), 200)["items"]
        accepted = [one for place, one in enumerate(items) if one["proposal"] and part >> (place % 10) & 1]
        sent = [
            {"appointment_id": one["appointment_id"], "version": one["version"]}
            | {name: one["proposal"][name] for name in ("starts_at", "therapist_id", "room_id")}
            for one in accepted
        ]
        done = self.expect(self.desk.post("/disruptions/apply", body | {"accept": sent}), 200)
        moved = [one["id"] for one in done["appointments"]]
        assert moved == [one["appointment_id"] for one in accepted]
        assert {*moved, *done["flagged"]} == {one["appointment_id"] for one in items}

    @rule(pick=picks, day=days, number=st.integers(1, 3))
    def book_a_course(self, pick: int, day: int, number: int) -> None:
        """Plan sessions of a course and book them at once, which must be possible."""
        course = self._course(pick)
        first = self.at(self.cast.locations[0], day, "00:00").date()
        where = {"location_id": self.cast.locations[0]["id"]}
        body = where | {"from": str(first), "sessions": number}
        answer = self.desk.post(f"/courses/{course['id']}/plan", body)
        plan = self.expect(answer, 200, 409)
        if answer.status_code == 200 and plan["sessions"]:
            starts = [one["starts_at"] for one in plan["sessions"]]
            booked = self.desk.post(f"/courses/{course['id']}/book", where | {"starts_at": starts})
            self.expect(booked, 201)

    @rule(pick=picks, session=picks, apply=st.booleans())
    def shift_a_course(self, pick: int, session: int, apply: bool) -> None:
        """Let later sessions of a course follow a session, which must happen as proposed."""
        course = self._course(pick)
        own = [one for one in self.live() if str(one.course_id) == course["id"]]
        if not own:
            return
        path, body = f"/courses/{course['id']}/shift", {"appointment_id": str(self.one(own, session).id)}
        proposed = self.expect(self.desk.post(path, body), 200)
        if apply:
            answer = self.desk.post(path, body | {"apply": True})
            done = self.expect(answer, 409 if proposed["unplaced"] else 200)
            assert proposed["unplaced"] or _places(done) == _places(proposed)

    def _course(self, pick: int) -> Made:
        chosen = self.one(self.cast.courses, pick)
        found: Made = self.expect(self.desk.get(f"/courses/{chosen['id']}"), 200)
        return found

    @precondition(lambda self: len(self.kept[MedicalHold]) < MOST_HOLDS)
    @rule(pick=picks, areas=st.sampled_from([["FACE"], []]), release=st.booleans())
    def hold_back(self, pick: int, areas: list[str], release: bool) -> None:
        """Open a medical hold for a patient, and perhaps release the patient's visits."""
        patient = self.one(self.cast.patients, pick)
        body = {"code": "infection", "areas": areas, "opened_on": str(self.now.date())}
        path = f"/patients/{patient['id']}/medical-holds"
        self.expect(self.desk.post(path, body | {"release_appointments": release}), 201)

    @precondition(lambda self: bool(self.kept[MedicalHold]))
    @rule(pick=picks)
    def resolve(self, pick: int) -> None:
        """Resolve a medical hold."""
        hold = self.one(self.kept[MedicalHold], pick)
        path = f"/patients/{hold.patient_id}/medical-holds/{hold.id}"
        self.expect(self.desk.patch(path, {"resolved_on": str(self.now.date())}), 200)


def _places(shift: Made) -> list[tuple[Any, ...]]:
    return [(one["appointment_id"], one["starts_at"], one["therapist_id"]) for one in shift["sessions"]]
