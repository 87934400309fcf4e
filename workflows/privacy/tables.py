"""What is remembered of erasing: who must be kept, what was asked for, what is to be wiped."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from workflows.store import Instant


class LegalHold(SQLModel, table=True):
    """Somebody's word that a worker's data must be kept: a dispute, an authority."""

    __tablename__ = "legal_hold"

    worker_id: str = Field(primary_key=True, foreign_key="worker.id")
    reason: str
    placed_by: str
    placed_at: datetime = Field(sa_type=Instant)


class ErasureRequest(SQLModel, table=True):
    """One person's word for an erasure. It takes another's for the same one."""

    __tablename__ = "erasure_request"

    worker_id: str = Field(primary_key=True, foreign_key="worker.id")
    basis: str
    asked_by: str
    asked_at: datetime = Field(sa_type=Instant)


class Upkeep(SQLModel, table=True):
    """One row: when retention was last seen to, and whether deleted bytes are still to be wiped."""

    __tablename__ = "privacy_upkeep"

    id: int = Field(default=1, primary_key=True)
    swept_at: datetime | None = Field(default=None, sa_type=Instant)
    wipe: bool = False
