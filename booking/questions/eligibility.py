"""Tells from which date a patient may have a procedure, and which rule and session set that date."""

from booking.core.caller import Caller
from booking.questions.catalog import load_catalog
from booking.questions.histories import ask_with_history
from booking.questions.visit_requests import VisitRequest
from scheduling.eligibility import Eligibility, eligibility


def assess(caller: Caller, request: VisitRequest) -> Eligibility:
    """Give the dates for a patient and a procedure at a location, by all rules that count in days."""
    catalog = load_catalog(caller)
    if request.patient_id is None:
        raise ValueError("Eligibility is a patient's.")
    question = ask_with_history(caller, catalog, request)
    today = caller.now.astimezone(question.location.zone).date()
    return eligibility(question, catalog.engine, today)
