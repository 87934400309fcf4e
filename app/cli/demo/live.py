"""Show a case while it runs, until it has come as far as one wants to see."""

import asyncio
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live

from app.cli.demo.calls import get
from app.cli.demo.stage import Stage
from app.cli.demo.watch import picture

LOOK_EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 120
WIDE = 115
"""Columns of a terminal that has room for the business words."""


async def watched(
    console: Console, stage: Stage, over: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The newest case, once it is over or patience is; {} if there is none."""
    case: dict[str, Any] = {}
    with Live(picture(None, []), console=console, refresh_per_second=12) as live:
        for _ in range(int(PATIENCE_SECONDS / LOOK_EVERY_SECONDS)):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            page = await get(stage, "/cases")
            if not page["items"]:
                continue
            case = await get(stage, f"/cases/{page['items'][0]['id']}")
            timeline = await get(stage, f"/cases/{case['id']}/timeline")
            live.update(picture(case, timeline["items"], wide=console.width >= WIDE))
            if over(case):
                break
    return case


def over(case: dict[str, Any]) -> bool:
    """Contained, and nothing that is due now is still to be done."""
    open_items = [item for item in case["items"] if item["state"] in ("planned", "waiting")]
    gated = {approval["wave"] for approval in case["approvals"]}
    # What comes after a wave that waits for people waits with it.
    waiting = {item["system"] for item in open_items if item["wave"] in gated - {"retire"}}
    busy = any(_due(item, case) for item in open_items if item["system"] not in waiting)
    return case["containment"] == "contained" and case["status"] != "running" and not busy


def _due(item: dict[str, Any], case: dict[str, Any]) -> bool:
    gated = {approval["wave"] for approval in case["approvals"]}
    due_at = item["due_at"] or ""
    return item["wave"] not in gated and due_at <= (case["timings"]["contained_at"] or "")
