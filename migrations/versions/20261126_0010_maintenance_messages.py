"""Add messages about maintenance: three more kinds, and their words for every clinic."""

from alembic import op
from sqlalchemy import text
from uuid_utils.compat import uuid7

revision = "20261126_0010"
down_revision = "20261125_0060"

CHECKS = """
ALTER TABLE message_templates DROP CONSTRAINT ck_message_templates_kind;
ALTER TABLE message_templates ADD CONSTRAINT ck_message_templates_kind CHECK (kind IN (
    'confirmation', 'screening_14d', 'preparation_7d', 'reminder_2d', 'screening_1d', 'reminder_2h',
    'aftercare', 'aftercare_1d', 'aftercare_3d', 'aftercare_7d', 'aftercare_14d', 'next_session_28d',
    'review_84d', 'no_show', 'no_show_1d',
    'maintenance_opens', 'maintenance_nudge', 'maintenance_last_call'
));
ALTER TABLE message_dispatches DROP CONSTRAINT ck_message_dispatches_kind;
ALTER TABLE message_dispatches ADD CONSTRAINT ck_message_dispatches_kind CHECK (kind IN (
    'confirmation', 'screening_14d', 'preparation_7d', 'reminder_2d', 'screening_1d', 'reminder_2h',
    'aftercare', 'aftercare_1d', 'aftercare_3d', 'aftercare_7d', 'aftercare_14d', 'next_session_28d',
    'review_84d', 'no_show', 'no_show_1d',
    'maintenance_opens', 'maintenance_nudge', 'maintenance_last_call'
));
"""

# The defaults of that day: a revision stays as it is when the file of messages changes.
MESSAGES = (
    (
        "maintenance_opens",
        "Time to see each other again",
        (
            "Hello {patient},\n"
            "\n"
            "it is a while since your last visit to {clinic}. From now on your next one can be booked.\n"
            "We look forward to hearing from you."
        ),
    ),
    (
        "maintenance_nudge",
        "Your next visit to {clinic}",
        ("Hello {patient},\n\nyour next visit to {clinic} is not booked yet. Which day would suit you?"),
    ),
    (
        "maintenance_last_call",
        "A last word about your next visit",
        (
            "Hello {patient},\n"
            "\n"
            "now is the last good time to book your next visit to {clinic}. We will not ask again."
        ),
    ),
)

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
INSERT = text(
    "INSERT INTO message_templates (clinic_id, id, kind, subject, body, active)"
    " VALUES (:clinic_id, :id, :kind, :subject, :body, true)"
)


def upgrade() -> None:
    """Allow the kinds, then give every clinic, bound in turn, their words."""
    op.execute(CHECKS)
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        own = [dict(zip(("kind", "subject", "body"), message, strict=True)) for message in MESSAGES]
        connection.execute(INSERT, [{"clinic_id": clinic_id, "id": uuid7(), **one} for one in own])
    connection.execute(BIND, {"clinic_id": ""})
