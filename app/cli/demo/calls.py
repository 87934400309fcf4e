"""What the demo asks of the service, over HTTP like any other caller."""

import asyncio
from pathlib import Path
from typing import Any

from app.cli.demo.cast import Leaver, says_revoke_now, signed
from app.cli.demo.stage import CONNECTION, Stage

ACCEPTED = 202


async def send(stage: Stage, person: Leaver) -> None:
    now = stage.clock.now()
    body = says_revoke_now(person, now)
    headers = signed(stage.secret, stage.clock.id("msg"), now, body)
    answer = await stage.client.post(
        f"/hr/{CONNECTION}/events", content=body.encode(), headers=headers
    )
    if answer.status_code != ACCEPTED:
        raise RuntimeError(f"the webhook was refused: {answer.status_code} {answer.text}")


async def post(stage: Stage, path: str, body: dict[str, Any], caller: str) -> dict[str, Any]:
    """`caller` is an Authorization header: who does it counts."""
    answer = await stage.client.post(path, json=body, headers={"Authorization": caller})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def get(stage: Stage, path: str, **params: str) -> dict[str, Any]:
    answer = await stage.client.get(path, params=params)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def all_cases(stage: Stage) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await get(stage, "/cases", limit="200", **cursor)
        cases += page["items"]
        if page["next_cursor"] is None:
            return cases
        cursor = {"cursor": page["next_cursor"]}


async def export(stage: Stage, log: Path) -> int:
    """Fetch the log as an auditor would, verbatim and for a spreadsheet; how many events it has."""
    events = 0
    for path in (log.with_suffix(".csv"), log):
        answer = await stage.client.get(
            "/audit/export", params={"format": path.suffix.removeprefix(".")}
        )
        answer.raise_for_status()
        await asyncio.to_thread(path.write_bytes, answer.content)
        events = answer.content.count(b"\n")
    return events
