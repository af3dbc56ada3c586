"""Medical holds: reasons against treating a patient, and the levels that release them."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final
from uuid import UUID

from booking.appointments.transitions import Cancellation, cancel
from booking.catalogue.patients import Patients, judge_visits_of, latest_today
from booking.clinical.medical_hold_rules import releasing_levels
from booking.core.caller import Caller
from booking.core.crud import Collection, Values, latest
from booking.core.errors import Invalid, MissingScope, WrongStatus
from booking.core.events import audit
from booking.flags.flags import OF_MEDICAL_HOLDS
from booking.flags.revalidation import refusals_of_booked
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import load_catalog
from models import MedicalHold
from scheduling.clinical import LADDER, atoms

_RELEASED_BY: Final = ("resolved_on", "earliest_on")


class MedicalHolds(Collection):
    """Medical holds of patients."""

    name = "medical_hold"
    model = MedicalHold
    extra = frozenset({"release_appointments"})
    fixed = ("code", "opened_on")
    locks = "patient_id"
    locks_catalogue = True
    private = True

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse a release without the level, then impossible dates."""
        if before is None:
            Patients(self.caller).require(after["patient_id"])
        elif _releases(before, after):
            _require_level(self.caller, before)
        if before is None and after["opened_on"] > latest_today(self.caller):
            raise Invalid("/opened_on", "Must not lie in the future.")
        resolved_on = after["resolved_on"]
        if resolved_on is not None and (before is None or before["resolved_on"] != resolved_on):
            _check_resolved(self.caller, after)

    def check_removal(self, before: Values) -> None:
        """Refuse to delete a medical hold without the level that releases it."""
        _require_level(self.caller, before)

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Judge the patient's visits to come again, and cancel those that it refuses if asked."""
        affected = judge_visits_of(self.caller, latest(before, after)["patient_id"], OF_MEDICAL_HOLDS)
        if after is not None and after.get("release_appointments"):
            _release(self.caller, after)
        return affected

    def show(self, found: list[Values]) -> None:
        """Add the level that releases each medical hold."""
        levels = releasing_levels(self.caller)
        for values in found:
            values["released_by"] = levels.get(values["code"], LADDER[-1])


def withdraw(caller: Caller, hold_ids: Sequence[str]) -> list[UUID]:
    """Delete medical holds that an act opened which is taken back; give the visits that are refused still."""
    affected: list[UUID] = []
    for hold_id in hold_ids:
        held = MedicalHolds(caller)
        found = caller.session.get(MedicalHold, (caller.clinic_id, UUID(hold_id)))
        if found is not None:
            caller.session.delete(found)
            caller.session.flush()
            audit(caller, "medical_hold.withdrawn", "medical_hold", found.id, {"fields": []})
            affected += held.follow({"patient_id": found.patient_id}, None)
    return affected


def sign_off(caller: Caller, patient_id: UUID, hold_id: UUID, reason: str, expected: int | None) -> Values:
    """Let a patient be treated despite an open medical hold; WrongStatus if it is resolved or signed off."""
    holds = MedicalHolds(caller)
    row, before = holds.lock_for_change(hold_id, expected, {"patient_id": patient_id})
    _require_level(caller, before)
    _require_open(before)
    at = caller.now.astimezone(UTC).isoformat()
    signed = {"at": at, "actor": caller.actor, "key_id": caller.key_id, "reason": reason}
    holds.write_changes(row, {"signed_off": signed})
    after = holds.get(hold_id)
    affected = holds.follow(before, after)
    # The audit log keeps the reason, as it does of an override: it outlives the hold's row.
    audit(
        caller,
        "medical_hold.signed_off",
        "medical_hold",
        hold_id,
        {"fields": ["signed_off"], "reason": reason},
    )
    return after | {"affected": list(affected)}


def _require_open(hold: Values) -> None:
    if hold["signed_off"] is not None:
        raise WrongStatus(("open",), "This hold is signed off already.")
    if hold["resolved_on"] is not None:
        raise WrongStatus(("open",), "This hold is resolved.")


def _check_resolved(caller: Caller, after: Values) -> None:
    if after["resolved_on"] < after["opened_on"]:
        raise Invalid("/resolved_on", "Must not lie before opened_on.")
    if after["resolved_on"] > latest_today(caller):
        raise Invalid("/resolved_on", "Must not lie in the future.")


def _releases(before: Values, after: Values) -> bool:
    """Whether the change may allow a visit that the medical hold has refused."""
    return any(before[name] != after[name] for name in _RELEASED_BY) or _narrows(
        before["areas"], after["areas"]
    )


def _narrows(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a part of the body is no longer covered; an empty list covers all of it."""
    return bool(after) and (not before or not atoms(before) <= atoms(after))


def _require_level(caller: Caller, hold: Values) -> None:
    if not caller.may_override(hold["released_by"]):
        raise MissingScope(f"Releasing this hold needs the scope override:{hold['released_by']}.")


def _release(caller: Caller, hold: Values) -> None:
    """Cancel the visits at the key's locations that this medical hold refuses; all others stay flagged."""
    if not caller.may("appointments:write"):
        raise MissingScope("Releasing appointments needs the scope appointments:write.")
    for appointment_id in _refused_by(caller, hold):
        cancel(caller, appointment_id, None, Cancellation("medical"))


def _refused_by(caller: Caller, hold: Values) -> list[UUID]:
    """Give the visits to come, at the key's locations, that are refused because of this medical hold."""
    catalog = load_catalog(caller)
    visits = [
        one
        for one in visits_of_patients(caller, [hold["patient_id"]])
        if caller.location_ids is None or one.location_id in caller.location_ids
    ]
    return [
        visit.id
        for visit, refusals in refusals_of_booked(caller, catalog, visits)
        if any(source_id == hold["id"] for one in refusals for _, _, source_id, _ in one.grounds)
    ]
