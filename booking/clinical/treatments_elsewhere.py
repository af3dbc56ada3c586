"""Treatments elsewhere: treatments and events of a patient that are no appointments of the clinic."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from booking.catalogue.patients import Patients, judge_visits_of, latest_today
from booking.core.crud import Collection, Values, latest
from booking.core.errors import Invalid
from booking.flags.flags import OF_PREREQUISITES, OF_SPACING
from models import ExternalTreatment

# The one event that may lie in the future, because a patient plans it.
_AHEAD: Final = "important_event"
_JUDGED: Final = OF_SPACING | OF_PREREQUISITES
_DATED_BY: Final = ("event", "on")


class TreatmentsElsewhere(Collection):
    """Treatments and events of patients that the clinic did not book."""

    name = "treatment"
    model = ExternalTreatment
    locks = "patient_id"
    locks_catalogue = True
    private = True

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse a treatment in the future; a date that stays was right when it was given."""
        if before is None:
            Patients(self.caller).require(after["patient_id"])
        elif all(before[name] == after[name] for name in _DATED_BY):
            return
        if after["event"] != _AHEAD and after["on"] > latest_today(self.caller):
            raise Invalid("/on", f"Must not lie in the future, except for {_AHEAD}.")

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Judge the patient's visits to come again."""
        return judge_visits_of(self.caller, latest(before, after)["patient_id"], _JUDGED)
