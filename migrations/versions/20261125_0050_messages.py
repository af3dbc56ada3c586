"""Give every clinic its message templates, and keep which messages have become due or been sent."""

from alembic import op
from sqlalchemy import text
from uuid_utils.compat import uuid7

from migrations.policies import protect

revision = "20261125_0050"
down_revision = "20261125_0020"

TABLES = """
CREATE TABLE message_templates (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_templates PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_message_templates_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT uq_message_templates_kind UNIQUE (clinic_id, kind),
    CONSTRAINT ck_message_templates_kind
        CHECK (kind IN (
            'confirmation', 'screening_14d', 'preparation_7d', 'reminder_2d', 'screening_1d', 'reminder_2h',
            'aftercare', 'aftercare_1d', 'aftercare_3d', 'aftercare_7d', 'aftercare_14d', 'next_session_28d',
            'review_84d', 'no_show', 'no_show_1d'
        ))
);
CREATE TABLE message_dispatches (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    kind text NOT NULL,
    anchor_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    status text NOT NULL,
    attempts smallint NOT NULL,
    next_at timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT pk_message_dispatches PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_message_dispatches_appointment
        FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT uq_message_dispatches_moment UNIQUE (clinic_id, appointment_id, kind, anchor_at),
    CONSTRAINT ck_message_dispatches_kind
        CHECK (kind IN (
            'confirmation', 'screening_14d', 'preparation_7d', 'reminder_2d', 'screening_1d', 'reminder_2h',
            'aftercare', 'aftercare_1d', 'aftercare_3d', 'aftercare_7d', 'aftercare_14d', 'next_session_28d',
            'review_84d', 'no_show', 'no_show_1d'
        )),
    CONSTRAINT ck_message_dispatches_status
        CHECK (status IN ('due', 'sending', 'sent', 'failed', 'cancelled')),
    CONSTRAINT ck_message_dispatches_sent CHECK ((sent_at IS NOT NULL) = (status = 'sent'))
);
CREATE INDEX ix_message_dispatches_next ON message_dispatches (clinic_id, next_at)
    WHERE status IN ('due', 'sending');
CREATE INDEX ix_events_messages ON events (clinic_id, occurred_at)
    WHERE type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.no_show');
"""

# The defaults of that day: a revision stays as it is when the file of messages changes.
MESSAGES = (
    (
        "confirmation",
        "Your visit on {date} at {time}",
        (
            "Hello {patient},\n"
            "\n"
            "your visit to {clinic}, {location}, is booked for {date} at {time}.\n"
            "Moving or cancelling is free of charge until {cancel_until}."
        ),
    ),
    (
        "screening_14d",
        "A few questions before your visit on {date}",
        (
            "Hello {patient},\n"
            "\n"
            "before your visit on {date} at {time} we have some questions for you.\n"
            "Please answer the questionnaire of {clinic} in the next days."
        ),
    ),
    (
        "preparation_7d",
        "Preparing for your visit on {date}",
        (
            "Hello {patient},\n"
            "\n"
            "your visit is in a week, on {date} at {time}.\n"
            "Please read the notes on preparation that {clinic} gave you, and start today."
        ),
    ),
    (
        "reminder_2d",
        "Your visit on {date} at {time}",
        (
            "Hello {patient},\n"
            "\n"
            "we look forward to seeing you at {location} on {date} at {time}.\n"
            "Please reply C to confirm or R to move it. That is free until {cancel_until}."
        ),
    ),
    (
        "screening_1d",
        "A short check before your visit on {date}",
        (
            "Hello {patient},\n"
            "\n"
            "you are expected on {date} at {time}. Please answer our short questionnaire today:\n"
            "if anything has changed since your booking, we would like to know before you set out."
        ),
    ),
    (
        "reminder_2h",
        "See you at {time}",
        ("Hello {patient},\n\nyour visit to {location} begins at {time}. Please come ten minutes early."),
    ),
    (
        "aftercare",
        "After your visit to {clinic}",
        (
            "Hello {patient},\n"
            "\n"
            "thank you for coming.\n"
            "Please read the aftercare sheet that you were given, and tell us that you have."
        ),
    ),
    (
        "aftercare_1d",
        "How are you today?",
        (
            "Hello {patient},\n"
            "\n"
            "how are you, a day after your visit? Your routine may start again as the aftercare sheet says.\n"
            "Please call {clinic} if anything worries you."
        ),
    ),
    (
        "aftercare_3d",
        "Three days after your visit",
        (
            "Hello {patient},\n"
            "\n"
            "how are you doing? Please read on the aftercare sheet what you may do again from today.\n"
            "Please call {clinic} if anything worries you."
        ),
    ),
    (
        "aftercare_7d",
        "A week after your visit",
        (
            "Hello {patient},\n"
            "\n"
            "a week has passed since your visit.\n"
            "Please answer our short questionnaire, with a photo if you like.\n"
            "Please call {clinic} if anything worries you."
        ),
    ),
    (
        "aftercare_14d",
        "Two weeks after your visit",
        (
            "Hello {patient},\n"
            "\n"
            "two weeks have passed since your visit.\n"
            "The special care that the aftercare sheet asks for ends today."
        ),
    ),
    (
        "next_session_28d",
        "Your next visit to {clinic}",
        (
            "Hello {patient},\n"
            "\n"
            "your next visit to {clinic} can be booked. We look forward to hearing from you."
        ),
    ),
    (
        "review_84d",
        "Looking back together",
        (
            "Hello {patient},\n"
            "\n"
            "we would like to look at the result with you. Please book a visit to {clinic} for it."
        ),
    ),
    (
        "no_show",
        "We missed you",
        (
            "Hello {patient},\n"
            "\n"
            "we expected you at {time} on {date}. Would you like to book another time?\n"
            "{clinic}, {location}"
        ),
    ),
    (
        "no_show_1d",
        "Shall we find another time?",
        (
            "Hello {patient},\n"
            "\n"
            "your visit on {date} did not take place. Would you like to book another time?\n"
            "{clinic}, {location}"
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
    """Create the tables, then give every clinic, bound in turn, the words of each kind of message."""
    op.execute(TABLES)
    for table in ("message_templates", "message_dispatches"):
        protect(table)
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        own = [dict(zip(("kind", "subject", "body"), message, strict=True)) for message in MESSAGES]
        connection.execute(INSERT, [{"clinic_id": clinic_id, "id": uuid7(), **one} for one in own])
    connection.execute(BIND, {"clinic_id": ""})
