"""what is given back

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_to", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("things", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("offboarding_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("restore_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("offboarding_case", schema=None) as batch_op:
        batch_op.drop_column("restore_by")
        batch_op.drop_column("restored_at")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_column("things")
        batch_op.drop_column("given_to")
