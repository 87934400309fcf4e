"""Proofs of many leaves at once are the proofs that each would have had alone."""

import pytest

from tests.trees import log_of
from workflows.ledger import proofs


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700, 1500])
async def test_many_proofs_at_once_are_those_of_each(sqlite_url: str, size: int) -> None:
    wanted = sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)))
    async with log_of(sqlite_url, 1500) as (store, _), store.read() as session:
        many = await proofs.inclusions(session, wanted, size)
        assert many == {at: await proofs.inclusion(session, at, size) for at in wanted}


async def test_a_leaf_or_a_tree_that_is_not_there_has_no_proof(sqlite_url: str) -> None:
    async with log_of(sqlite_url, 3) as (store, _), store.read() as session:
        with pytest.raises(proofs.NoSuchTree):
            await proofs.inclusions(session, [3], 3)
        with pytest.raises(proofs.NoSuchTree):
            await proofs.inclusions(session, [0], 4)
