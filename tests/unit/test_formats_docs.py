"""docs/audit-log.md says of the formats what the code does."""

from pathlib import Path

from workflows.ledger.formats import FORMATS, OCSF_VERSIONS
from workflows.ledger.formats.csv_cells import COLUMNS
from workflows.ledger.formats.ocsf_map import GIVEN_BACK, PLAIN, RESULTS, STEPS, Mapped

PAGE = Path(__file__).parents[2] / "docs" / "audit-log.md"


def rows(kinds: dict[str, Mapped], called: str) -> set[str]:
    return {
        f"| `{called.format(kind)}` | {mapped.class_uid} | {mapped.activity_id} | {mapped.what} |"
        for kind, mapped in kinds.items()
    }


def test_the_page_has_every_decision_on_ocsf_and_no_other() -> None:
    told = {line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")}
    decided = (
        rows(PLAIN, "{}")
        | rows(RESULTS, "{}.result")
        | rows(GIVEN_BACK, "restore.{}.result")
        | rows(STEPS, "*.{}")
    )
    assert {
        line for line in told if line.count("|") == 5 and line.split("|")[2].strip().isdecimal()
    } == decided


def test_the_page_names_every_format_column_and_version() -> None:
    text = PAGE.read_text("utf-8")
    for name in (*FORMATS, *COLUMNS, *OCSF_VERSIONS):
        assert f"`{name}`" in text
