"""Disruptions over HTTP: what to do with visits when a therapist is ill, a room closes or a device breaks."""

from typing import Any

from api.blueprints import Blueprint
from booking.core.caller import Caller
from booking.disruptions import disruptions
from booking.disruptions.acceptance import Accepted
from booking.disruptions.disruptions import Disruption
from booking.disruptions.proposals import told
from schemas.disruptions import AppliedSchema, ApplySchema, DisruptionSchema, PreviewSchema

blp = Blueprint(
    "disruptions",
    "disruptions",
    url_prefix="/v1/disruptions",
    description="Proposals for the visits of a therapist, room, device or location that is not available.",
)


@blp.action("/preview", "appointments:read", PreviewSchema, takes=DisruptionSchema, searches=True)
def preview_disruption(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Propose another therapist, room or time for every affected visit, and write nothing.

    Every rule holds for each proposal, and any part of them can be accepted together.
    """
    found = disruptions.preview(caller, Disruption(**body))
    return {
        "starts_at": found.disruption.starts_at,
        "ends_at": found.disruption.ends_at,
        "items": [told(one, found.proposals.get(one.appointment.id)) for one in found.visits],
        "elsewhere": found.elsewhere,
    }


@blp.action("/apply", "appointments:write", AppliedSchema, takes=ApplySchema, fails=(412,))
def apply_disruption(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Move the accepted visits, flag the others, and block what is disrupted: all at once or nothing.

    409 with the reasons by visit when a visit can no longer go to its new place, 412 with the
    `appointment_ids` of visits that have changed. No visit is cancelled.
    """
    accepted = [Accepted(**one) for one in body.pop("accept")]
    done = disruptions.apply(caller, Disruption(**body), accepted)
    return {
        "appointments": done.visits,
        "flagged": done.flagged,
        "elsewhere": done.elsewhere,
        "affected": done.affected,
        "block_id": done.block_id,
        "closure_id": done.closure_id,
    }
