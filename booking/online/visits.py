"""Books and changes visits for a widget's visitors, within what they may do themselves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from booking.catalogue.patients import Patients
from booking.core.caller import Caller, Token
from booking.core.errors import Invalid, NotFound, TokenRequired, pointing_into
from booking.core.locks import lock_names
from booking.online.addresses import Address, patients_at
from booking.questions.catalog import load_catalog
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
        return caller, patient_id
    person, address = named["patient"], Address(token.email, token.phone)
    lock_names(caller.session, [f"{caller.clinic_id} {address.fields}"])
    known = {folded(one.name): one.id for one in reversed(patients_at(caller, address))}
    if (same := known.get(folded(person["name"]))) is not None:
        return _with(caller, token, same), same
    if person["born_on"] is None and _asks_for_age(caller, procedure_id):
        raise Invalid("/patient/born_on", "This treatment has a minimum age.")
    empty = dict.fromkeys(("email", "phone", "skin_type", "external_id"))
    # As the clinic itself records a patient: a widget sees only those whom it has a token for.
    with pointing_into("/patient"):
        made = Patients(replace(caller, publishable=False)).create({**empty, **person, **address.fields})
    return _with(caller, token, made["id"]), made["id"]


def _with(caller: Caller, token: Token, patient_id: UUID) -> Caller:
    """Give the visitor as one whose token also speaks for a patient who was recorded since it was read."""
    return replace(caller, token=replace(token, patient_ids=token.patient_ids | {patient_id}))


def _asks_for_age(caller: Caller, procedure_id: UUID) -> bool:
    """Whether a rule of the clinic gives the procedure a minimum age."""
    catalog = load_catalog(caller).engine
    rule, procedure = catalog.hold_rules.get("under_age"), catalog.procedures.get(procedure_id)
    if rule is None or rule.minimum_age is None or not rule.blocks or procedure is None:
        return False
    return procedure.has("procedure") and (procedure.has("numbing") or not rule.numbing_only)
