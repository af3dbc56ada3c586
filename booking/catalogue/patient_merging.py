"""Merges a patient who was recorded twice: everything of one goes to the other, or nothing does."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Table, func, select, text, update

from booking.catalogue.patients import Patients
from booking.claims.expired_holds import drop_expired, end_hold
from booking.claims.wishes import fulfil, present_place
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.errors import Invalid, Refused, StaleVersion
from booking.core.events import audit, tell
from booking.core.locks import lock, lock_catalogue_for_change
from booking.flags.flags import OF_ANY_RULE, OF_FLOORS, OF_SPACING, flag
from booking.flags.revalidation import affected_by, refusals_of_booked
from booking.flags.visits_to_recheck import lock_rows, visits_of_patients
from booking.questions.catalog import ClinicCatalog, load_catalog
from models import Appointment, Base, Patient, WaitlistEntry
from models.statuses import ENTRIES_OPEN, LIVE, TO_COME
from scheduling.reasons import Refusal, refuse

_CONTACTS: Final = ("email", "phone", "born_on", "skin_type", "external_id")
# What has been performed is a fact: of two such visits too close to each other none is refused.
_PERFORMED: Final = ("in_progress", "completed")

_OVERLAPS: Final = text(f"""
    SELECT count(*) FROM appointments a JOIN appointments b
        ON b.clinic_id = a.clinic_id AND b.patient_id = :into AND b.during && a.during
    WHERE a.clinic_id = :clinic_id AND a.patient_id = :id AND a.status IN {LIVE} AND b.status IN {LIVE}
""")  # noqa: S608 - no part comes from a request
_TOO_CLOSE: Final = """
    FROM spacing_claims later JOIN spacing_claims earlier
        ON earlier.clinic_id = later.clinic_id AND earlier.rule_id = later.rule_id
        AND earlier.area = later.area AND earlier.owner <> later.owner AND earlier.span && later.span
        AND (earlier.patient_id, later.patient_id) IN ((:id, :into), (:into, :id))
    JOIN appointments a ON a.clinic_id = earlier.clinic_id AND a.id = earlier.appointment_id
    JOIN appointments b ON b.clinic_id = later.clinic_id AND b.id = later.appointment_id
    JOIN spacing_rules r ON r.clinic_id = later.clinic_id AND r.id = later.rule_id
    WHERE later.clinic_id = :clinic_id AND earlier.role = 'after' AND later.role = 'before'
"""
_BROKEN: Final = text(f"""
    SELECT DISTINCT r.code {_TOO_CLOSE} AND NOT (a.status IN {_PERFORMED} AND b.status IN {_PERFORMED})
    ORDER BY r.code
""")
# Of two performed visits only the proof that the later one keeps its distance goes. What either claims
# after itself stays, so that no visit to come can be booked too close to any of them.
_GIVE_UP: Final = text(f"""
    DELETE FROM spacing_claims c USING (SELECT later.id {_TOO_CLOSE}) AS given_up
    WHERE c.clinic_id = :clinic_id AND c.id = given_up.id
