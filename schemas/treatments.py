"""Treatments elsewhere: those of a patient of which no appointment here tells."""

from scheduling.clinical import AREAS, TREATMENT_EVENTS
from schemas.base import QueryArgs, Resource
from schemas.fields import Choice, Id, SetOf
from schemas.locations import affected
from schemas.times import LocalDate


class TreatmentSchema(Resource):
    """A treatment or event of a patient elsewhere, or before the clinic kept its records here."""

    patient_id = Id(dump_only=True, required=True)
    event = Choice(
        TREATMENT_EVENTS,
        required=True,
        metadata={
            "description": "A `consultation` satisfies a prerequisite like a visit that ends with its date."
        },
    )
    areas = SetOf(
        Choice(AREAS),
        load_default=list,
        maximum=len(AREAS),
        metadata={"description": "Where; none: on any area."},
    )
    on = LocalDate(
        required=True,
        metadata={"description": "The civil date; not in the future, except for `important_event`."},
    )
    affected = affected()


class TreatmentQuery(QueryArgs):
    """The query of the list of a patient's treatments."""
