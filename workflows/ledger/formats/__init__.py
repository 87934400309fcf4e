"""The formats in which the log leaves, by name."""

from workflows.ledger.formats.csv_cells import Csv
from workflows.ledger.formats.jsonl import JsonLines
from workflows.ledger.formats.shape import Format, Row

OCSF_VERSION = "1.8.0"


def format_named(name: str, *, ocsf_version: str = OCSF_VERSION) -> Format:
    """Raises KeyError for a name that is not in NAMES."""
    made: dict[str, Format] = {"jsonl": JsonLines(), "csv": Csv()}
    del ocsf_version  # until OCSF is there
    return made[name]


__all__ = ["OCSF_VERSION", "Format", "Row", "format_named"]
