"""Bearer tokens with roles. The token itself is shown once and never stored."""

import base64
import hashlib
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, select

from adapters.clock import Clock
from workflows.caller import Caller
from workflows.errors import NotFound
from workflows.ledger.events import Actor, Event
from workflows.ledger.record import Ledger
from workflows.store import Store
from workflows.tables import ApiToken

PREFIX = "exn_"
SIZE = 32


class Role(StrEnum):
    VIEWER = "viewer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"


READ = frozenset(Role)
AUDIT = frozenset({Role.AUDITOR, Role.ADMIN})
OPERATE = frozenset({Role.OPERATOR, Role.ADMIN})
ADMINISTER = frozenset({Role.ADMIN})
APPROVE = frozenset({Role.APPROVER, Role.ADMIN})


async def create_token(
    store: Store,
    ledger: Ledger,
    clock: Clock,
    *,
    role: Role,
    name: str,
    address: str = "",
    person: bool = True,
    expires_at: datetime | None = None,
) -> str:
    """Make a token and return it: the only time that it can be seen."""
    secret = base64.urlsafe_b64encode(clock.token(SIZE)).decode("ascii").rstrip("=")
    token = PREFIX + secret
    row = ApiToken(
        id=clock.id("tok"),
        sha256=_sha256(token),
        role=role,
        name=name,
        address=address,
        person=person,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    async with store.write() as session:
        session.add(row)
        await ledger.record(
            session,
            Event(
                "token.created",
                data={"token": row.id, "role": role, "person": person},
                personal={"name": name, "address": address or None},
                actor=Actor("person", "command-line"),
            ),
        )
    return token


async def list_tokens(store: Store) -> list[ApiToken]:
    """Every token that was ever made, newest first. None of them can be shown again."""
    async with store.read() as session:
        query = select(ApiToken).order_by(col(ApiToken.created_at).desc())
        return list((await session.exec(query)).all())


async def revoke_token(store: Store, ledger: Ledger, clock: Clock, token_id: str) -> None:
    """From now on it opens nothing. Raises NotFound."""
    async with store.write() as session:
        row = await session.get(ApiToken, token_id)
        if row is None:
            raise NotFound(f"there is no token {token_id}", "List them: `exeunt token list`.")
        row.revoked_at = row.revoked_at or clock.now()
        await ledger.record(
            session,
            Event(
                "token.revoked",
                data={"token": row.id, "role": row.role},
                actor=Actor("person", "command-line"),
            ),
        )


async def caller_of(store: Store, clock: Clock, token: str) -> Caller | None:
    """Who holds this token; None for one that is unknown, revoked or past its time."""
    async with store.read() as session:
        query = select(ApiToken).where(ApiToken.sha256 == _sha256(token))
        row = (await session.exec(query)).first()
    if row is None or row.revoked_at or (row.expires_at and row.expires_at <= clock.now()):
        return None
    return Caller(row.id, row.name, row.role, row.person, row.address)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
