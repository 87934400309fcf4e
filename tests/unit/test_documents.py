"""What a user can configure is written down, and what is written down leads somewhere."""

import re
from pathlib import Path

import pytest

from adapters.configured import SystemSettings
from adapters.registry import ADAPTERS, SINKS
from app.settings import Settings
from workflows.ledger.settings import AuditSettings, TimeStampSettings, WitnessSettings

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_key_of_every_system_is_in_the_configuration_page(name: str) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    keys = set(ADAPTERS[name].Settings.model_fields) | set(SystemSettings.model_fields)
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("name", sorted(SINKS))
def test_every_key_of_every_sink_is_in_the_configuration_page(name: str) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    keys = set(SINKS[name].Settings.model_fields) | {name}
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_key_of_the_log_and_every_variable_is_in_the_configuration_page() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    keys = {*AuditSettings.model_fields, *WitnessSettings.model_fields}
    keys |= {*TimeStampSettings.model_fields, "sinks"}
    keys |= {f"EXEUNT_{name.upper()}" for name in Settings.model_fields}
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_pages_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [one for one in links if not (page.parent / one).exists()] == []
