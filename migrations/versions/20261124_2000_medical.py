"""Create treatments elsewhere, medical holds, and each clinic's rules for medical holds."""

from alembic import op
from sqlalchemy import text
from uuid_utils.compat import uuid7

from migrations.policies import protect

revision = "20261124_2000"
down_revision = "20261122_2210"

TABLES = """
CREATE TABLE external_treatments (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    event text NOT NULL,
    areas text[] NOT NULL,
    treated_on date NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_external_treatments PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_external_treatments_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT ck_external_treatments_event
        CHECK (event IN (
            'micro_needling', 'rf_micro_needling', 'botulinum_toxin', 'dermal_filler', 'superficial_peel',
            'medium_peel', 'deep_peel', 'ipl', 'fractional_laser', 'waxing', 'laser_hair_removal',
            'microdermabrasion', 'sun_exposure', 'topical_retinoid', 'acids', 'isotretinoin', 'facelift',
            'other_surgery', 'radiotherapy', 'home_roller', 'important_event'
        ))
);
CREATE INDEX ix_external_treatments_patient ON external_treatments (clinic_id, patient_id);
CREATE TABLE medical_holds (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    code text NOT NULL,
    areas text[] NOT NULL,
    opened_on date NOT NULL,
    resolved_on date,
    earliest_on date,
    signed_off jsonb,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_medical_holds PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_medical_holds_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT ck_medical_holds_code
        CHECK (code IN (
            'infection', 'pregnancy', 'breastfeeding', 'keloid_tendency', 'anticoagulant', 'under_age',
            'prolonged_redness', 'hyperpigmentation', 'serious_adverse_effect', 'anaesthetic_reaction'
        )),
    CONSTRAINT ck_medical_holds_order CHECK (resolved_on >= opened_on)
);
CREATE INDEX ix_medical_holds_patient ON medical_holds (clinic_id, patient_id);
CREATE TABLE hold_rules (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    rule_id text NOT NULL,
    effect text NOT NULL,
    against text NOT NULL,
    days_after_resolved smallint NOT NULL,
    minimum_age smallint,
    released_by text NOT NULL,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_hold_rules PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_hold_rules_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT uq_hold_rules_code UNIQUE (clinic_id, code),
    CONSTRAINT ck_hold_rules_code
        CHECK (code IN (
            'infection', 'pregnancy', 'breastfeeding', 'keloid_tendency', 'anticoagulant', 'under_age',
            'prolonged_redness', 'hyperpigmentation', 'serious_adverse_effect', 'anaesthetic_reaction'
        )),
    CONSTRAINT ck_hold_rules_effect CHECK (effect IN ('block', 'advise')),
    CONSTRAINT ck_hold_rules_against CHECK (against IN ('treatment', 'numbing')),
    CONSTRAINT ck_hold_rules_days_after_resolved CHECK (days_after_resolved BETWEEN 0 AND 3660),
    CONSTRAINT ck_hold_rules_minimum_age CHECK (minimum_age BETWEEN 0 AND 120),
    CONSTRAINT ck_hold_rules_released_by
        CHECK (released_by IN ('therapist', 'clinician', 'dermatologist'))
);
"""

# The defaults of that day: a revision stays as it is when the catalogue's file changes.
HOLD_RULES = (
    ("infection", "H01", "block", "treatment", 14, None, "clinician"),
    ("pregnancy", "H02", "block", "treatment", 0, None, "clinician"),
    ("breastfeeding", "H03", "advise", "treatment", 0, None, "clinician"),
    ("keloid_tendency", "H04", "block", "treatment", 0, None, "dermatologist"),
    ("anticoagulant", "H05", "block", "treatment", 0, None, "clinician"),
    ("under_age", "H06", "block", "treatment", 0, 18, "clinician"),
    ("prolonged_redness", "H07", "block", "treatment", 14, None, "clinician"),
    ("hyperpigmentation", "H08", "block", "treatment", 28, None, "dermatologist"),
    ("serious_adverse_effect", "H09", "block", "treatment", 0, None, "dermatologist"),
    ("anaesthetic_reaction", "H10", "block", "numbing", 0, None, "clinician"),
)
COLUMNS = ("code", "rule_id", "effect", "against", "days_after_resolved", "minimum_age", "released_by")

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
INSERT = text(
    f"INSERT INTO hold_rules (clinic_id, id, active, {', '.join(COLUMNS)})"  # noqa: S608 - names written above
    f" VALUES (:clinic_id, :id, true, {', '.join(f':{name}' for name in COLUMNS)})"
)


def upgrade() -> None:
    """Create the tables, give every clinic its rules, then count a change of a rule as the catalogue's."""
    op.execute(TABLES)
    for table in ("external_treatments", "medical_holds", "hold_rules"):
        protect(table)
    _give_every_clinic_its_rules()
    # Only now: no process that knows these rules has a catalogue without them, so the first rules need not
    # count as a change of the catalogue, for which bookings would have to wait.
    op.execute(
        "CREATE TRIGGER touch_catalog BEFORE INSERT OR UPDATE OR DELETE ON hold_rules "
        "FOR EACH STATEMENT EXECUTE FUNCTION touch_catalog()"
    )


def _give_every_clinic_its_rules() -> None:
    """Write the rules clinic by clinic: row-level security is forced, so each clinic is bound in turn."""
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        own = [dict(zip(COLUMNS, rule, strict=True)) for rule in HOLD_RULES]
        connection.execute(INSERT, [{"clinic_id": clinic_id, "id": uuid7(), **rule} for rule in own])
    connection.execute(BIND, {"clinic_id": ""})
