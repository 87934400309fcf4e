"""the log only grows

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A guard against mistakes, not against whoever owns the database: for that one, the log is
# published and witnessed.
REFUSAL = "the audit log only grows: rows are never changed or removed"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER leaf_no_{verb.lower()} BEFORE {verb} ON leaf "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION exeunt_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER leaf_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf "
        "FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER leaf_no_update")
        op.execute("DROP TRIGGER leaf_no_delete")
        return
    op.execute("DROP TRIGGER leaf_only_grows ON leaf")
    op.execute("DROP FUNCTION exeunt_refuse()")
