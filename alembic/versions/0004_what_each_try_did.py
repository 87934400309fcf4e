"""what each try did

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reached", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("taken", sa.JSON(), nullable=True))
    with op.batch_alter_table("case_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("before_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        batch_op.add_column(sa.Column("earlier", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("first_turn", sa.Integer(), nullable=False, server_default="1")
        )


def downgrade() -> None:
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.drop_column("first_turn")
    with op.batch_alter_table("case_account", schema=None) as batch_op:
        batch_op.drop_column("earlier")
        batch_op.drop_column("whole")
        batch_op.drop_column("before_at")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_column("taken")
        batch_op.drop_column("since")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_column("reached")
