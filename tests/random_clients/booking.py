"""Random clients search, book, hold, move and cancel."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from booking.claims.expired_holds import sweep
from booking.core.caller import Caller
from models import Appointment, WaitlistEntry
from tests.random_clients.practice import LIVE, TRANSITIONS, Clients, days, picks, times
from tests.support.cast import Made, instant, run_out
from tests.support.widgets import from_page

numbings = st.none() | st.sampled_from([20, 45, 60])


class TheirBookings(Clients):
    """The acts of booking: search, book, hold, move, reassign and cancel."""

    @initialize(first=picks, later=picks)
    def begin_with_some_visits(self, first: int, later: int) -> None:
        """Book three patients for today, and a patient once more in four weeks where the rules allow it."""
        for number, day, pick in ((0, 0, first), (1, 0, first), (2, 0, first), (2, 28, later)):
            wish = self.wish(pick + number * 5, patient_id=self.cast.patients[number]["id"])
            if found := self.found(wish, day):
                starts_at = self.one(found, pick * number)
                self.expect(self.desk.post("/appointments", wish | {"starts_at": starts_at}), 201)
        assert self.visits("booked")

    @rule(pick=picks, slot=picks, day=days)
    def book_what_was_found(self, pick: int, slot: int, day: int) -> None:
        """Book a slot that a search has found, which must be possible."""
        wish = self.wish(pick)
        if found := self.found(wish, day):
            starts_at = self.one(found, slot)
            self.expect(self.desk.post("/appointments", wish | {"starts_at": starts_at}), 201)

    @rule(pick=picks, day=days, time=times, therapist=st.none() | picks, numbing=numbings)
    def book_any_time(
        self, pick: int, day: int, time: str, therapist: int | None, numbing: int | None
    ) -> None:
        """Ask for any time and perhaps another numbing, booked exactly when a search finds it."""
        who = None if therapist is None else self.one(self.cast.therapists, therapist)["id"]
        wish = self.wish(pick, therapist_id=who)
        starts_at = self.at(self.place(wish), day, time)
        query, body = {}, {"starts_at": starts_at.isoformat()}
        if numbing is not None and wish["procedure_id"] == self.cast.procedures[0]["id"]:
            query, body["phase_minutes"] = {"phase_minutes": f"Numbing:{numbing}"}, {"Numbing": numbing}
        found = {instant(one) for one in self.found(wish, day, **query)}
        answer = self.desk.post("/appointments", wish | body)
        self.expect(answer, 201 if starts_at in found else 409)

    @rule(pick=picks, slot=picks, wanted=st.lists(days, min_size=1, max_size=3))
    def book_together(self, pick: int, slot: int, wanted: list[int]) -> None:
        """Book visits of a patient together that were found separately: all, or none of several."""
        patient_id = self.one(self.cast.patients, pick)["id"]
        visits = []
        for number, day in enumerate(wanted):
            wish = self.wish(pick + 5 * number, patient_id=patient_id)
            if found := self.found(wish, day):
                visits.append(wish | {"starts_at": self.one(found, slot + number)})
        bodies = [{name: one[name] for name in one if name != "patient_id"} for one in visits]
        if not bodies:
            return
        before = {one.id for one in self.visits()}
        answer = self.desk.post("/appointments/together", {"patient_id": patient_id, "visits": bodies})
        done = self.expect(answer, *((201,) if len(bodies) == 1 else (201, 409)))
        new = {str(one.id) for one in self.visits() if one.id not in before}
        if answer.status_code == 201:
            assert [one["starts_at"] for one in done["appointments"]] == [one["starts_at"] for one in visits]
            assert new == {one["id"] for one in done["appointments"]}
        else:
            assert not new

    @rule(pick=picks, day=days, time=times)
    def book_by_override(self, pick: int, day: int, time: str) -> None:
        """Override every refusal, which must fail where a refusal cannot be overridden."""
        wish = self.wish(pick)
        wish["starts_at"] = self.at(self.place(wish), day, time).isoformat()
        judged = self.expect(self.desk.post("/appointments/validate", wish), 200)["refusals"]
        codes = [one["code"] for one in judged]
        if not codes:
            return
        allowed = all("overridable_by" in one for one in judged)
        override = {"override": {"codes": codes, "reason": "Seen"}}
        answer = self.desk.post("/appointments", wish | override)
        self.expect(answer, *((201, 409) if allowed else (409,)))

    @rule(pick=picks, slot=picks, day=days, known=st.booleans())
    def hold_what_was_found(self, pick: int, slot: int, day: int, known: bool) -> None:
        """Hold a slot that a search has found, with or without a patient."""
        wish = self.wish(pick) if known else self.wish(pick, patient_id=None)
        if found := self.found(wish, day):
            self.expect(self.desk.post("/holds", wish | {"starts_at": self.one(found, slot)}), 201)

    @rule(pick=picks, day=days, time=times)
    def hold_from_a_page(self, pick: int, day: int, time: str) -> None:
        """Hold any time from a widget, which must work exactly when the desk finds it."""
        wish = self.wish(pick, patient_id=None)
        starts_at = self.at(self.place(wish), day, time)
        found = {instant(one) for one in self.found(wish, day)}
        body = wish | {"starts_at": starts_at.isoformat()}
        page = self.desk.using(self.widget_key)
        self.expect(page.post("/holds", body, **from_page()), 201 if starts_at in found else 409)

    @precondition(lambda self: self.has("held"))
    @rule(pick=picks, act=st.sampled_from(["extend", "release", "cancel", "run out", "run out", "sweep"]))
    def end_a_hold(self, pick: int, act: str) -> None:
        """Extend a hold, release it, or let it expire; the next write or the sweep then ends it."""
        held = self.one(self.visits("held"), pick)
        over = _is_over(held)
        path = f"/holds/{held.id}"
        if act == "extend":
            extended = (held.hold or {})["extended"]
            status = 410 if over else 409 if extended else 200
            self.expect(self.desk.post(f"{path}/extend", {"ttl_seconds": 600}), status)
        elif act == "release":
            self.expect(self.desk.delete(path), 410 if over else 204)
        elif act == "cancel":
            self.expect(self.act("cancel", held), 410 if over else 200)
        else:
            run_out(self.database, self.cast.desk, {"id": str(held.id)})
            if act == "sweep":
                self._sweep()

    def _sweep(self) -> None:
        with self.database.transaction(self.cast.desk.clinic_id) as session:
            sweep(Caller(session, self.cast.desk.clinic_id, self.now))
        assert not [one for one in self.visits("held") if _is_over(one)]

    @precondition(lambda self: self.has("held"))
    @rule(pick=picks, who=picks)
    def book_a_hold(self, pick: int, who: int) -> None:
        """Book a hold for a patient, whose rules may forbid it."""
        held = self.one(self.visits("held"), pick)
        patient = self.one(self.cast.patients, who)["id"]
        body = {"hold_id": str(held.id), "patient_id": patient}
        answer = self.desk.post("/appointments", body)
        over = _is_over(held)
        if not over and self._is_of_another(held, patient):
            self.expect(answer, 422)
        else:
            self.expect(answer, *((410,) if over else (201, 409)))

    def _is_of_another(self, held: Appointment, patient: str) -> bool:
        """Tell whether a hold is kept for another patient, or offered for a visit that is booked already."""
        offered = [one for one in self.kept[WaitlistEntry] if one.hold_id == held.id]
        whose = {one.patient_id for one in (held, *offered)} - {None, UUID(patient)}
        return bool(whose) or any(one.appointment_id is not None for one in offered)

    @precondition(lambda self: self.has("booked", "confirmed"))
    @rule(pick=picks, day=days, time=times, slot=st.none() | picks, therapist=st.none() | picks)
    def move(self, pick: int, day: int, time: str, slot: int | None, therapist: int | None) -> None:
        """Move a visit to any time, which must work exactly when a search that ignores the visit finds it."""
        visit = self.one(self.visits("booked", "confirmed"), pick)
        who = None if therapist is None else self.one(self.cast.therapists, therapist)["id"]
        wish = {"location_id": str(visit.location_id)} | ({"therapist_id": who} if who else {})
        of_what = {"procedure_id": str(visit.procedure_id), "patient_id": str(visit.patient_id)}
        of_what |= {"course_id": str(visit.course_id)} if visit.course_id else {}
        found = self.found(wish | of_what, day, ignore_appointment_id=str(visit.id))
        starts_at = self.at(self.place(wish), day, time)
        if slot is not None and found:
            starts_at = instant(self.one(found, slot))
        answer = self.act("reschedule", visit, **wish, starts_at=starts_at.isoformat())
        self.expect(answer, 200 if starts_at in {instant(one) for one in found} else 409)

    @precondition(lambda self: self.has(*LIVE))
    @rule(pick=picks, therapist=st.none() | picks, room=st.none() | picks)
    def reassign(self, pick: int, therapist: int | None, room: int | None) -> None:
        """Give a visit another therapist or another room."""
        visit = self.one(self.live(), pick)
        rooms = [one for one in self.cast.rooms if one["location_id"] == str(visit.location_id)]
        body, useless = {}, False
        if therapist is not None:
            body["therapist_id"] = self.one(self.cast.therapists, therapist)["id"]
        if room is not None:
            chosen = self.one(rooms, room)
            body["room_id"] = chosen["id"]
            useless = chosen["kind"] == "numbing" and not self.is_numbed(visit)
        answer = self.act("reassign", visit, **body)
        if not body or useless:
            self.expect(answer, 422)
        elif visit.status in TRANSITIONS["reassign"]:
            self.expect(answer, 200, 409)
        else:
            self.refused(answer, "wrong_status")

    @precondition(lambda self: self.has(*LIVE))
    @rule(pick=picks, other=picks, what=st.sampled_from(["room", "therapist"]))
    def swap(self, pick: int, other: int, what: str) -> None:
        """Let two visits exchange what they have: both get it at their own times, or neither changes."""
        first, second = (self.one(self.live(), number) for number in (pick, other))
        before = [self._seen(one) for one in (first, second)]
        body = {"appointment_ids": [one["id"] for one in before], "what": what}
        answer = self.desk.post("/appointments/swap", body | {"versions": [one["version"] for one in before]})
        if first.id == second.id:
            self.expect(answer, 422)
        elif not {first.status, second.status} <= {*TRANSITIONS["reassign"]}:
            self.refused(answer, "wrong_status")
        elif first.location_id != second.location_id:
            self.expect(answer, 422)
        elif answer.status_code == 200:
            after = answer.get_json()["appointments"]
            assert [_had(one, what) for one in after] == [_had(one, what) for one in reversed(before)]
            # A visit gets the phases of a procedure that has others since the booking.
            same = [names for names in zip(after, before, strict=True) if len({*map(_names, names)}) == 1]
            assert [_times(now) for now, _ in same] == [_times(then) for _, then in same]
        else:
            self.refused(answer, "refused")
            assert [self._seen(one) for one in (first, second)] == before

    def _seen(self, visit: Appointment) -> Made:
        found: Made = self.expect(self.desk.get(f"/appointments/{visit.id}"), 200)
        return found

    @precondition(lambda self: self.has(*LIVE))
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        """Cancel a visit, which must work until it has begun."""
        visit = self.one(self.live(), pick)
        self.expect(self.act("cancel", visit), 200 if visit.status in TRANSITIONS["cancel"] else 409)


def _had(visit: Made, what: str) -> str | None:
    """Give a visit's therapist, or the room of its treatment."""
    treatment = next(one for one in visit["phases"] if one["kind"] == "procedure")
    had: str | None = visit["therapist_id"] if what == "therapist" else treatment["room_id"]
    return had


def _names(visit: Made) -> tuple[str, ...]:
    return tuple(one["name"] for one in visit["phases"])


def _times(visit: Made) -> list[tuple[str, str]]:
    return [(one["starts_at"], one["ends_at"]) for one in visit["phases"]]


def _is_over(hold: Appointment) -> bool:
    return hold.expires_at is not None and hold.expires_at <= datetime.now(UTC)
