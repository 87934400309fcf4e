"""What all tests share: a clock that stands still until it is told to go."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from adapters.clock import Clock
from tests import postgres

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class StillClock(Clock):
    """Time moves when the test says so; identifiers and salts stay as random as they are."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)

    def seconds(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def jitter(self) -> float:
        return 0.0


# How long a property takes says nothing: a machine may be busy.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile(os.environ.get("EXEUNT_PROPERTIES", "thorough"))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.postgres() as server:
        yield server


TAKES_ITS_TIME = (
    "[postgresql",
    "tests/workflows/",
    "tests/api/test_bad_input.py",
    "tests/api/test_main_job.py",
    "tests/api/test_reads.py",
    "tests/api/test_export.py",
    "tests/api/test_workers.py",
    "tests/contract/test_google_description.py",
    "tests/unit/test_deliver.py",
    "tests/unit/test_erase_command.py",
    "tests/unit/test_google_sign_in.py",
    "tests/unit/test_hostile_publisher.py",
    "tests/unit/test_proofs.py",
    "tests/unit/test_publish.py",
    "tests/unit/test_retention.py",
    "tests/unit/test_splunk.py",
    "tests/unit/test_upkeep.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The developer's loop leaves out whole cases and the second database; `make test` has both."""
    for item in items:
        if any(part in item.nodeid for part in TAKES_ITS_TIME):
            item.add_marker(pytest.mark.slow)


DATABASES = ("sqlite", "postgresql")


def new_database(request: pytest.FixtureRequest, kind: str) -> str:
    """The URL of an empty database of this kind."""
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("database")
        return f"sqlite:///{folder / 'exeunt.db'}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.database()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return new_database(request, request.param)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'exeunt.db'}"
