"""The formats in which the log leaves, by name."""

from collections.abc import Callable

from workflows.ledger.formats.cef import Cef
from workflows.ledger.formats.csv_cells import Csv
from workflows.ledger.formats.jsonl import JsonLines
from workflows.ledger.formats.ocsf import VERSIONS as OCSF_VERSIONS
from workflows.ledger.formats.ocsf import Ocsf
from workflows.ledger.formats.shape import Format, Leaves, Row

OCSF_VERSION = "1.8.0"

FORMATS: dict[str, Callable[[str, str], Format]] = {
    "jsonl": lambda _version, _log: JsonLines(),
    "csv": lambda _version, _log: Csv(),
    "ocsf": Ocsf,
    "cef": lambda _version, _log: Cef(),
}
"""By name: made for a version of OCSF and for the name of the log, if they tell them at all."""


def format_named(name: str, *, ocsf_version: str = OCSF_VERSION, log_name: str = "") -> Format:
    """Raises KeyError for a name that is not in FORMATS, ValueError for an unknown version."""
    return FORMATS[name](ocsf_version, log_name)


__all__ = [
    "FORMATS",
    "OCSF_VERSION",
    "OCSF_VERSIONS",
    "Format",
    "Leaves",
    "Row",
    "format_named",
]
