"""Hold rules: what each code of a medical hold means in the clinic."""

from scheduling.clinical import HOLDS
from schemas.base import QueryArgs, Resource
from schemas.fields import Choice, Code, Flag, Integer
from schemas.locations import affected

MOST_DAYS = 3660
OLDEST_AGE = 120
RELEASED_BY = ("therapist", "clinician", "dermatologist")


class HoldRuleSchema(Resource):
    """What a medical hold of a code does, and who may release it; every clinic has a rule for each code."""

    code = Choice(HOLDS, required=True)
    rule_id = Code(required=True, metadata={"description": "What refusals name: `H01` to `H10`."})
    effect = Choice(
        ("block", "advise"),
        required=True,
        metadata={"description": "Whether a hold refuses the visit or is a warning alone."},
    )
    against = Choice(
        ("treatment", "numbing"),
        required=True,
        metadata={"description": "Whether it stands against any needling or against visits that numb."},
    )
    days_after_resolved = Integer(
        minimum=0,
        maximum=MOST_DAYS,
        required=True,
        metadata={"description": "How many civil days after `resolved_on` the patient may be treated."},
    )
    minimum_age = Integer(
        minimum=0,
        maximum=OLDEST_AGE,
        required=True,
        allow_none=True,
        metadata={"description": "For `under_age` alone: years from the patient's birth date, if known."},
    )
    released_by = Choice(
        RELEASED_BY, required=True, metadata={"description": "The level that releasing a hold needs."}
    )
    active = Flag(required=True, metadata={"description": "Without its rule a hold stands against nothing."})
    affected = affected()


class HoldRuleQuery(QueryArgs):
    """The query of the list of hold rules."""

    code = Code()
