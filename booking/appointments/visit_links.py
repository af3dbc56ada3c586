"""Links to a single visit: signed and not stored, so that reading a letter with one writes nothing."""

import base64
import binascii
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.core.caller import Caller
from booking.core.errors import WrongStatus
from booking.core.events import audit
from models.sealing import Sealer
from models.statuses import TO_COME

ACTIONS: Final[Sequence[str]] = ("confirm", "cancel", "reschedule")
PREFIX: Final = "bl_"
_PURPOSE: Final = "visit link"
# The clinic, the visit, which of the actions, and the issue of the visit's links, in network order.
_LAYOUT: Final = struct.Struct("!16s16sBi")
_SIGNATURE: Final = 16


@dataclass(frozen=True, slots=True)
class Link:
    """What a link names: a visit, what its holder may do with it, and its issue, which revoking ends."""

    clinic_id: UUID
    appointment_id: UUID
    actions: frozenset[str]
    issue: int


@dataclass(frozen=True, slots=True)
class LinkWriter:
    """Writes the addresses of links under a server's own address."""

    sealer: Sealer
    address: str

    def url(self, clinic_id: UUID, appointment_id: UUID, issue: int, actions: Iterable[str] = ACTIONS) -> str:
        """Give the address of a link."""
        link = Link(clinic_id, appointment_id, frozenset(actions), issue)
        return f"{self.address}/visit/{_written(self.sealer, link)}"


def _written(sealer: Sealer, link: Link) -> str:
    bits = sum(1 << place for place, one in enumerate(ACTIONS) if one in link.actions)
    content = _LAYOUT.pack(link.clinic_id.bytes, link.appointment_id.bytes, bits, link.issue)
    signed = content + sealer.sign(_PURPOSE, content)[:_SIGNATURE]
    return PREFIX + base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read_link(sealer: Sealer, text: str) -> Link | None:
    """Read a link's token; None when this server has not signed it."""
    try:
        written = text.removeprefix(PREFIX)
        padding = "=" * (-len(written) % 4)
        signed = base64.b64decode(written + padding, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, signature = signed[: _LAYOUT.size], signed[_LAYOUT.size :]
    if not compare_digest(signature, sealer.sign(_PURPOSE, content)[:_SIGNATURE]):
        return None
    clinic, visit, bits, issue = _LAYOUT.unpack(content)
    actions = frozenset(one for place, one in enumerate(ACTIONS) if bits & 1 << place)
    return Link(UUID(bytes=clinic), UUID(bytes=visit), actions, issue)


def visit_to_link(caller: Caller, appointment_id: UUID) -> Visit:
    """Give a visit that links may be made to; WrongStatus when it is not to come."""
    found = get_appointment(caller, appointment_id)
    if found.status not in TO_COME or found.starts_at <= caller.real_now:
        raise WrongStatus(TO_COME, f"The appointment is {found.status}, or has begun.")
    return with_phases(caller, [found])[0]


def revoke_links(caller: Caller, appointment_id: UUID) -> None:
    """End every link to the visit; those that are written from now on are good again."""
    visit = lock_appointment(caller, appointment_id, None)
    visit.links_issue += 1
    caller.session.flush()
    audit(caller, "appointment.links_revoked", "appointment", visit.id, {})
