"""Tokens: shown once, kept as a hash, ended when somebody says so or when their time is over."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role, create_token, list_tokens, revoke_token
from tests.house import House, house


@pytest.fixture
async def exeunt(sqlite_url: str) -> AsyncIterator[House]:
    async with house(sqlite_url, {"directory": PracticeDirectory()}) as running:
        yield running


async def status(exeunt: House, token: str) -> int:
    client = await exeunt.client()
    answer = await client.get("/cases", headers={"Authorization": f"Bearer {token}"})
    return httpx.codes(answer.status_code)


async def test_a_token_is_nowhere_in_the_database(exeunt: House) -> None:
    token = await exeunt.token(Role.VIEWER)
    async with exeunt.world.store.read() as session:
        connection = await session.connection()
        kept = (await connection.execute(sa.text("SELECT * FROM api_token"))).all()
    assert token not in repr(kept)
    assert await status(exeunt, token) == 200


async def test_a_revoked_token_opens_nothing_and_the_log_says_so(exeunt: House) -> None:
    world, token = exeunt.world, await exeunt.token(Role.VIEWER)
    newest = (await list_tokens(world.store))[0]
    await revoke_token(world.store, world.ledger, world.clock, newest.id)
    assert await status(exeunt, token) == 401
    [event] = await exeunt.events(type="token.revoked")
    assert event["data"] == {"role": "viewer", "token": newest.id}


async def test_a_token_whose_time_is_over_opens_nothing(exeunt: House) -> None:
    world = exeunt.world
    token = await create_token(
        world.store,
        world.ledger,
        world.clock,
        role=Role.VIEWER,
        name="short",
        expires_at=world.clock.now() - timedelta(seconds=1),
    )
    assert await status(exeunt, token) == 401


async def test_the_log_says_who_exported_it_and_how_the_service_was_started(
    exeunt: House,
) -> None:
    client = await exeunt.client(Role.AUDITOR)
    await client.get("/audit/export", params={"format": "csv"})
    [exported] = await exeunt.events(type="audit.exported")
    assert (exported["data"]["format"], exported["actor"]["kind"]) == ("csv", "person")
    [started] = await exeunt.events(type="service.started")
    assert started["data"]["systems"] == {"directory": "enforce"}
