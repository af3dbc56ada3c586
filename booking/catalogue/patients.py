"""Patients: contact data, kept out of logs, events and audit entries."""

from collections.abc import Collection as Ids
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Select, any_, false, func, literal, select, update

from booking.catalogue.patient_duplicates import possible_duplicates
from booking.catalogue.patient_search import patterns_of, words_of
from booking.catalogue.phones import normalised
from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import Anonymised, InUse, Invalid, MissingScope, NotFound
from booking.core.events import tell
from booking.core.merged import refuse_merged
from booking.flags.flags import OF_MEDICAL_HOLDS, OF_SPACING
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import load_catalog
from models import (
    Appointment,
    Clinic,
    Course,
    ExternalTreatment,
    Location,
    MedicalHold,
    Patient,
    WaitlistEntry,
)

# The fields by which a patient's visits are judged, beside their sessions.
_JUDGED_BY: Final = {"born_on": OF_MEDICAL_HOLDS, "skin_type": OF_SPACING}
MOST_NAMED: Final = 50
"""How many visits an error names."""
EXACT: Final = ("phone", "email", "external_id")
"""The fields of which a search names the whole value."""


class Patients(Collection):
    """Patients of the whole clinic."""

    name = "patient"
    model = Patient
    locks = "id"
    locks_catalogue = True
    private = True

    def select(self, where: Where = ALL) -> Select[Any]:
        """Select patients, but none who was merged into another; a widget's visitor finds their own alone."""
        found = super().select(where).where(Patient.merged_into_id.is_(None))
        if self.caller.publishable:
            token = self.caller.token
            found = found.where(Patient.id.in_(token.patient_ids if token else ()))
        return found

    def require(self, id: UUID, pointer: str | None = None) -> Any:  # noqa: ANN401 - a row
        """Give the row that a body or a path names; Merged or Anonymised for a patient who is gone."""
        with _following_merged(self.caller, id):
            return _known(super().require(id, pointer))

    def find_row(self, id: UUID) -> Any:  # noqa: ANN401 - a row
        """Give the row of a patient, anonymised or not, to be changed; NotFound, and Merged."""
        with _following_merged(self.caller, id):
            return super()._find(id, ALL, for_change=True)

    def _find(self, id: UUID, where: Where, *, for_change: bool = False) -> Any:  # noqa: ANN401 - a row
        with _following_merged(self.caller, id):
            found = super()._find(id, where, for_change=for_change)
        return _known(found) if for_change else found

    def complete(self, before: Values | None, values: Values) -> None:  # noqa: ARG002 - a hook's signature
        """Make a given phone number E.164, so that one number is found however it is written."""
        if values.get("phone") is not None:
            values["phone"] = normalised(self.caller, values["phone"])

    def check_values(self, after: Values) -> None:
        """Refuse a date of birth in the future."""
        if after["born_on"] is not None and after["born_on"] > latest_today(self.caller):
            raise Invalid("/born_on", "Must not lie in the future.")

    def create(self, values: Values) -> Values:
        """Create a patient, and name the patients who may be the same person."""
        made = super().create(values)
        tell(self.caller, "patient.created", made["id"], {"id": made["id"]})
        return made | {"possible_duplicates": possible_duplicates(self.caller, made)}

    def check_removal(self, before: Values) -> None:
        """Refuse to delete a patient who has visits, courses, medical holds, treatments or waits."""
        own = (Appointment.clinic_id == self.caller.clinic_id, Appointment.patient_id == before["id"])
        how = func.coalesce(Appointment.hold["ended"].astext, "")
        visits = select(Appointment.id).where(*own, how.not_in(("released", "expired")))
        found = self.caller.session.scalars(visits.order_by(Appointment.id).limit(MOST_NAMED)).all()
        if found:
            raise InUse("The patient has visits or slot holds, and stays with them.", found)
        for model in (Course, MedicalHold, ExternalTreatment, WaitlistEntry):
            mine = (model.clinic_id == self.caller.clinic_id, model.patient_id == before["id"])
            if self.caller.session.scalar(select(model.id).where(*mine).limit(1)) is not None:
                raise InUse("The patient has courses, medical holds, treatments or waitlist entries.")
        # A slot hold that has ended was no visit; its row stays without a patient.
        self.caller.session.execute(update(Appointment).where(*own).values(patient_id=None))

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID]:
        """Judge the patient's visits to come again when something has changed that decides about them."""
        tell(self.caller, "patient.changed", after["id"], {"id": after["id"]})
        codes = frozenset[str]()
        for name, own in _JUDGED_BY.items():
            codes |= own if before[name] != after[name] else frozenset()
        return judge_visits_of(self.caller, after["id"], codes) if codes else ()

    def search(self, query: Where) -> Select[Any]:
        """Select patients by exact phone, email or external_id, and by `q`, all of whose words they have."""
        exact = {name: query[name] for name in EXACT if name in query}
        if "phone" in exact:
            exact["phone"] = normalised(self.caller, exact["phone"])
        found = self.select(exact).where(Patient.anonymised_at.is_(None))
        if "q" in query:
            patterns = patterns_of(words_of(query["q"]))
            found = (
                found.where(*(Patient.search_text.like(one) for one in patterns))
                if patterns
                else found.where(false())
            )
        return found

    def show(self, found: list[Values]) -> None:
        """Leave out what only the search needs."""
        for values in found:
            del values["search_text"], values["merged_into_id"]


def _known(patient: Patient) -> Patient:
    if patient.anonymised_at is not None:
        raise Anonymised
    return patient


@contextmanager
def _following_merged(caller: Caller, patient_id: UUID) -> Iterator[None]:
    """Raise Merged in place of NotFound for a patient who was merged into another."""
    try:
        yield
    except NotFound:
        refuse_merged(caller, patient_id)
        raise


def contacts_of(caller: Caller, ids: Ids[UUID]) -> Mapping[UUID, Values]:
    """Give the name, phone and email of patients by id; MissingScope for keys that may not read patients."""
    if not caller.may("patients:read"):
        raise MissingScope("The key lacks the scope patients:read.")
    if not ids:
        return {}
    # One array, however many there are: a statement takes no more than 65,535 parameters.
    named = Patient.id == any_(literal(list(ids), ARRAY(Patient.id.type)))
    rows = caller.session.execute(
        select(Patient.id, Patient.name, Patient.phone, Patient.email).where(
            Patient.clinic_id == caller.clinic_id, named
        )
    )
    return {row.id: dict(row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name for it


def latest_today(caller: Caller) -> date:
    """Give the latest of today's dates at the clinic's locations; every later date is in the future."""
    places = select(Location.timezone).where(Location.clinic_id == caller.clinic_id)
    own = select(Clinic.timezone).where(Clinic.id == caller.clinic_id)
    zones = caller.session.scalars(places.union(own))
    return max(caller.now.astimezone(ZoneInfo(zone)).date() for zone in zones)


def judge_visits_of(caller: Caller, patient_id: UUID, codes: frozenset[str]) -> list[UUID]:
    """Flag or clear a patient's visits to come, and give those that are refused now with these codes.

    The catalogue and the patient are locked.
    """
    catalog = load_catalog(caller)
    return affected_by(caller, visits_of_patients(caller, [patient_id]), codes, catalog)
