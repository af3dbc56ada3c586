"""Deletes slot holds that ended long ago, and notes of messages and of reads from long ago."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import TextClause, select, text

from booking.core.caller import Caller
from models import Clinic
from scheduling.messages import MOMENTS

KEPT: Final = timedelta(days=30)
"""How long both are kept at least: far longer than the time in which a message can be acknowledged."""
READS_DAYS: Final = 365
"""How long reads are kept unless the clinic has chosen otherwise."""
AT_ONCE: Final = 1000
"""How many rows an act deletes at most; it is called again until it finds none."""

# A waitlist entry still refers to the hold that it was offered last, so that hold stays.
_HOLDS: Final = text("""
    WITH old AS MATERIALIZED (
        SELECT a.id FROM appointments a
        WHERE a.clinic_id = :clinic_id AND a.status = 'cancelled'
          AND a.hold->>'ended' IN ('released', 'expired') AND a.updated_at < :before
          AND NOT EXISTS (
              SELECT FROM waitlist_entries w WHERE w.clinic_id = a.clinic_id AND w.hold_id = a.id
          )
        ORDER BY a.id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    DELETE FROM appointments a USING old WHERE a.clinic_id = :clinic_id AND a.id = old.id
""")
# These are due by the months of the course's template, which a clinic may raise. Then only the row keeps a
# message that was sent from being sent again, so these rows stay.
_MOVABLE: Final = [one.kind for one in MOMENTS if one.anchor == "window"]
_MESSAGES: Final = text("""
    WITH old AS MATERIALIZED (
        SELECT m.id FROM message_dispatches m
        WHERE m.clinic_id = :clinic_id AND m.kind <> ALL(:movable)
          AND greatest(m.due_at, m.next_at, m.sent_at) < :before
        ORDER BY m.id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    DELETE FROM message_dispatches m USING old WHERE m.clinic_id = :clinic_id AND m.id = old.id
""")


_READS: Final = text("""
    WITH old AS MATERIALIZED (
        SELECT r.id FROM patient_reads r
        WHERE r.clinic_id = :clinic_id AND r.at < :before
        ORDER BY r.at, r.id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    DELETE FROM patient_reads r USING old WHERE r.clinic_id = :clinic_id AND r.id = old.id
""")


def forget_holds(caller: Caller) -> int:
    """Delete slot holds that ended without a booking more than 30 real days ago, with their own rows."""
    return _delete(caller, _HOLDS, before=caller.real_now - KEPT)


def forget_messages(caller: Caller) -> int:
    """Delete the notes of messages that were due, tried and sent longer ago than the clinic keeps them.

    Such a message is not worked out again: it is stale a day after it is due, and the instant that it
    counts from never becomes later.
    """
    before = caller.now - max(KEPT, timedelta(days=kept_days(caller, "messages_days") or 0))
    return _delete(caller, _MESSAGES, before=before, movable=_MOVABLE)


def forget_reads(caller: Caller) -> int:
    """Delete the notes of who read whose record that are older than the clinic keeps them."""
    before = caller.real_now - timedelta(days=kept_days(caller, "reads_days") or READS_DAYS)
    return _delete(caller, _READS, before=before)


def kept_days(caller: Caller, name: str) -> int | None:
    """Give for how many days the clinic keeps something; None where it has chosen nothing."""
    chosen = select(Clinic.retention).where(Clinic.id == caller.clinic_id)
    return (caller.session.scalar(chosen) or {}).get(name)


def _delete(caller: Caller, statement: TextClause, **values: Any) -> int:  # noqa: ANN401 - its parameters
    done = caller.session.execute(statement, {"clinic_id": caller.clinic_id, "most": AT_ONCE} | values)
    return int(getattr(done, "rowcount", 0))
