"""Keep a patient's own sensitive words"""

import sqlalchemy as sa
from alembic import op

from messaging_server.storage.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_key_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_own_words_clinic_id"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_own_words_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_own_words"),
    )
    op.create_index("ix_own_words_record_id", "own_words", ["record_id"])
    op.add_column("records", sa.Column("own_words", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("exchanges", sa.Column("unmatched", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("exchanges", "unmatched")
    op.drop_column("records", "own_words")
    op.drop_index("ix_own_words_record_id", "own_words")
    op.drop_table("own_words")
