"""Patients over HTTP: `/v1/patients`."""

from uuid import UUID

from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import Version
from api.paging import cut, page, read_cursor, write_cursor
from api.patient_exports import export
from api.reads import saw
from booking.catalogue.patient_anonymising import anonymise
from booking.catalogue.patient_merging import merge
from booking.catalogue.patient_search import Hit, find
from booking.catalogue.patients import EXACT, Patients
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.notes import EXPORTED
from models import Patient
from schemas.base import page_of
from schemas.exports import PatientExportSchema
from schemas.patients import AnonymiseSchema, MergeSchema, PatientQuery, PatientSchema

blp = Blueprint(
    "patients",
    "patients",
    url_prefix="/v1/patients",
    description="Patients and how to reach them.",
)


serve(blp, Offer(Patients, PatientSchema, PatientQuery, area="patients", without=frozenset({"list"})))


@blp.route("", methods=["GET"])
@blp.needs("patients:read")
@blp.arguments(PatientQuery, location="query")
@blp.response(200, page_of(PatientSchema))
def list_patients(caller: Caller, query: Values) -> Values:
    """List the patients, by default oldest first; those of a search by words by how well they match."""
    patients = Patients(caller)
    if "q" not in query or query["sort"] != "created_at" or any(name in query for name in EXACT):
        found = page(caller.session, patients.search(query), Patient, query)
    else:
        found = _find_by_words(patients, query)
    saw(one.id for one in found["items"])
    return found | {"items": patients.represent(found["items"])}


def _find_by_words(patients: Patients, query: Values) -> Values:
    """Give the page of a search by words; its cursor is an id, since a URL holds no name."""
    after = read_cursor(query["cursor"], _read_hit) if "cursor" in query else None
    found = find(patients.caller, query["q"], after, query["limit"] + 1)
    hits = cut(found, query["limit"], lambda last: write_cursor(bytes([last.slipped]) + last.id.bytes))
    ids = [one.id for one in hits["items"]]
    rows = patients.caller.session.scalars(patients.select().where(Patient.id.in_(ids)))
    by_id = {row.id: row for row in rows}
    # A patient who was found may be deleted or merged before the rows are read.
    return hits | {"items": [by_id[one] for one in ids if one in by_id]}


def _read_hit(place: bytes) -> Hit:
    return Hit(slipped=bool(place[0]), id=UUID(bytes=place[1:]))


@blp.route("/<uuid:patient_id>/export", methods=["GET"])
@blp.needs("admin")
@blp.response(200, PatientExportSchema)
def export_patient(caller: Caller, patient_id: UUID) -> Values:
    """Get everything that is held about a patient; the audit log notes it."""
    saw([patient_id], EXPORTED)
    return export(caller, patient_id)


@blp.action(
    "/<uuid:patient_id>/anonymise",
    "admin",
    PatientSchema,
    takes=AnonymiseSchema,
    version=Version.OPTIONAL,
    fails=(409,),
)
def anonymise_patient(caller: Caller, body: Values, patient_id: UUID, expected: int | None) -> Values:
    """Take away for good who a patient is; the dates that prove spacing stay.

    Name, contacts, date of birth and notes go, messages, feeds and what the audit log says of them too; open
    courses and waitlist entries end. 409 `has_visits` while visits are to come or not closed. From then on
    nothing can be booked for the patient: 410 `anonymised`.
    """
    return anonymise(caller, patient_id, body["reason"], expected)


@blp.action(
    "/<uuid:patient_id>/merge",
    "patients:write",
    PatientSchema,
    takes=MergeSchema,
    version=Version.OPTIONAL,
    fails=(409,),
)
def merge_patient(caller: Caller, body: Values, patient_id: UUID, expected: int | None) -> Values:
    """Merge a patient who was recorded twice into the other record, which is given.

    Visits, courses, treatments, medical holds, slot holds, waitlist and feeds move; the other's contacts
    win where both have one. 409 with reasons, and nothing moves, when visits overlap or a booked one would
    break a floor; performed visits too close to each other are flagged and named in `affected`. From then
    on the patient's id answers 410 `merged`.
    """
    return merge(caller, patient_id, body["into_id"], expected)
