"""What the doctor finds of the log: its key, and what the service last heard from outside."""

from pathlib import Path

import pytest

from app.cli.doctor_log import look_at_log
from app.config import Config, read_config
from app.settings import Settings
from tests.conftest import NOON
from tests.trees import log_of
from workflows.ledger.keys import KeyFile
from workflows.ledger.tables import Shipment

CONFIG = """
systems:
  badge: {adapter: manual, owner: facilities@acme.example}
audit:
  time_stamps: {url: https://tsa.example/tsr}
  sinks:
    hook:
      sink: webhook
      url: https://siem.example/
      secret: whsec_aWRsYy1leGFtcGxlLWtleS0wMTIzNDU2Nzg5YWJjZGVm
"""


@pytest.fixture
def config() -> Config:
    return read_config(CONFIG, "exeunt.yaml", {}, Path())


async def found(
    config: Config, url: str, key: Path, rows: tuple[Shipment, ...] = ()
) -> dict[str, tuple[bool, str]]:
    async with log_of(url) as (store, _):
        async with store.write() as session:
            session.add_all(rows)
        settings = Settings(database_url=url, audit_key=key)
        findings = await look_at_log(settings, config, database=True)
    return {one.what: (one.bad, one.summary) for one in findings}


async def test_a_key_and_whatever_answered_are_well(
    config: Config, sqlite_url: str, tmp_path: Path
) -> None:
    KeyFile(tmp_path / "key").create()
    sink = Shipment(destination="sink:hook", next_idx=7, taken_at=NOON)
    told = await found(config, sqlite_url, tmp_path / "key", (sink,))
    assert [bad for bad, _ in told.values()] == [False, False, False]
    assert "up to event 7, last at 2026-09-01 12:00:00Z" in told["sink:hook"][1]
    assert "not asked yet" in told["time_stamps"][1]


async def test_a_key_that_is_gone_or_open_to_others_and_a_dead_sink_are_not(
    config: Config, sqlite_url: str, tmp_path: Path
) -> None:
    dead = Shipment(destination="sink:hook", failures=3, last_error="TryAgain: away")
    told = await found(config, sqlite_url, tmp_path / "key", (dead,))
    assert told["audit key"][0]
    assert told["sink:hook"] == (True, "3 × TryAgain: away")
    KeyFile(tmp_path / "key").create()
    (tmp_path / "key").chmod(0o644)
    settings = Settings(database_url=sqlite_url, audit_key=tmp_path / "key")
    [key, *_] = await look_at_log(settings, config, database=True)
    assert key.bad
    assert "chmod 600" in key.summary
