"""Every measurement, with its floor from the same run and the design's goal beside it."""

import asyncio
import logging
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.logs import set_up_logs
from tests.bench.cut import latency, many_leavers, one_leaver
from tests.bench.intake import intake
from tests.bench.ledger import ledger
from tests.bench.measured import Measured


async def measure(folder: Path, console: Console) -> list[Measured]:
    found: list[Measured] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for bench in (latency, one_leaver, many_leavers, intake, ledger):
            task = progress.add_task(bench.__name__.replace("_", " "), total=1)
            result = await bench(folder)
            found += result if isinstance(result, list) else [result]
            progress.update(task, completed=1)
    return found


def table(found: list[Measured]) -> Table:
    made = Table("what", "measured", "floor, same run", "ratio", "goal")
    for one in found:
        made.add_row(
            one.what,
            f"{one.value:,.1f} {one.unit}",
            f"{one.floor:,.1f} {one.unit} ({one.floor_is})" if one.floor else "",
            f"{one.ratio:.2f}" if one.ratio else "",
            one.goal,
        )
    return made


def main() -> None:
    set_up_logs("ERROR")
    logging.getLogger("dbos").setLevel(logging.ERROR)
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), console))
    console.print(table(found))


if __name__ == "__main__":
    main()
