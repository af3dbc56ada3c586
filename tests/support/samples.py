"""Give small valid bodies of requests, in which any field can be overridden."""

from typing import Any

from tests.support.cast import every_day, working

Body = dict[str, Any]


def location(**fields: Any) -> Body:
    return {"name": "London", "timezone": "Europe/London", "opening_hours": every_day()} | fields


def closure(**fields: Any) -> Body:
    times = {"starts_at": "2027-12-24T12:00:00Z", "ends_at": "2027-12-27T09:00:00Z"}
    return times | {"reason": "Christmas"} | fields


def special_hours(**fields: Any) -> Body:
    return {"on": "2027-03-01", "periods": [{"opens": "10:00", "closes": "14:00"}]} | fields


def room(location_id: str, **fields: Any) -> Body:
    return {"location_id": location_id, "name": "Room 1", "kind": "treatment"} | fields


def device(location_id: str, **fields: Any) -> Body:
    return {"location_id": location_id, "name": "Generator", "kind": "rf"} | fields


def therapist(location_id: str, **fields: Any) -> Body:
    hours = working({"id": location_id})
    qualifications = [{"code": "BBP"}, {"code": "MN_DERMAL"}]
    return {"name": "Alice Archer", "qualifications": qualifications, "working_hours": hours} | fields


def block(resource_id: str, **fields: Any) -> Body:
    times = {"starts_at": "2027-03-01T12:00:00Z", "ends_at": "2027-03-01T13:00:00Z"}
    return {"resource_id": resource_id, "reason": "Lunch"} | times | fields


def phase(**fields: Any) -> Body:
    needs = {"therapist": True, "room_kinds": ["treatment"]}
    return {"name": "Needling", "kind": "procedure", "minutes": 20} | needs | fields


def procedure(**fields: Any) -> Body:
    what = {"code": "FACE", "name": "Face", "family": "MN", "areas": ["FACE"]}
    return what | {"qualifications": ["BBP"], "phases": [phase()]} | fields


def spacing_rule(**fields: Any) -> Body:
    matchers = {"after": {"family": "MN"}, "before": {"family": "MN"}, "scope": "area"}
    days = {"floor_days": 14, "min_days": 28, "override_by": "clinician"}
    return {"code": "S02"} | matchers | days | fields


def course_template(procedure_id: str, **fields: Any) -> Body:
    what = {"code": "FACES", "name": "Faces", "procedure_ids": [procedure_id]}
    return what | {"sessions": 4, "min_sessions": 3, "max_sessions": 6} | fields


def course(patient_id: str, **fields: Any) -> Body:
    return {"patient_id": patient_id} | fields


def patient(**fields: Any) -> Body:
    return {"name": "Berta Bloom"} | fields


def treatment(**fields: Any) -> Body:
    return {"event": "botulinum_toxin", "areas": ["FACE"], "on": "2026-12-20"} | fields


def medical_hold(**fields: Any) -> Body:
    return {"code": "infection", "areas": ["FACE"], "opened_on": "2027-01-02"} | fields
