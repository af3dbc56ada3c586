"""Creates, changes and withdraws waitlist entries, and accepts or declines their offers."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from booking.appointments.hold_conversion import Conversion, convert
from booking.appointments.records import Visit
from booking.appointments.slot_holds import release
from booking.catalogue.patients import Patients
from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import AlreadyExists, HoldExpired, Invalid, NotFound, StaleVersion, WrongStatus
from booking.core.locks import lock, lock_catalogue
from booking.questions.catalog import load_catalog
from booking.questions.visit_requests import VisitRequest, ask
from booking.waitlist.bringing_forward import bring_forward
from booking.waitlist.open_offers import drop_expired_offers, not_offered, read_entry, require_offer
from booking.waitlist.subjects import check_subject, complete_areas
from models import Appointment, WaitlistEntry
from models.statuses import ENTRIES_OPEN

FIXED: Final = ("patient_id", "procedure_id", "location_id", "course_id", "appointment_id")
_ALIKE: Final = FIXED[:3]
_CHANGEABLE: Final = ("waiting", "declined", "expired")
_TOLD: Final = ("starts_at", "procedure_at", "ends_at", "expires_at")


class WaitlistEntries(Collection):
    """Entries of the waitlist, each for one patient, procedure and location for good."""

    name = "waitlist_entry"
    model = WaitlistEntry
    location = "location_id"
    locks = "patient_id"
    locks_catalogue = True
    fixed = FIXED

    def select(self, where: Where = ALL) -> Select[Any]:
        """Select entries; a widget's visitor finds those of their own patients alone."""
        found = super().select(where)
        if self.caller.publishable:
            token = self.caller.token
            found = found.where(WaitlistEntry.patient_id.in_(token.patient_ids if token else ()))
        return found

    def complete(self, before: Values | None, values: Values) -> None:
        """Let a new entry wait; an entry that waits again forgets what it was offered."""
        if before is None:
            drop_expired_offers(self.caller, values["patient_id"])
            values["status"] = "waiting"
            complete_areas(self.caller, values)
        elif "status" in values:
            values["hold_id"] = None

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse what cannot be waited for, and a change while the entry is offered or accepted."""
        if before == after:
            return
        if before is not None:
            _check_status(before, after)
        Patients(self.caller).require(after["patient_id"], "/patient_id")
        named = ("procedure_id", "location_id", "therapist_id")
        request = VisitRequest(**{name: after[name] for name in named}, areas=tuple(after["areas"]))
        place = ask(self.caller, load_catalog(self.caller), request).location
        begins = before is None or before["status"] != "waiting"
        check_subject(self.caller, after, begins=begins)
        _check_preferences(after)
        _check_alone(self.caller, after)
        today = self.caller.now.astimezone(place.zone).date()
        if after["latest_on"] is not None and after["latest_on"] < today:
            raise Invalid("/latest_on", "Must not lie in the past.")

    def show(self, found: list[Values]) -> None:
        """Add the open offer, in the location's time, and the appointment that an entry has become."""
        catalog = load_catalog(self.caller)
        holds = _holds(self.caller, [values["hold_id"] for values in found if values["status"] == "offered"])
        for values in found:
            values["offer"] = None
            if values["status"] == "accepted" and values["appointment_id"] is None:
                values["appointment_id"] = values["hold_id"]
            if values["status"] == "offered":
                held = holds[values["hold_id"]]
                zone = catalog.engine.locations[held.location_id].zone
                times = {name: getattr(held, name).astimezone(zone) for name in _TOLD}
                values["offer"] = {"hold_id": held.id, "therapist_id": held.therapist_id, **times}


def _check_status(before: Values, after: Values) -> None:
    if before["status"] not in _CHANGEABLE:
        raise WrongStatus(_CHANGEABLE, f"The entry is {before['status']}.")
    if after["status"] != "waiting":
        raise WrongStatus(("waiting",), f"The entry is {before['status']}: let it wait again.")


