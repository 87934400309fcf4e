"""docs/scim-vendors.md is what the code says, and what is not known is said to be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.systems.scim.vendors import VENDORS
from app.cli import cli
from app.cli.adapters.scim import markdown

ROOT = Path(__file__).parents[2]
NAMED = [name for name in VENDORS if name != "generic"]


def section(name: str) -> str:
    return markdown().split(f"## {name}\n")[1].split("\n## ")[0]


def test_the_document_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "scim-vendors.md").read_text("utf-8")
    assert written == markdown(), "run `make docs`"


def test_the_command_prints_it() -> None:
    said = CliRunner().invoke(cli, ["adapters", "--document", "scim"])
    assert said.exit_code == 0
    assert said.stdout == markdown()


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_known_of_a_vendor_is_said_to_be(name: str) -> None:
    facts = VENDORS[name].facts
    said = section(name)
    for about, fact in facts.items():
        assert f"| {about} | {fact.says if fact else 'unknown'} |" in said
    assert (VENDORS[name].token_lifetime is None) is ("say `token_lifetime`" in said)


@pytest.mark.parametrize("name", NAMED)
def test_what_outlives_an_account_is_there_with_what_to_do(name: str) -> None:
    said = section(name)
    assert all(one.next in said and one.source in said for one in VENDORS[name].left)


@pytest.mark.parametrize("name", NAMED)
def test_every_document_that_a_vendor_sends_people_to_is_there(name: str) -> None:
    for gap in VENDORS[name].gaps.values():
        assert gap.kind != "by_hand" or (ROOT / gap.detail).is_file()
