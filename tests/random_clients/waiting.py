"""Random clients wait for visits, and the worker offers them free slots."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from api import clock
from booking.waitlist.suitable_times import Freed
from jobs.offers import offer_freed
from models import Appointment, WaitlistEntry
from models.statuses import ENTRIES_OPEN
from scheduling.ticks import floor_tick
from tests.random_clients.practice import Clients, days, picks
from tests.support.cast import Made, instant, run_out

FIXED = ("patient_id", "procedure_id", "location_id")
TO_COME = ("booked", "confirmed")

answers = st.sampled_from(["accept", "decline"])


class TheirWaiting(Clients):
    """The acts on waitlist entries: make, offer, answer, renew and withdraw."""

    @initialize(pick=picks)
    def begin_with_some_who_wait(self, pick: int) -> None:
        """Put two patients on the waitlist."""
        for number in (0, 1):
            wish = self.wish(pick + number, patient_id=self.cast.patients[-1 - number]["id"])
            self.expect(self.desk.post("/waitlist", wish), 201)

    @rule(pick=picks, therapist=st.none() | picks, first=days, lasting=st.none() | days, offer=st.booleans())
    def wait(self, pick: int, therapist: int | None, first: int, lasting: int | None, offer: bool) -> None:
        """Put a patient on the waitlist, unless they wait already, and perhaps offer a slot at once."""
        who = None if therapist is None else self.one(self.cast.therapists, therapist)["id"]
        wish = self.wish(pick, therapist_id=who)
        body = wish | {"earliest_on": str(self.at(self.place(wish), first, "00:00").date())}
        if lasting is not None:
            body["latest_on"] = str(self.at(self.place(wish), first + lasting, "00:00").date())
        waits = any(_is_open(one, held) and _same(one, wish) for one, held in self._entries())
        self.expect(self.desk.post("/waitlist", body), 409 if waits else 201)
        if offer:
            self._offer(self.place(wish), first)

    @precondition(lambda self: self.has(*TO_COME))
    @rule(pick=picks, first=st.none() | days, offer=st.booleans())
    def wait_for_an_earlier_time(self, pick: int, first: int | None, offer: bool) -> None:
        """Wait for an earlier time of a visit, unless its patient waits already, and perhaps offer a slot."""
        visit = self.one(self.visits(*TO_COME), pick)
        wish = {name: str(getattr(visit, name)) for name in FIXED}
        body = wish | {"appointment_id": str(visit.id)}
        if first is not None:
            body["earliest_on"] = str(self.at(self.place(wish), first, "00:00").date())
        waits = any(_is_open(one, held) and _same(one, wish) for one, held in self._entries())
        can_wait = not waits and visit.starts_at > self.now
        self.expect(self.desk.post("/waitlist", body), 201 if can_wait else 409)
        if offer:
            self._offer(self.place(wish), first or 0)

    @precondition(lambda self: self.waits("waiting"))
    @rule(pick=picks, day=days, how=st.none() | answers)
    def offer(self, pick: int, day: int, how: str | None) -> None:
        """Offer some days of a location where a patient waits, and perhaps answer at once."""
        waiting = self.one([one for one in self.kept[WaitlistEntry] if one.status == "waiting"], pick)
        made = self._offer(self.place({"location_id": str(waiting.location_id)}), day)
        if made and how is not None:
            self._answer(pick, how)

    def _offer(self, place: Made, day: int) -> int:
        """Let the worker offer three days; each offer must fit its entry's wishes."""
        span = (floor_tick(self.at(place, day + length, "00:00")) for length in (0, 3))
        freed = Freed(UUID(place["id"]), *span)
        before = {one.id for one, _ in self._entries() if one.status == "offered"}
        made = offer_freed(self.database, self.cast.desk.clinic_id, freed, self.now, clock.now())
        new = [one for one in self._entries() if one[0].status == "offered" and one[0].id not in before]
        assert len(new) == made
        for one, held in new:
            assert held is not None
            assert freed.first < floor_tick(held.ends_at)
            assert floor_tick(held.starts_at) < freed.until
            assert one.earliest_on is None or one.earliest_on <= held.local_date
            assert one.latest_on is None or held.local_date <= one.latest_on
            assert one.therapist_id in {None, held.therapist_id}
            assert held.patient_id is None
        return made

    @precondition(lambda self: self.waits("offered"))
    @rule(pick=picks, how=answers, left=st.integers(0, 3))
    def answer(self, pick: int, how: str, left: int) -> None:
        """Answer an offer, perhaps too late."""
        self._answer(pick, how, late=not left)

    def _answer(self, pick: int, how: str, *, late: bool = False) -> None:
        offered = [(one, held) for one, held in self._entries() if one.status == "offered"]
        entry, held = self.one(offered, pick)
        if late:
            run_out(self.database, self.cast.desk, {"id": str(held.id)})
        answer = self.desk.post(f"/waitlist/{entry.id}/{how}")
        if late or not _is_live(held):
            self.refused(answer, "hold_expired", 410)
        elif how == "decline":
            assert self.expect(answer, 200)["status"] == "declined"
        elif answer.status_code == 409:
            self.refused(answer, "refused")
            assert self._shown(entry)["offer"]["hold_id"] == str(held.id)
        else:
            visit = self.expect(answer, 200)
            assert visit["status"] in TO_COME
            assert instant(visit["starts_at"]) == held.starts_at
            assert visit["id"] == str(entry.appointment_id or held.id) == self._shown(entry)["appointment_id"]

    @precondition(lambda self: self.waits("declined", "expired", "accepted", "waiting", "fulfilled"))
    @rule(pick=picks, how=answers)
    def answer_to_nothing(self, pick: int, how: str) -> None:
        """Answer an entry that has no offer."""
        entry = self.one([one for one in self.kept[WaitlistEntry] if one.status != "offered"], pick)
        over = entry.status == "expired" and entry.hold_id is not None
        code, status = ("hold_expired", 410) if over else ("wrong_status", 409)
        self.refused(self.desk.post(f"/waitlist/{entry.id}/{how}"), code, status)

    @precondition(lambda self: self.waits("declined", "expired"))
    @rule(pick=picks)
    def wait_again(self, pick: int) -> None:
        """Let an entry wait again from today, unless another open entry waits for the same."""
        ended = [one for one in self.kept[WaitlistEntry] if one.status in {"declined", "expired"}]
        entry = self.one(ended, pick)
        wish = {name: str(getattr(entry, name)) for name in FIXED}
        waits = any(_is_open(one, held) and _same(one, wish) for one, held in self._entries())
        body = {"status": "waiting", "earliest_on": None, "latest_on": None, "version": entry.version}
        gone = entry.appointment_id is not None and not self._is_to_come(entry)
        self.expect(
            self.desk.patch(f"/waitlist/{entry.id}", body), *((409, 422) if waits or gone else (200,))
        )

    @precondition(
        lambda self: self.waits("waiting", "offered", "accepted", "declined", "expired", "fulfilled")
    )
    @rule(pick=picks)
    def give_up(self, pick: int) -> None:
        """Withdraw an entry of any status."""
        entry = self.one(self.kept[WaitlistEntry], pick)
        self.expect(self.desk.delete(f"/waitlist/{entry.id}"), 204)
        self.expect(self.desk.get(f"/waitlist/{entry.id}"), 404)

    def _is_to_come(self, entry: WaitlistEntry) -> bool:
        """Tell whether the visit that an entry is to bring forward can still be, at the entry's location."""
        (visit,) = [one for one in self.visits() if one.id == entry.appointment_id]
        here = visit.location_id == entry.location_id
        return here and visit.status in TO_COME and visit.starts_at > self.now

    def waits(self, *statuses: str) -> bool:
        """Tell whether an entry has any of these statuses."""
        return any(one.status in statuses for one in self.kept[WaitlistEntry])

    def _entries(self) -> Iterator[tuple[WaitlistEntry, Appointment | None]]:
        """Read every entry with the hold that it was offered."""
        holds = {one.id: one for one in self.visits()}
        for entry in self.all(WaitlistEntry):
            yield entry, None if entry.hold_id is None else holds[entry.hold_id]

    def _shown(self, entry: WaitlistEntry) -> Made:
        shown: Any = self.expect(self.desk.get(f"/waitlist/{entry.id}"), 200)
        return dict(shown)


def _same(entry: WaitlistEntry, wish: Made) -> bool:
    return all(str(getattr(entry, name)) == wish[name] for name in FIXED)


def _is_open(entry: WaitlistEntry, held: Appointment | None) -> bool:
    """Tell whether an entry is open; an entry whose offer has expired is not."""
    return entry.status in ENTRIES_OPEN and (held is None or _is_live(held))


def _is_live(held: Appointment) -> bool:
    return held.expires_at is not None and held.expires_at > datetime.now(UTC)
