"""Medical holds: what stands against treating a patient, and who may release it."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final
from uuid import UUID

from booking.appointments.transitions import cancel
from booking.catalogue.patients import judge_visits_of, latest_today
from booking.clinical.medical_hold_rules import releasing_levels
from booking.core.caller import Caller
from booking.core.crud import Kind, Values, get, lock_for_change, write_changes
from booking.core.errors import Invalid, MissingScope, WrongStatus
from booking.core.events import audit
from booking.flags.flags import OF_MEDICAL_HOLDS
from booking.flags.revalidation import refusals_of_booked
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import load_catalog
from models import MedicalHold
from scheduling.clinical import LADDER, atoms

_RELEASED_BY: Final = ("resolved_on", "earliest_on")


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    """Refuse a release without the level, then dates that cannot be."""
    if before is not None and _releases(before, after):
        _require_level(caller, before)
    if before is None and after["opened_on"] > latest_today(caller):
        raise Invalid("/opened_on", "Must not lie in the future.")
    if after["resolved_on"] is not None and (before is None or before["resolved_on"] != after["resolved_on"]):
        _check_resolved(caller, after)


def _check_resolved(caller: Caller, after: Values) -> None:
    if after["resolved_on"] < after["opened_on"]:
        raise Invalid("/resolved_on", "Must not lie before opened_on.")
    if after["resolved_on"] > latest_today(caller):
        raise Invalid("/resolved_on", "Must not lie in the future.")


def _releases(before: Values, after: Values) -> bool:
    """Whether the change may let a visit pass that the hold stood against."""
    return any(before[name] != after[name] for name in _RELEASED_BY) or _narrows(
        before["areas"], after["areas"]
    )


def _narrows(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether some part of the body is covered no longer; no areas are all of them."""
    return bool(after) and (not before or not atoms(before) <= atoms(after))


def _require_level(caller: Caller, hold: Values) -> None:
    if not caller.may_override(hold["released_by"]):
        raise MissingScope(f"Releasing this hold needs the scope override:{hold['released_by']}.")


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Judge the patient's visits to come again, and release those that the hold stands against if asked."""
    affected = judge_visits_of(caller, (after or before or {})["patient_id"], OF_MEDICAL_HOLDS)
    if after is not None and after.get("release_appointments"):
        _release(caller, after)
    return affected


def _release(caller: Caller, hold: Values) -> None:
    """Cancel for a medical reason what this hold refuses at the key's locations; the rest stays flagged."""
    if not caller.may("appointments:write"):
        raise MissingScope("Releasing appointments needs the scope appointments:write.")
    for appointment_id in _refused_by(caller, hold):
        cancel(caller, appointment_id, None, "medical", None)


def _refused_by(caller: Caller, hold: Values) -> list[UUID]:
    """Give the visits to come, at the key's locations, that a refusal of this very hold speaks against."""
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


def _show(caller: Caller, found: list[Values]) -> None:
    levels = releasing_levels(caller)
    for one in found:
        one["released_by"] = levels.get(one["code"], LADDER[-1])


MEDICAL_HOLD = Kind(
    name="medical_hold",
    model=MedicalHold,
    locks="patient_id",
    holds_catalog=True,
    extra=frozenset({"release_appointments"}),
    private=True,
    check=_check,
    check_removal=_require_level,
    follow=_follow,
    show=_show,
)


def sign_off(caller: Caller, patient_id: UUID, hold_id: UUID, reason: str, expected: int | None) -> Values:
    """Let a patient be treated despite an open hold; WrongStatus once it is resolved or signed off."""
    row, before = lock_for_change(caller, MEDICAL_HOLD, hold_id, expected, {"patient_id": patient_id})
    _require_level(caller, before)
    _require_open(before)
    at = caller.now.astimezone(UTC).isoformat()
    signed = {"at": at, "actor": caller.actor, "key_id": caller.key_id, "reason": reason}
    write_changes(caller, MEDICAL_HOLD, row, {"signed_off": signed})
    after = get(caller, MEDICAL_HOLD, hold_id)
    affected = list(_follow(caller, before, after))
    audit(caller, "medical_hold.signed_off", "medical_hold", hold_id, _told(reason))
    return after | {"affected": affected}


def _require_open(hold: Values) -> None:
    if hold["signed_off"] is not None:
        raise WrongStatus(("open",), "This hold is signed off already.")
    if hold["resolved_on"] is not None:
        raise WrongStatus(("open",), "This hold is resolved.")


def _told(reason: str) -> Values:
    """Give what the audit entry keeps, as of an override: it outlives the hold's row."""
    return {"fields": ["signed_off"], "reason": reason}
