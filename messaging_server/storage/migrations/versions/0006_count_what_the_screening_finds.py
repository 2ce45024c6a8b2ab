"""Count what the screening finds"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "screening_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("cell_fp", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_cell", sa.LargeBinary(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_screening_counts_clinic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_screening_counts"),
        sa.UniqueConstraint("clinic_id", "month", "cell_fp", name="uq_screening_counts_clinic_id_month_cell_fp"),
    )
    op.create_index(
        "ix_tasks_emergencies", "tasks", ["clinic_id", "closed_at"], unique=False,
        sqlite_where=sa.text("rank = 0"), postgresql_where=sa.text("rank = 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_emergencies", table_name="tasks")
    op.drop_table("screening_counts")
