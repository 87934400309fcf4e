"""The stage of most cases."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.house import house
from tests.workflows.stage import Stage


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    made = Stage()
    async with AsyncExitStack() as stack:
        opened = house(sqlite_url, made.vendors, extra={"tenant": {"token_lifetime": "0"}})
        made.exeunt = await stack.enter_async_context(opened)
        yield made
