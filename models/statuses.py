"""Names the statuses of appointments, courses and waitlist entries, and the sets of them that are used."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

TO_COME: Final = ("booked", "confirmed")
"""Appointments whose patient has not arrived yet: these can be moved."""
NOT_BEGUN: Final = (*TO_COME, "arrived")
"""Appointments that occupy what was planned: neither their numbing nor their treatment has begun."""
BEFORE_TREATMENT: Final = (*TO_COME, "arrived", "numbing")
"""Appointments whose treatment has not begun: these can get another therapist or room."""
UNFINISHED: Final = (*BEFORE_TREATMENT, "in_progress")
"""Appointments that need their people and rooms now or later."""
UNDER_WAY: Final = ("arrived", "numbing", "in_progress")
"""Appointments whose patient is here."""
BEGUN: Final = ("numbing", "in_progress", "completed")
"""Appointments that occupy what they really use, and not what was planned."""
GONE: Final = ("cancelled", "no_show")
"""Appointments that did not and will not take place: they claim nothing and count for no rule."""
OVER: Final = ("completed", *GONE)
"""Appointments on which no action follows."""
NOT_BOOKED: Final = ("held", *GONE)
"""Appointments that count for no course: a slot hold counts once it is booked."""
LIVE: Final = ("held", *UNFINISHED, "completed")
"""Appointments that claim time, and whose patient is in no second one at that time."""
APPOINTMENT_STATUSES: Final = (*LIVE, *GONE)

ALLOWED_FROM: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "confirm": ("booked",),
        "arrive": (*TO_COME, "no_show"),
        "start-numbing": ("arrived",),
        "start": ("arrived", "numbing"),
        "complete": ("in_progress",),
        "cancel": ("held", *BEFORE_TREATMENT),
        "no-show": TO_COME,
        "reschedule": TO_COME,
        "reassign": BEFORE_TREATMENT,
    }
)
"""The statuses from which each action on an appointment may be taken."""

COURSES_TAKING: Final = ("planned", "active", "lapsed")
"""Courses that take further visits; a paused course keeps its visits and takes none."""
COURSES_OPEN: Final = ("planned", "active", "paused", "lapsed")
"""Courses that are neither completed nor cancelled."""
COURSE_STATUSES: Final = (*COURSES_OPEN, "completed", "cancelled")

ENTRIES_OPEN: Final = ("waiting", "offered")
"""Waitlist entries that still wait for an offer or for its answer."""
ENTRY_STATUSES: Final = (*ENTRIES_OPEN, "accepted", "declined", "expired", "fulfilled")
