"""Let a channel rest for a while"""

import sqlalchemy as sa
from alembic import op

from messaging_server.storage.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_pauses",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_channel_pauses_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "channel", name="pk_channel_pauses"),
    )


def downgrade() -> None:
    op.drop_table("channel_pauses")
