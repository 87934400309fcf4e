"""The durable engine: DBOS on our own database, with nothing in its rows that could run code.

Facts about DBOS 3.4.0 that this file leans on are in docs/decisions/0002-dbos.md.
"""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, Serializer
from dbos import _serialization as dbos_serialization
from sqlalchemy.orm import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.store import Store, engine_for_dbos

VERSION = "1"
"""DBOS hands a workflow only to the version that began it. Ours is a constant: the shape of a
workflow changes by a new name or DBOS.patch, so that an upgrade strands nobody."""

CUT = "cut"
"""Intake and containment: no shared limit, polled every few milliseconds."""
LATER = "later"
"""Everything that is not urgent. It never takes a place from a cut."""
URGENT_POLL_SECONDS = 0.03
LATER_POLL_SECONDS = 0.5
LATER_AT_ONCE = 20
STOP_POLL_SECONDS = 0.2
"""How often DBOS's listener, which we do not use, looks whether it shall end."""
LOOK_EVERY_SECONDS = 0.02


class JsonOnly(Serializer):
    """Ids and counters, as JSON. An error is kept as its name and text."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_as_text)

    def deserialize(self, serialized_data: str) -> Any:
        data = json.loads(serialized_data)
        if isinstance(data, dict) and "__error__" in data:
            return RuntimeError(data["__error__"])
        return data

    def name(self) -> str:
        return "exeunt_json"


def _as_text(value: object) -> object:
    if isinstance(value, BaseException):
        return {"__error__": f"{type(value).__name__}: {value}"}
    raise TypeError(f"{type(value).__name__} does not belong in an engine row: pass an id")


def refuse_pickles() -> None:
    """DBOS unpickles whatever a row claims to be pickled, even with another serializer set.

    Whoever can write the database could so run code in the worker, which holds credentials.
    """

    def refuse(_self: object, _data: str) -> Any:
        raise ValueError("a pickled engine row was refused: Exeunt writes JSON only")

    setattr(dbos_serialization.DefaultSerializer, "deserialize", refuse)  # noqa: B010 - a patch


class Engine:
    """Starts workflows, durably. One per process; nothing is opened before `launch`."""

    def __init__(self, store: Store, node: str) -> None:
        self._store = store
        self._node = node
        self._serializer = JsonOnly()
        self._client: DBOSClient | None = None
        self._pool: sa.Engine | None = None

    async def launch(self) -> None:
        """Take up what a former process left, and listen. Call it on the service's event loop."""
        refuse_pickles()
        self._pool = engine = engine_for_dbos(self._store)
        await self._prepare(engine)
        config: DBOSConfig = {
            "name": "exeunt",
            "system_database_engine": engine,
            "executor_id": self._node,
            "application_version": VERSION,
            "serializer": self._serializer,
            "enable_otlp": False,
            "log_level": "WARNING",
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": STOP_POLL_SECONDS,
        }
        DBOS(config=config)
        DBOS.launch()

    async def _prepare(self, engine: sa.Engine) -> None:
        """Tables and queues are there before DBOS looks: a queue that comes later waits a second.

        DBOS.migrate is synchronous and opens its own connection.
        """
        url = self._store.url
        driver = "sqlite" if self._store.embedded else "postgresql+psycopg"
        text = url.set(drivername=driver).render_as_string(hide_password=False)
        await asyncio.to_thread(DBOS.migrate, text)
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=self._serializer,
            application_name="exeunt",
        )
        await self._client.register_queue_async(CUT, polling_interval_sec=URGENT_POLL_SECONDS)
        await self._client.register_queue_async(
            LATER, polling_interval_sec=LATER_POLL_SECONDS, worker_concurrency=LATER_AT_ONCE
        )

    async def start(
        self, session: AsyncSession, workflow: str, workflow_id: str, *args: Any, queue: str = CUT
    ) -> None:
        """Start a workflow if, and only if, the caller's transaction commits. A repeat joins it."""
        client = self._client
        if client is None:
            raise RuntimeError("the engine was not launched")

        def enqueue(sync: Session) -> None:
            client.enqueue_in_transaction(
                sync,
                {
                    "workflow_name": workflow,
                    "queue_name": queue,
                    "workflow_id": workflow_id,
                    "app_version": VERSION,
                },
                *args,
            )

        await session.flush()
        await session.run_sync(enqueue)

    async def failed(self, workflow_ids: Sequence[str]) -> list[str]:
        """Those of these workflows that ended in an error or ran out of attempts."""
        if not workflow_ids:
            return []
        found = await DBOS.list_workflows_async(
            workflow_ids=list(workflow_ids),
            status=["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"],
            load_input=False,
            load_output=False,
        )
        return [status.workflow_id for status in found]

    async def begun_elsewhere(self) -> dict[str, list[str]]:
        """Unfinished workflows of other nodes: node → ids. Theirs, as long as they live."""
        found = await DBOS.list_workflows_async(
            status="PENDING", load_input=False, load_output=False
        )
        others: dict[str, list[str]] = {}
        for status in found:
            if status.executor_id and status.executor_id != self._node:
                others.setdefault(status.executor_id, []).append(status.workflow_id)
        return others

    async def adopt(self, workflow_ids: Sequence[str]) -> None:
        """Let whoever is free go on with these. Call it only with the dead node's lock held."""
        await DBOS.resume_workflows_async(list(workflow_ids), queue_name=CUT)

    async def stop(self, patience_seconds: int = 0) -> None:
        """Let running workflows end for so long, then let go; the rest goes on at the next start.

        DBOS's own patience is counted in whole seconds even if nothing runs, so we look ourselves.
        """
        for _ in range(int(patience_seconds / LOOK_EVERY_SECONDS)):
            if not await self._busy():
                break
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        if self._client:
            self._client.destroy()
            self._client = None
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        if self._pool:
            self._pool.dispose()
        # DBOS made its own pool the loop's default, and has just shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def _busy(self) -> bool:
        mine = await DBOS.list_workflows_async(
            status="PENDING", executor_id=self._node, load_input=False, limit=1
        )
        return bool(mine)
