"""Let a clinic word its prepared replies"""

import sqlalchemy as sa
from alembic import op

from messaging_server.storage.types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prepared_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_prepared_texts_clinic_id"),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name="fk_prepared_texts_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_prepared_texts"),
        sa.UniqueConstraint("clinic_id", "key", "version", name="uq_prepared_texts_clinic_id_key_version"),
    )


def downgrade() -> None:
    op.drop_table("prepared_texts")
