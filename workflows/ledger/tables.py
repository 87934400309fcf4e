"""The ledger's own tables: an outbox, the leaves with their bytes verbatim, and disclosures."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from workflows.store import Instant


class Outbox(SQLModel, table=True):
    """Events that are committed with the state that they explain, and not yet in order.

    Numbers here are taken before the commit, so they may appear out of order; the contiguous
    index of a leaf is given by the one sequencer.
    """

    __tablename__ = "audit_outbox"

    seq: int | None = Field(
        default=None,
        sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    )
    id: str = Field(unique=True)
    d: bytes
    time: datetime = Field(sa_type=Instant)
    type: str
    case_id: str | None = None


class Leaf(SQLModel, table=True):
    """One event for ever: `d` is its RFC 8785 bytes, `lh` the RFC 6962 leaf hash over them.

    The other columns repeat what is in `d`, to be searched by.
    """

    idx: int = Field(sa_column=sa.Column(sa.BigInteger(), primary_key=True, autoincrement=False))
    id: str = Field(unique=True)
    d: bytes
    lh: bytes
    time: datetime = Field(sa_type=Instant, index=True)
    type: str = Field(index=True)
    case_id: str | None = Field(default=None, index=True)


class Head(SQLModel, table=True):
    """Where the log stands: one row, locked by whoever appends to it or signs it."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    origin: str = ""
    """The name under which it is signed; empty until the first checkpoint."""
    size: int = Field(default=0, sa_type=sa.BigInteger)
    frontier: bytes = b""
    """The roots of the perfect subtrees of the first `size` leaves."""
    pruned: int = Field(default=0, sa_type=sa.BigInteger)
    """Leaves before this one were kept for as long as the policy says; their hashes remain."""


class Tile(SQLModel, table=True):
    """256 neighbouring hashes of one level, once they are complete (C2SP tlog-tiles).

    Level 0 holds leaf hashes, level n the roots of the tiles of level n - 1.
    """

    __tablename__ = "audit_tile"

    level: int = Field(primary_key=True)
    n: int = Field(sa_column=sa.Column(sa.BigInteger(), primary_key=True, autoincrement=False))
    hashes: bytes
    root: bytes


class Checkpoint(SQLModel, table=True):
    """A tree head that was signed, and who has seen it since (C2SP tlog-checkpoint)."""

    __tablename__ = "audit_checkpoint"

    origin: str = Field(primary_key=True)
    size: int = Field(sa_column=sa.Column(sa.BigInteger(), primary_key=True, autoincrement=False))
    root: bytes
    signed_at: datetime = Field(sa_type=Instant)
    note: str
    """Body and our own signatures: what a time stamp covers."""
    cosignatures: str = ""
    """Lines of witnesses, to be put behind the note."""
    time_stamp: bytes | None = None
    """RFC 3161 token, DER, as it came."""


class LogKey(SQLModel, table=True):
    """A public key that was announced in the log."""

    __tablename__ = "audit_key"

    vkey: str = Field(primary_key=True)
    announced_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class Shipment(SQLModel, table=True):
    """How far one destination outside has come: a sink, a witness, the time stamping authority.

    The log is the queue: `next_idx` is the first leaf that it has not taken yet.
    """

    __tablename__ = "audit_shipment"

    destination: str = Field(primary_key=True)
    next_idx: int = Field(default=0, sa_type=sa.BigInteger)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    leased_by: str = ""
    failures: int = 0
    last_error: str = ""
    tried_at: datetime | None = Field(default=None, sa_type=Instant)
    taken_at: datetime | None = Field(default=None, sa_type=Instant)


class Disclosure(SQLModel, table=True):
    """One personal value of one event, salted; the leaf holds only its digest (RFC 9901).

    Deleting these rows erases the person and leaves every proof valid.
    """

    event_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    subject: str = Field(index=True)
    disclosure: str
