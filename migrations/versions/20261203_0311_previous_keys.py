"""Find a key by its previous text by an index."""

from migrations.indexes import build_index

revision = "20261203_0311"
down_revision = "20261203_0310"


def upgrade() -> None:
    """Expand only; earlier code goes on unchanged."""
    build_index(
        "ix_api_keys_previous_hash",
        "api_keys (previous_hash) WHERE previous_hash IS NOT NULL",
        unique=True,
    )
