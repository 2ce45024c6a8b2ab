"""Find what the team asks for: a patient"s open work, what was closed this week, exceptional sends, colleagues"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_tasks_record_id_status": ("tasks", ["record_id", "status"]),
    "ix_tasks_clinic_id_closed_at": ("tasks", ["clinic_id", "closed_at"]),
    "ix_accounts_clinic_id_role": ("accounts", ["clinic_id", "role"]),
    "ix_activations_clinic_id_role_used_at": ("activations", ["clinic_id", "role", "used_at"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)
    few = sa.text("kind = 'override'")
    op.create_index(
        "ix_entries_overrides", "entries", ["clinic_id", "created_at"], sqlite_where=few, postgresql_where=few
    )


def downgrade() -> None:
    op.drop_index("ix_entries_overrides", "entries")
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
