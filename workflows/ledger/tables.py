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


class Disclosure(SQLModel, table=True):
    """One personal value of one event, salted; the leaf holds only its digest (RFC 9901).

    Deleting these rows erases the person and leaves every proof valid.
    """

    event_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    subject: str = Field(index=True)
    disclosure: str
