"""Let consultations elsewhere, or before go-live, be noted among a patient's treatments."""

from alembic import op

revision = "20261201_0410"
down_revision = "20261201_0400"


def upgrade() -> None:
    """Expand only; earlier code writes no such event, and reads it as one that no rule knows."""
    op.execute("""
        ALTER TABLE external_treatments
            DROP CONSTRAINT ck_external_treatments_event,
            ADD CONSTRAINT ck_external_treatments_event CHECK (event IN (
                'micro_needling', 'rf_micro_needling', 'botulinum_toxin', 'dermal_filler', 'superficial_peel',
                'medium_peel', 'deep_peel', 'ipl', 'fractional_laser', 'waxing', 'laser_hair_removal',
                'microdermabrasion', 'sun_exposure', 'topical_retinoid', 'acids', 'isotretinoin', 'facelift',
                'other_surgery', 'radiotherapy', 'home_roller', 'important_event', 'consultation'
            )) NOT VALID
    """)
    # The check of the rows that are there needs a weaker lock: others write meanwhile.
    op.execute("ALTER TABLE external_treatments VALIDATE CONSTRAINT ck_external_treatments_event")
