"""Books and changes visits for a widget's visitors, within what they may do themselves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from booking.catalogue.patients import Patients
from booking.core.caller import Caller, Token
from booking.core.errors import Invalid, NotFound, TokenRequired, pointing_into
from booking.core.locks import lock_names
from booking.online.addresses import Address, patients_at
from booking.questions.catalog import load_catalog
from models import ApiKey, AuditEntry, Patient
from models.folding import folded


def visitor_token(caller: Caller) -> Token:
    """Give the widget's booking token; TokenRequired without one."""
    if caller.token is None:
        raise TokenRequired
    return caller.token


def patient_for_booking(caller: Caller, procedure_id: UUID, named: Mapping[str, Any]) -> tuple[Caller, UUID]:
    """Give the patient whom a visitor books for, and the visitor as one who may act for that patient.

    It is one of theirs, or the new `patient` of the body, who is made here.

    A new person with the name of somebody at the address is that patient: another card would hide what they
    have had. Raise Invalid when a rule asks for the age of somebody new.
    """
    token = visitor_token(caller)
    if "patient_id" in named:
        patient_id: UUID = named["patient_id"]
        if not caller.acts_for(patient_id):
            raise NotFound("patient", "/patient_id")
        _require_age(caller, procedure_id, patient_id, None)
        return caller, patient_id
    person, address = named["patient"], Address(token.email, token.phone)
    lock_names(caller.session, [f"{caller.clinic_id} {address.fields}"])
    known = {folded(one.name): one.id for one in reversed(patients_at(caller, address))}
    if (same := known.get(folded(person["name"]))) is not None:
        _require_age(caller, procedure_id, same, person["born_on"])
        return _with(caller, token, same), same
    if person["born_on"] is None and _asks_for_age(caller, procedure_id):
        raise _no_age()
    empty = dict.fromkeys(("email", "phone", "skin_type", "external_id"))
    # As the clinic itself records a patient: a widget sees only those whom it has a token for.
    with pointing_into("/patient"):
        made = Patients(replace(caller, publishable=False)).create({**empty, **person, **address.fields})
    return _with(caller, token, made["id"]), made["id"]


def _with(caller: Caller, token: Token, patient_id: UUID) -> Caller:
    """Give the visitor as one whose token also speaks for a patient who was recorded since it was read."""
    return replace(caller, token=replace(token, patient_ids=token.patient_ids | {patient_id}))


def _require_age(caller: Caller, procedure_id: UUID, patient_id: UUID, born_on: date | None) -> None:
    """Keep a date of birth that was lacking; Invalid when it is still lacking and a rule asks for the age.

    Whom the clinic has recorded itself is taken as the clinic takes them: an unknown age refuses nobody.
    """
    own = (Patient.clinic_id == caller.clinic_id, Patient.id == patient_id)
    if caller.session.scalars(select(Patient.born_on).where(*own)).one() is not None:
        return
    if born_on is not None:
        with pointing_into("/patient"):
            Patients(replace(caller, publishable=False)).change(patient_id, {"born_on": born_on}, None)
    elif _asks_for_age(caller, procedure_id) and _was_recorded_online(caller, patient_id):
        raise _no_age()


def _no_age() -> Invalid:
    return Invalid(
        "/patient/born_on",
        "This treatment has a minimum age: send `patient` with name and date of birth, also if known.",
    )


def _was_recorded_online(caller: Caller, patient_id: UUID) -> bool:
    """Whether the patient was recorded by a widget, so that nobody at the clinic has asked their age."""
    made = select(
        exists().where(
            AuditEntry.clinic_id == caller.clinic_id,
            AuditEntry.subject_id == patient_id,
            AuditEntry.action == "patient.created",
            ApiKey.clinic_id == AuditEntry.clinic_id,
            ApiKey.id == AuditEntry.key_id,
            ApiKey.kind == "publishable",
        )
    )
    return bool(caller.session.scalar(made))


def _asks_for_age(caller: Caller, procedure_id: UUID) -> bool:
    """Whether a rule of the clinic gives the procedure a minimum age."""
    catalog = load_catalog(caller).engine
    rule, procedure = catalog.hold_rules.get("under_age"), catalog.procedures.get(procedure_id)
    if rule is None or rule.minimum_age is None or not rule.blocks or procedure is None:
        return False
    return procedure.has("procedure") and (procedure.has("numbing") or not rule.numbing_only)
