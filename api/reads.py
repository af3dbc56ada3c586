"""Notes whose records a request has shown, once it has been answered."""

from collections.abc import Iterable
from http import HTTPStatus
from uuid import UUID

from flask import Response, g, request

from api import clock
from api.problems import unavailable
from api.requests import actor
from api.state import state
from booking.core.notes import LISTED, READ, Reader


def saw(patient_ids: Iterable[UUID | None], action: str = READ) -> None:
    """Remember that this request shows the records of these patients, or with LISTED their contacts."""
    seen: dict[str, set[UUID]] = g.setdefault("saw", {})
    seen.setdefault(action, set()).update(one for one in patient_ids if one is not None)


def note_reads(answer: Response, path: dict[str, object]) -> None:
    """Leave a note of the records that an answer shows; 503 while no more notes can be kept."""
    patient_id = path.get("patient_id")
    if request.method == "GET" and isinstance(patient_id, UUID) and not g.get("saw"):
        saw([patient_id])
    seen: dict[str, set[UUID]] = g.get("saw", {})
    if answer.status_code // 100 != HTTPStatus.OK // 100 or not any(seen.values()):
        return
    reader = Reader(g.get("key_id"), actor(), g.request_id)
    for action, ids in seen.items():
        if not state().notes.read(g.clinic_id, action, ids, reader, clock.now()):
            raise unavailable()


__all__ = ["LISTED", "note_reads", "saw"]
