"""One export in a process of its own: `LOG FORMAT OUT`; prints events a second and MiB at most."""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from workflows.ledger.export import export
from workflows.ledger.formats import format_named
from workflows.ledger.read import Filters
from workflows.store import Store


def most_memory() -> float:
    """MiB at most. `getrusage` would count what the process was that started this one."""
    status = Path("/proc/self/status").read_text("ascii")
    [kibibytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kibibytes) / 1024


async def _export(log: str, form: str, out: str) -> float:
    store, count = Store(f"sqlite:///{log}"), 0
    begun = perf_counter()
    with Path(out).open("wb") as file:
        async for part in export(store, format_named(form), Filters()):
            file.write(part.data)
            count += part.events
    took = perf_counter() - begun
    await store.close()
    return count / took


if __name__ == "__main__":
    measured = asyncio.run(_export(*sys.argv[1:]))
    print(json.dumps([measured, most_memory()]))
