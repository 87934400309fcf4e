"""What the engine keeps: ids as JSON, never a pickle, and nothing of a transaction that failed."""

import base64
import pickle
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos import _serialization

from adapters.practice.scim import PracticeDirectory
from tests.house import ADDRESS, NUMBER, house, leaves
from workflows.engine import JsonOnly, refuse_pickles
from workflows.world import World


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (Path.touch, (self.file,))


def test_a_pickle_in_an_engine_row_is_refused_and_not_run(tmp_path: Path) -> None:
    refuse_pickles()
    planted = base64.b64encode(pickle.dumps(Bomb(tmp_path / "owned"))).decode()
    with pytest.raises(ValueError, match="pickled engine row"):
        _serialization.DefaultSerializer().deserialize(planted)
    assert not (tmp_path / "owned").exists()


def test_only_ids_and_counters_can_be_stored() -> None:
    assert JsonOnly().deserialize(JsonOnly().serialize(["case_1", 7, None])) == ["case_1", 7, None]
    with pytest.raises(TypeError, match="pass an id"):
        JsonOnly().serialize(object())


async def test_the_engines_rows_hold_no_personal_data_and_no_pickle(url: str) -> None:
    directory = PracticeDirectory()
    directory.hire(ADDRESS, employee_number=NUMBER)
    async with house(url, {"directory": directory}) as exeunt:
        await exeunt.hr_says(leaves())
        await exeunt.until(lambda c: c["containment"] == "contained")
        tables = "dbos.workflow_status" if "postgres" in url else "workflow_status"
        async with exeunt.world.store.read() as session:
            connection = await session.connection()
            rows = (await connection.execute(sa.text(f"SELECT * FROM {tables}"))).all()
    assert len(rows) >= 2
    kept = repr(rows)
    assert "exeunt_json" in kept
    for personal in (ADDRESS, "Okafor", "py_pickle"):
        assert personal not in kept


async def _start_and_fail(world: World) -> None:
    async with world.store.write() as session:
        await world.engine.start(session, "intake", "rcpt_x:1", "rcpt_x", 1)
        raise RuntimeError("on purpose")


async def test_a_transaction_that_fails_starts_nothing(url: str) -> None:
    async with house(url, {"directory": PracticeDirectory()}) as exeunt:
        world = exeunt.world
        with pytest.raises(RuntimeError, match="on purpose"):
            await _start_and_fail(world)
        async with world.store.read() as session:
            tables = "dbos.workflow_status" if "postgres" in url else "workflow_status"
            connection = await session.connection()
            found = await connection.execute(sa.text(f"SELECT count(*) FROM {tables}"))
            assert found.scalar() == 0
