"""Patients over HTTP: `/v1/patients`."""

from uuid import UUID

from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import Version
from api.paging import cut, read_cursor, write_cursor
from booking.catalogue.patient_merging import merge
from booking.catalogue.patient_search import Hit, find
from booking.catalogue.patients import EXACT, Patients
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from models import Patient
from schemas.patients import MergeSchema, PatientQuery, PatientSchema

blp = Blueprint(
    "patients",
    "patients",
    url_prefix="/v1/patients",
    description="Patients and how to reach them.",
)


def find_by_words(patients: Collection, query: Values) -> Values | None:
    """Give the page of a search by words alone; its cursor is an id, since a URL holds no name."""
    if "q" not in query or any(name in query for name in EXACT):
        return None
    after = read_cursor(query["cursor"], _read_hit) if "cursor" in query else None
    found = find(patients.caller, query["q"], after, query["limit"] + 1)
    page = cut(found, query["limit"], lambda last: write_cursor(bytes([last.slipped]) + last.id.bytes))
    ids = [one.id for one in page["items"]]
    rows = patients.caller.session.scalars(patients.select().where(Patient.id.in_(ids)))
    by_id = {row.id: row for row in rows}
    return page | {"items": [by_id[one] for one in ids if one in by_id]}


def _read_hit(place: bytes) -> Hit:
    return Hit(slipped=bool(place[0]), id=UUID(bytes=place[1:]))


serve(blp, Offer(Patients, PatientSchema, PatientQuery, area="patients", find=find_by_words))


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