def _check_preferences(after: Values) -> None:
    first, last = after["earliest_on"], after["latest_on"]
    if first is not None and last is not None and last < first:
        raise Invalid("/latest_on", "Must not lie before earliest_on.")
    if after["until_time"] is not None and after["until_time"] <= (after["from_time"] or 0):
        raise Invalid("/until_time", "Must be later than from_time.")


def _check_alone(caller: Caller, after: Values) -> None:
    """Refuse a second open entry for the same visit; the patient is locked."""
    same = [getattr(WaitlistEntry, name) == after[name] for name in _ALIKE]
    others = select(WaitlistEntry.id).where(
        WaitlistEntry.clinic_id == caller.clinic_id, WaitlistEntry.status.in_(ENTRIES_OPEN), *same
    )
    if set(caller.session.scalars(others)) - {after.get("id")}:
        raise AlreadyExists("The patient waits for this procedure at this location already.")


def _holds(caller: Caller, ids: list[UUID]) -> dict[UUID, Appointment]:
    if not ids:
        return {}
    statement = select(Appointment).where(Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(ids))
    rows = caller.session.scalars(statement.execution_options(populate_existing=True))
    return {one.id: one for one in rows}


def change(caller: Caller, entry_id: UUID, values: Values, expected: int | None) -> Values:
    """Change what an entry waits for, or let an entry that was declined or has expired wait again.

    Raise WrongStatus while it has an offer or once it was accepted, and StaleVersion at another version.
    """
    _begin(caller, entry_id, expected)
    return WaitlistEntries(caller).change(entry_id, values, None)


def withdraw(caller: Caller, entry_id: UUID, expected: int | None) -> None:
    """Delete an entry; offered time is free at once, and an appointment that was booked from it stays."""
    entry = _begin(caller, entry_id, expected)
    if entry.status == "offered":
        # Another act may have ended the offer meanwhile, which is just as good.
        with suppress(HoldExpired, WrongStatus):
            _release(caller, entry)
    WaitlistEntries(caller).remove(entry_id, None)


def accept(caller: Caller, entry_id: UUID) -> Visit:
    """Book what is offered, or move the visit to bring forward there.

    Raise Refused, and keep the offer, when a rule refuses it now; HoldExpired when the offer has expired, and
    WrongStatus when there is no offer.
    """
    caller = _as_clinic(caller, entry_id)
    if read_entry(caller, entry_id).appointment_id is not None:
        return bring_forward(caller, entry_id)
    entry = _begin(caller, entry_id)
    hold_id = require_offer(entry)
    try:
        return convert(caller, Conversion(hold_id, entry.patient_id))
    except NotFound as gone:
        # An act that releases the hold declines the offer, and does not wait for the patient's lock.
        raise not_offered("declined") from gone


def decline(caller: Caller, entry_id: UUID) -> Values:
    """Release what is offered, for the next entry; raise HoldExpired and WrongStatus as `accept` does."""
    caller = _as_clinic(caller, entry_id)
    entry = _begin(caller, entry_id)
    _release(caller, entry)
    return WaitlistEntries(caller).get(entry_id)


def _as_clinic(caller: Caller, entry_id: UUID) -> Caller:
    """Give the caller as the clinic, to whom what is offered belongs; NotFound for an entry of others."""
    WaitlistEntries(caller).require(entry_id)
    return replace(caller, publishable=False, token=None)


def _begin(caller: Caller, entry_id: UUID, expected: int | None = None) -> WaitlistEntry:
    """Lock an entry's patient and give the entry; an offer that has expired is ended.

    The entry's row is not locked, because an act that ends a hold locks the hold's row before the entry's.
    """
    lock_catalogue(caller)
    patient_id = WaitlistEntries(caller).require(entry_id).patient_id
    lock(caller.session, patients=[patient_id])
    if expected is not None and read_entry(caller, entry_id).version != expected:
        raise StaleVersion
    drop_expired_offers(caller, patient_id)
    return read_entry(caller, entry_id)


def _release(caller: Caller, entry: WaitlistEntry) -> None:
    try:
        release(caller, require_offer(entry))
    except NotFound as gone:
        raise not_offered("declined") from gone
