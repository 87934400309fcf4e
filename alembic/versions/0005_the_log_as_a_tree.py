"""the log as a tree

Revision ID: 0005
Revises: 0004
"""

import hashlib
import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "the audit log only grows: rows are never changed or removed"
KEPT = "the audit log only grows: this part of it is still to be kept"
TILE = 256


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("pruned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "n"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("cosignatures", sa.String(), nullable=False),
        sa.Column("time_stamp", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "size"),
    )
    op.create_table(
        "audit_key",
        sa.Column("vkey", sa.String(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("vkey"),
    )
    op.create_table(
        "audit_shipment",
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("next_idx", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("destination"),
    )
    _outbox()
    _grow_tree()
    _guards()


def _outbox() -> None:
    """What waits to be put in order tells what it is without being read."""
    with op.batch_alter_table("audit_outbox") as table:
        table.add_column(sa.Column("time", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("type", sa.String(), nullable=True))
        table.add_column(sa.Column("case_id", sa.String(), nullable=True))
    bind = op.get_bind()
    outbox = sa.table(
        "audit_outbox",
        sa.column("seq", sa.BigInteger()),
        sa.column("d", sa.LargeBinary()),
        sa.column("time", sa.DateTime(timezone=True)),
        sa.column("type", sa.String()),
        sa.column("case_id", sa.String()),
    )
    for seq, d in bind.execute(sa.select(outbox.c.seq, outbox.c.d)).all():
        event = json.loads(bytes(d))
        told = {
            "time": datetime.fromisoformat(event["time"]),
            "type": event["type"],
            "case_id": event.get("case"),
        }
        bind.execute(outbox.update().where(outbox.c.seq == seq).values(told))
    with op.batch_alter_table("audit_outbox") as table:
        table.alter_column("time", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("type", existing_type=sa.String(), nullable=False)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [_node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _grow_tree() -> None:
    """The leaves that are there already, put under a tree."""
    bind = op.get_bind()
    head = sa.table(
        "audit_head",
        *(sa.column(name) for name in ("id", "origin", "size", "pruned")),
        sa.column("frontier", sa.LargeBinary()),
    )
    tile = sa.table(
        "audit_tile",
        sa.column("level"),
        sa.column("n"),
        sa.column("hashes", sa.LargeBinary()),
        sa.column("root", sa.LargeBinary()),
    )
    rows = bind.execute(sa.text("SELECT idx, lh FROM leaf ORDER BY idx")).all()
    if [idx for idx, _ in rows] != list(range(len(rows))):
        raise RuntimeError("leaves are missing: this log was pruned or changed, restore a backup")
    leaves = [bytes(lh) for _, lh in rows]
    level, hashes = 0, leaves
    while len(hashes) >= TILE:
        roots = []
        for n in range(len(hashes) // TILE):
            part = hashes[n * TILE : (n + 1) * TILE]
            roots.append(_root(part))
            row = {"level": level, "n": n, "hashes": b"".join(part), "root": roots[-1]}
            bind.execute(tile.insert().values(row))
        level, hashes = level + 1, roots
    frontier: list[bytes] = []
    for count, leaf in enumerate(leaves):
        closes, added = count, leaf
        while closes & 1:
            added = _node(frontier.pop(), added)
            closes >>= 1
        frontier.append(added)
    bind.execute(
        head.insert().values(
            id=1, origin="", size=len(leaves), frontier=b"".join(frontier), pruned=0
        )
    )


def _guards() -> None:
    """Guards against mistakes: a leaf goes only when the log has said that its time is over."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER leaf_no_delete")
        op.execute(
            "CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf "
            "WHEN OLD.idx >= (SELECT pruned FROM audit_head) "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )
        for table in ("audit_tile", "audit_checkpoint"):
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        op.execute(
            "CREATE TRIGGER audit_tile_no_update BEFORE UPDATE ON audit_tile "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE OF origin, size, root, note "
            f"ON audit_checkpoint BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        return
    op.execute("DROP TRIGGER leaf_only_grows ON leaf")
    op.execute(
        "CREATE TRIGGER leaf_only_grows BEFORE UPDATE OR TRUNCATE ON leaf "
        "FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
    )
    op.execute(
        "CREATE FUNCTION exeunt_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.idx >= (SELECT pruned FROM audit_head) THEN "
        f"RAISE EXCEPTION '{KEPT}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER leaf_is_kept BEFORE DELETE ON leaf "
        "FOR EACH ROW EXECUTE FUNCTION exeunt_keep()"
    )
    op.execute(
        "CREATE TRIGGER audit_tile_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tile "
        "FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_checkpoint_only_grows BEFORE DELETE OR TRUNCATE ON audit_checkpoint "
        "FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_checkpoint_stays BEFORE UPDATE OF origin, size, root, note "
        "ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT pruned FROM audit_head")).scalar():
        raise RuntimeError(
            "leaves were pruned: without the tree that would be dropped here nothing could be "
            "proved of this log any more, nor could it grow. Restore a backup from before instead."
        )
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("DROP TRIGGER leaf_no_delete")
        op.execute(
            "CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    else:
        op.execute("DROP TRIGGER leaf_is_kept ON leaf")
        op.execute("DROP FUNCTION exeunt_keep()")
        op.execute("DROP TRIGGER leaf_only_grows ON leaf")
        op.execute(
            "CREATE TRIGGER leaf_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf "
            "FOR EACH STATEMENT EXECUTE FUNCTION exeunt_refuse()"
        )
    with op.batch_alter_table("audit_outbox") as table:
        for column in ("time", "type", "case_id"):
            table.drop_column(column)
    for name in ("shipment", "key", "checkpoint", "tile", "head"):
        op.drop_table(f"audit_{name}")
