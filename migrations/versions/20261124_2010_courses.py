"""Create course templates with their own spacing, and courses that appointments belong to."""

from alembic import op

from migrations.policies import protect

revision = "20261124_2010"
down_revision = "20261124_2000"

TABLES = """
CREATE TABLE course_templates (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    procedure_ids uuid[] NOT NULL,
    sessions smallint NOT NULL,
    min_sessions smallint NOT NULL,
    max_sessions smallint NOT NULL,
    review_days integer,
    maintenance_opens_months smallint,
    maintenance_closes_months smallint,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_course_templates PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_course_templates_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT uq_course_templates_code UNIQUE (clinic_id, code),
    CONSTRAINT ck_course_templates_procedures CHECK (cardinality(procedure_ids) >= 1),
    CONSTRAINT ck_course_templates_sessions CHECK (
        1 <= min_sessions AND min_sessions <= sessions AND sessions <= max_sessions AND max_sessions <= 50
    ),
    CONSTRAINT ck_course_templates_review CHECK (review_days >= 1),
    CONSTRAINT ck_course_templates_maintenance CHECK (
        (maintenance_opens_months IS NULL) = (maintenance_closes_months IS NULL)
        AND 0 < maintenance_opens_months AND maintenance_opens_months < maintenance_closes_months
        AND maintenance_closes_months <= 60
    )
);
CREATE TABLE courses (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    template_id uuid,
    procedure_id uuid,
    sessions smallint NOT NULL,
    status text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_courses PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_courses_patient FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT fk_courses_template
        FOREIGN KEY (clinic_id, template_id) REFERENCES course_templates (clinic_id, id),
    CONSTRAINT fk_courses_procedure
        FOREIGN KEY (clinic_id, procedure_id) REFERENCES procedures (clinic_id, id),
    CONSTRAINT ck_courses_subject CHECK (num_nonnulls(template_id, procedure_id) = 1),
    CONSTRAINT ck_courses_sessions CHECK (sessions BETWEEN 1 AND 50),
    CONSTRAINT ck_courses_status
        CHECK (status IN ('planned', 'active', 'paused', 'lapsed', 'completed', 'cancelled'))
);
CREATE INDEX ix_courses_patient ON courses (clinic_id, patient_id);
CREATE INDEX ix_courses_template ON courses (clinic_id, template_id) WHERE template_id IS NOT NULL;
"""

# A constraint that is added NOT VALID keeps its lock for an instant only; validating it afterwards lets
# others write meanwhile. No appointment names a course yet, and no rule a template.
REFERENCES = """
ALTER TABLE spacing_rules ADD COLUMN template_id uuid;
ALTER TABLE spacing_rules ADD CONSTRAINT fk_spacing_rules_template
    FOREIGN KEY (clinic_id, template_id) REFERENCES course_templates (clinic_id, id)
    ON DELETE CASCADE NOT VALID;
ALTER TABLE spacing_rules VALIDATE CONSTRAINT fk_spacing_rules_template;
CREATE UNIQUE INDEX uq_spacing_rules_template ON spacing_rules (clinic_id, template_id)
    WHERE template_id IS NOT NULL;
ALTER TABLE appointments ADD CONSTRAINT fk_appointments_course
    FOREIGN KEY (clinic_id, course_id) REFERENCES courses (clinic_id, id) NOT VALID;
ALTER TABLE appointments VALIDATE CONSTRAINT fk_appointments_course;
CREATE INDEX ix_appointments_course ON appointments (clinic_id, course_id) WHERE course_id IS NOT NULL;
"""


def upgrade() -> None:
    """Create the tables, limit both to their clinic and refer to them; templates belong to the catalogue."""
    op.execute(TABLES)
    for table in ("course_templates", "courses"):
        protect(table)
    op.execute(
        "CREATE TRIGGER touch_catalog BEFORE INSERT OR UPDATE OR DELETE ON course_templates "
        "FOR EACH STATEMENT EXECUTE FUNCTION touch_catalog()"
    )
    op.execute(REFERENCES)
