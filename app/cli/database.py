"""exeunt migrate"""

from rich.console import Console

from app.settings import Settings
from workflows import schema


def migrate() -> None:
    """Bring the database to the revision that this version needs. Make a backup first."""
    before, after = schema.migrate(Settings().database_url)
    console = Console()
    if before == after:
        console.print(f"[green]The database is at revision {after} already.[/]")
    else:
        console.print(f"[green]The database went from {before or 'nothing'} to {after}.[/]")
