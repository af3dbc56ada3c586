"""Record medical holds and treatments elsewhere for a clinic's patient."""

from typing import Any

from tests.support.cast import Clinic, Made


def medical_holds_path(clinic: Clinic) -> str:
    """Give the path of the patient's medical holds."""
    return f"/patients/{clinic.patient['id']}/medical-holds"


def open_medical_hold(clinic: Clinic, code: str, opened_on: str = "2027-01-04", **fields: Any) -> Made:
    """Open a medical hold for the clinic's patient."""
    return clinic.desk.made(medical_holds_path(clinic), code=code, opened_on=opened_on, **fields)


def record_treatment(clinic: Clinic, event: str, on: str, **fields: Any) -> Made:
    """Record a treatment of the patient's face, or of other areas, that was given elsewhere."""
    path = f"/patients/{clinic.patient['id']}/treatments"
    return clinic.desk.made(path, **{"event": event, "on": on, "areas": ["FACE"]} | fields)
