"""Random clients at the desk take visits through the day, and time passes."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from jobs.nightly import revalidate_clinic
from models import Appointment
from tests.random_clients.practice import TRANSITIONS, Clients, picks

NEXT = {
    "booked": "arrive",
    "confirmed": "arrive",
    "arrived": "start-numbing",
    "numbing": "start",
    "in_progress": "complete",
}
UNDER_WAY = ("arrived", "numbing", "in_progress")
EFFECTS = ("prolonged_redness", "hyperpigmentation", "anaesthetic_reaction")
GRACE = timedelta(minutes=15)
minutes = st.sampled_from([-5, 0, 0, 3, 5, 10, 15, 16, 25])


class TheirDay(Clients):
    """The day's actions, mostly on the next visits."""

    @precondition(lambda self: self.has("booked", "confirmed"))
    @rule(late=minutes)
    def somebody_arrives(self, late: int) -> None:
        """Let the next patient arrive early, in time, late or too late."""
        visit = self.visits("booked", "confirmed")[0]
        self.pass_until(visit.starts_at + timedelta(minutes=late))
        if not self.is_its_day(visit):
            answer = self.act("arrive", visit)
            self.refused(answer, "wrong_day")
            assert "alternatives" in answer.get_json()
            return
        done = self.expect(self.act("arrive", visit), 200)
        assert done["status"] == "arrived"
        if self.now <= visit.starts_at:
            assert "affected" not in done
        if self.now > visit.starts_at + GRACE:
            assert "late" in {flag["code"] for flag in done["flags"]}

    @precondition(lambda self: self.has(*UNDER_WAY))
    @rule(pick=picks, passing=minutes, hurt=st.none() | st.sampled_from(EFFECTS), numbed=st.booleans())
    def somebody_goes_on(self, pick: int, passing: int, hurt: str | None, numbed: bool) -> None:
        """Take a visit under way to its next status."""
        visit = self.one(self.visits(*UNDER_WAY), pick)
        self.pass_until(self.now + timedelta(minutes=passing))
        action = NEXT[visit.status]
        if not self.is_its_day(visit):
            self.refused(self.act(action, visit), "wrong_day")
            return
        if visit.status == "arrived" and (numbed or not self.is_numbed(visit)):
            self.expect(self.act("start", visit, numbed_elsewhere=True), 200, 409)
        elif action == "start":
            self.expect(self.act("start", visit), 200, 409)
        elif action == "complete" and hurt:
            self.expect(self.act("complete", visit, adverse_effects=[hurt]), 200)
        else:
            self.expect(self.act(action, visit), 200, *((409,) if action == "start-numbing" else ()))

    @precondition(lambda self: self.has("booked", "confirmed"))
    @rule(late=minutes, cream=st.integers(15, 65), treatment=minutes)
    def somebody_is_treated(self, late: int, cream: int, treatment: int) -> None:
        """Take the next patient through the day, unless the cream works too short or too long."""
        chosen = self.visits("booked", "confirmed")[0]
        self.pass_until(chosen.starts_at + timedelta(minutes=late))
        if not self.is_its_day(chosen):
            return
        steps = [("arrive", 0), ("start-numbing", cream), ("start", treatment), ("complete", 0)]
        for action, passing in steps if self.is_numbed(chosen) else (steps[0], *steps[2:]):
            (visit,) = (one for one in self.visits() if one.id == chosen.id)
            answer = self.act(action, visit)
            if action in {"start", "start-numbing"} and answer.status_code == 409:
                self.refused(answer, "refused")
                break
            self.expect(answer, 200)
            self.pass_until(self.now + timedelta(minutes=passing))

    @precondition(lambda self: self.has("numbing"))
    @rule(passing=st.integers(20, 60))
    def the_cream_has_worked(self, passing: int) -> None:
        """Begin a visit after its numbing, which may have lasted too long."""
        visit = self.visits("numbing")[0]
        self.pass_until(self.now + timedelta(minutes=passing))
        self.expect(self.act("start", visit), 200, 409)

    @precondition(lambda self: self.has("booked", "confirmed"))
    @rule(late=minutes)
    def nobody_comes(self, late: int) -> None:
        """Record a no-show, which must wait until the grace is over."""
        visit = self.visits("booked", "confirmed")[0]
        self.pass_until(visit.starts_at + timedelta(minutes=late))
        answer = self.act("no-show", visit)
        if self.now > visit.starts_at + GRACE:
            self.expect(answer, 200)
        else:
            self.refused(answer, "too_early")

    @precondition(lambda self: self.has("no_show"))
    @rule(pick=picks)
    def somebody_comes_after_all(self, pick: int) -> None:
        """Let a patient come who was given up, which works while the time and the session can be had."""
        visit = self.one(self.visits("no_show"), pick)
        answer = self.act("arrive", visit)
        if not self.is_its_day(visit):
            self.refused(answer, "wrong_day")
        elif answer.status_code == 409:
            assert answer.get_json()["code"] in {"refused", "course_full", "wrong_status"}
        else:
            assert "late" in {flag["code"] for flag in self.expect(answer, 200)["flags"]}

    @precondition(lambda self: bool(self.present))
    @rule(pick=picks, action=st.sampled_from(sorted(TRANSITIONS)))
    def act_out_of_turn(self, pick: int, action: str) -> None:
        """Take an action that the status does not allow."""
        visit = self.one(self.visits(), pick)
        # An expired hold may end by this act, and gets another version.
        if visit.status in {"held", *TRANSITIONS[action]}:
            return
        self.refused(self.act(action, visit, **self._needed(action, visit)), "wrong_status")

    @precondition(lambda self: bool(self.present))
    @rule(pick=picks, action=st.sampled_from(sorted(TRANSITIONS)), off=st.sampled_from([-1, 1]))
    def act_on_what_was_never_seen(self, pick: int, action: str, off: int) -> None:
        """Act on another version than the present version."""
        visit = self.one(self.visits(), pick)
        version = max(visit.version + off, 1)
        body = self._needed(action, visit) | {"version": version}
        if version != visit.version and visit.status != "held":
            self.refused(self.act(action, visit, **body), "stale", 412)

    @precondition(lambda self: self.has(*UNDER_WAY))
    @rule(pick=picks, minutes_later=st.sampled_from([0, 20, 45]))
    def somebody_notes_what_was_forgotten(self, pick: int, minutes_later: int) -> None:
        """Note the next step of a visit on another day, at an instant of its own day."""
        visit = self.one(self.visits(*UNDER_WAY), pick)
        since = visit.status_since
        assert since is not None
        self.pass_until(since + timedelta(days=1))
        body: dict[str, object] = {"at": (since + timedelta(minutes=minutes_later)).isoformat()}
        if visit.status == "arrived":
            action, body = "start", body | {"numbed_elsewhere": True}
        else:
            action = NEXT[visit.status]
        answer = self.act(action, visit, **body)
        self.expect(answer, *((200,) if action == "complete" else (200, 409)))

    @precondition(lambda self: self.has("booked", "confirmed"))
    @rule(early=st.sampled_from([30, 60, 120, 200]), treatment=minutes)
    def somebody_comes_long_before_their_time(self, early: int, treatment: int) -> None:
        """Treat a patient on the visit's day, but long before its time, unless what it needs is in use."""
        visit = self.visits("booked", "confirmed")[-1]
        self.pass_until(visit.starts_at - timedelta(minutes=early))
        if not self.is_its_day(visit):
            return
        here = self.expect(self.act("arrive", visit), 200)
        answer = self.act("start", visit, version=here["version"], numbed_elsewhere=True)
        begun = self.expect(answer, 200, 409)
        if answer.status_code == 200:
            self.pass_until(self.now + timedelta(minutes=treatment))
            self.expect(self.act("complete", visit, version=begun["version"]), 200)

    @precondition(lambda self: bool(self.present))
    @rule(pick=picks, steps=st.integers(1, 5))
    def somebody_takes_steps_back(self, pick: int, steps: int) -> None:
        """Take the last changes of a status back, as long as their time can be had."""
        chosen = self.one(self.visits(), pick)
        for _ in range(steps):
            (visit,) = (one for one in self.visits() if one.id == chosen.id)
            answer = self.act("undo", visit, reason="Noted by mistake")
            if answer.status_code == 409:
                assert answer.get_json()["code"] in {"refused", "course_full", "wrong_status"}
                return
            self.expect(answer, 200)

    @precondition(lambda self: self.has("completed"))
    @rule(pick=picks, whom=picks)
    def somebody_notes_a_walk_in_of_the_past(self, pick: int, whom: int) -> None:
        """Book a visit for the time of a past visit: rooms and people do not refuse it."""
        past = self.one(self.visits("completed"), pick)
        self.pass_until(past.ends_at + timedelta(hours=2))
        body = {
            "procedure_id": str(past.procedure_id),
            "location_id": str(past.location_id),
            "patient_id": self.one(self.cast.patients, whom)["id"],
            "starts_at": past.starts_at.isoformat(),
            "areas": past.areas,
            "override": {"codes": ["in_the_past"], "reason": "A walk-in"},
        }
        answer = self.desk.post("/appointments", body)
        refusals = answer.get_json().get("refusals", [])
        # Hours may have changed since, so that nobody worked then; but nobody was too busy.
        reasons = {one["code"] for refusal in refusals for one in (refusal, *refusal.get("because", ()))}
        assert not reasons & {"therapist_busy", "room_busy", "device_busy"}
        self.expect(answer, 201, 409, 422)

    def _needed(self, action: str, visit: Appointment) -> dict[str, object]:
        if action == "reschedule":
            return {"starts_at": visit.starts_at.isoformat()}
        if action == "reassign":
            return {"therapist_id": self.cast.therapists[0]["id"]}
        return {}

    @precondition(lambda self: self.has("booked"))
    @rule(pick=picks)
    def somebody_confirms(self, pick: int) -> None:
        """Confirm a booked visit."""
        self.expect(self.act("confirm", self.one(self.visits("booked"), pick)), 200)

    @rule(passing=st.sampled_from([1, 5, 30, 60, 600, 1440]))
    def time_passes(self, passing: int) -> None:
        """Let some time pass."""
        self.pass_until(self.now + timedelta(minutes=passing))

    @rule()
    def night_falls(self) -> None:
        """Judge every booked visit again, as the nightly work does."""
        revalidate_clinic(self.database, self.cast.desk.clinic_id, self.now)

    @rule()
    def somebody_looks(self) -> None:
        """Read the board and the list of appointments, which must show every visit."""
        first, until = self.now.date(), self.now.date() + timedelta(days=7)
        for place in self.cast.locations:
            query = {"location_id": place["id"], "from_": str(first), "until": str(until)}
            self.expect(self.desk.get("/schedule", **query), 200)
        listed = self.expect(self.desk.get("/appointments", limit="500"), 200)["items"]
        assert {one["id"]: one["version"] for one in listed} == {
            str(one.id): one.version
            for one in self.visits()
            if one.hold is None or one.hold["ended"] == "converted"
        }