""")  # noqa: S608 - no part comes from a request


# An act on visits finds out whose they are, and locks that patient; if the visits went to another patient in
# between, it would hold the wrong lock. All these acts share the catalogue's lock and read under it whose
# visit it is. So a merge takes this lock for itself: it waits for them, and they wait for it, for some
# milliseconds, since a merge is rare. Both patients are locked as well, for acts that lock no catalogue.
def merge(caller: Caller, patient_id: UUID, into_id: UUID, expected: int | None) -> Values:
    """Give all that a patient has to another, whose contacts win; visits to come are judged again.

    Raise Refused, and move nothing, when visits overlap or one that is not performed would break a floor.
    Performed visits that are too close are flagged. The patient's id leads to the other from then on.
    """
    caller.require_every_location("A merge moves visits of all locations, so a key of some cannot do it.")
    if patient_id == into_id:
        raise Invalid("/into_id", "Cannot be merged into itself.")
    lock_catalogue_for_change(caller)
    lock(caller.session, patients=[patient_id, into_id])
    patients = Patients(caller)
    gone, stays = patients.require(patient_id), patients.require(into_id, "/into_id")
    if expected is not None and gone.version != expected:
        raise StaleVersion
    drop_expired(caller, [patient_id, into_id])
    visits = lock_rows(caller, Appointment.patient_id.in_([patient_id, into_id]))
    catalog = load_catalog(caller)
    before = _refused(caller, catalog, visits)
    _refuse_what_collides(caller, patient_id, into_id)
    _fulfil_wishes(caller, catalog, visits, {patient_id: into_id, into_id: patient_id})
    _close_second_entries(caller, patient_id, into_id)
    _move_rows(caller, patient_id, into_id)
    _move_contacts(caller, gone, stays)
    affected = _judge(caller, catalog, into_id, before)
    tell(caller, "patient.merged", patient_id, {"id": patient_id, "merged_into": into_id})
    audit(caller, "patient.merged", "patient", patient_id, {"merged_into": into_id})
    audit(caller, "patient.merged", "patient", into_id, {"merged_from": patient_id})
    return patients.get(into_id) | {"affected": affected}


Reasons = dict[UUID, set[tuple[str, str | None]]]


def _refused(caller: Caller, catalog: ClinicCatalog, visits: Sequence[Appointment]) -> Reasons:
    """Give the reasons of spacing against visits as they are: of two visits it stands against the later."""
    live = [one for one in visits if one.status in LIVE and one.status != "held"]
    return {
        visit.id: {(one.code, one.rule_id) for one in refusals if _rests_on_earlier(one, visit)}
        for visit, refusals in refusals_of_booked(caller, catalog, live)
    }


def _rests_on_earlier(refusal: Refusal, visit: Appointment) -> bool:
    return refusal.code in OF_SPACING and any(
        on is not None and on <= visit.local_date for *_, on in refusal.grounds
    )


def _refuse_what_collides(caller: Caller, patient_id: UUID, into_id: UUID) -> None:
    """Refuse what a constraint would refuse, and let performed visits give up their proof of a floor."""
    whose = {"clinic_id": caller.clinic_id, "id": patient_id, "into": into_id}
    refusals: list[Refusal] = []
    if caller.session.scalar(_OVERLAPS, whose):
        refusals.append(refuse("patient_busy"))
    refusals += [refuse("spacing_floor", rule_id=code) for code in caller.session.scalars(_BROKEN, whose)]
    if refusals:
        raise Refused(refusals)
    caller.session.execute(_GIVE_UP, whose)


def _fulfil_wishes(
    caller: Caller, catalog: ClinicCatalog, visits: Sequence[Appointment], others: Mapping[UUID, UUID]
) -> None:
    """End the entries of the waitlist that wish for a visit which is booked for the other record already."""
    for visit in visits:
        if visit.status in TO_COME and visit.patient_id is not None:
            fulfil(caller, others[visit.patient_id], present_place(catalog, visit))


def _close_second_entries(caller: Caller, patient_id: UUID, into_id: UUID) -> None:
    """Close one of two open entries of the waitlist for the same visit: an entry with an offer stays."""
    entries = caller.session.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.patient_id.in_([patient_id, into_id]),
            WaitlistEntry.status.in_(ENTRIES_OPEN),
        )
        .order_by(WaitlistEntry.status, WaitlistEntry.id)
    ).all()
    kept: set[tuple[UUID, UUID]] = set()
    for entry in entries:
        wanted = (entry.procedure_id, entry.location_id)
        if wanted in kept:
            _close(caller, entry)
        kept.add(wanted)
    caller.session.flush()


def _close(caller: Caller, entry: WaitlistEntry) -> None:
    if entry.status == "offered" and entry.hold_id is not None:
        end_hold(caller, caller.session.get_one(Appointment, (caller.clinic_id, entry.hold_id)), "released")
        return
    entry.status = "expired"
    entry.version += 1


def tables_of_patients() -> list[Table]:
    """Give the tables whose rows belong to a patient, by their references."""
    owned = [
        table
        for table in Base.metadata.sorted_tables
        if any(key.column is Patient.__table__.c.id for key in _references(table))
    ]
    # The appointments go first: what else moves hangs on them.
    return sorted(owned, key=lambda table: table.name != Appointment.__tablename__)


def _references(table: Table) -> Iterable[ForeignKey]:
    return table.c.patient_id.foreign_keys if "patient_id" in table.c else ()


def _move_rows(caller: Caller, patient_id: UUID, into_id: UUID) -> None:
    for table in tables_of_patients():
        values: dict[str, Any] = {"patient_id": into_id}
        if "version" in table.c:
            values |= {"version": table.c.version + 1, "updated_at": func.now()}
        own = (table.c.clinic_id == caller.clinic_id, table.c.patient_id == patient_id)
        caller.session.execute(update(table).where(*own).values(values))
    caller.session.expire_all()


def _move_contacts(caller: Caller, gone: Patient, stays: Patient) -> None:
    """Give the patient who stays what they lack, and leave nothing with the other but where to look."""
    given = {name: getattr(gone, name) for name in _CONTACTS if getattr(stays, name) is None}
    stayed = (Patient.clinic_id == caller.clinic_id, Patient.merged_into_id == gone.id)
    caller.session.execute(update(Patient).where(*stayed).values(merged_into_id=stays.id))
    for name in _CONTACTS:
        setattr(gone, name, None)
    gone.name, gone.merged_into_id = "", stays.id
    gone.version += 1
    # Two patients never have the same external_id, not even for an instant.
    caller.session.flush()
    Patients(caller).write_changes(stays, {name: one for name, one in given.items() if one is not None})


def _judge(caller: Caller, catalog: ClinicCatalog, into_id: UUID, before: Reasons) -> list[UUID]:
    """Flag what is too close now, and refuse a visit to come that breaks a floor only since the merge."""
    affected = affected_by(caller, visits_of_patients(caller, [into_id]), OF_ANY_RULE, catalog)
    visits = lock_rows(caller, Appointment.patient_id == into_id)
    fresh = {
        visit_id: reasons - before[visit_id]
        for visit_id, reasons in _refused(caller, catalog, visits).items()
        if visit_id in before
    }
    planned = [one for one in visits if one.id in fresh and one.status not in _PERFORMED]
    broken = sorted({one for visit in planned for one in fresh[visit.id] if one[0] in OF_FLOORS}, key=str)
    if broken:
        raise Refused([refuse(code, rule_id=rule_id) for code, rule_id in broken])
    performed = [one for one in visits if one.status in _PERFORMED and fresh.get(one.id)]
    flag(caller, [(one, _with_flags(one, fresh[one.id])) for one in performed])
    return [*affected, *(one.id for one in performed)]


def _with_flags(visit: Appointment, fresh: Iterable[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    known = {(one["code"], one.get("rule_id")) for one in visit.flags}
    return sorted(known | set(fresh), key=str)
