"""Nothing personal enters what is kept for ever: every byte of a whole leave is searched."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.security.tokens import Role
from tests.unmistakable import ADDRESS, NAME, VALUES, Telling, found_in, telling_house
from workflows.ledger.export import export
from workflows.ledger.formats import FORMATS, format_named
from workflows.ledger.read import Filters
from workflows.ledger.tables import Disclosure, Leaf
from workflows.tables import HrDelivery


@pytest.fixture
async def telling(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Telling]:
    async with telling_house(sqlite_url, tmp_path) as made:
        yield made


async def test_no_leaf_and_no_export_holds_anything_that_says_who_left(
    telling: Telling, capfd: pytest.CaptureFixture[str]
) -> None:
    await telling.leave()
    auditor = await telling.exeunt.client(Role.AUDITOR)
    asked = {"type": NAME, "case": ADDRESS}
    # No free text: what is asked for stands in the log for ever.
    assert (await auditor.get("/audit/export", params=asked)).status_code == 422
    world = telling.exeunt.world
    await world.ledger.sequence()
    async with world.store.read() as session:
        leaves = (await session.exec(select(Leaf))).all()
        kept = [row.disclosure for row in (await session.exec(select(Disclosure))).all()]
        bodies = (await session.exec(select(HrDelivery.body_sha256))).all()
    assert found_in("\n".join(kept).encode(), VALUES), "the values were there to be found"
    for leaf in leaves:
        assert found_in(leaf.d, (*telling.values, *bodies)) == set(), leaf.type
    for name in FORMATS:
        parts = export(world.store, format_named(name), Filters())
        text = b"".join([part.data async for part in parts])
        assert found_in(text, telling.values) == set(), name
    said = capfd.readouterr()
    assert found_in((said.out + said.err).encode(), telling.values) == set()
