"""exeunt.yaml: what is wrong is said with its place, and all at once."""

from pathlib import Path

import pytest

from app.config import ConfigMissing, load_config, read_config
from workflows.yaml_lines import BadYaml

GOOD = """\
hr:
  people:
    source: standard_webhooks
    secret: ${HR_SECRET}
systems:
  directory:
    adapter: scim
    base_url: https://directory.example/scim/v2
    token: ${DIRECTORY_TOKEN}
    mode: enforce
  badge:
    adapter: manual
    owner: facilities@acme.example
"""
SECRETS = {
    "HR_SECRET": "whsec_aWRsYy1leGFtcGxlLWtleS0wMTIzNDU2Nzg5YWJjZGVm",
    "DIRECTORY_TOKEN": "t0ken",
}


def complaint(text: str, **environ: str) -> str:
    with pytest.raises(BadYaml) as why:
        read_config(text, "exeunt.yaml", SECRETS | environ, Path())
    return str(why.value)


def test_the_example_is_read_and_shows_no_secret() -> None:
    config = read_config(GOOD, "exeunt.yaml", SECRETS, Path())
    assert (set(config.systems), set(config.hr)) == ({"directory", "badge"}, {"people"})
    assert "t0ken" not in repr(config)
    assert "whsec_a" not in repr(config)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("    mode: enforce", "    mode: destroy", "exeunt.yaml:10: systems.directory.mode"),
        ("    mode:", "    mod:", "exeunt.yaml:10: systems.directory.mod: there is no such key"),
        ("adapter: scim", "adapter: scimm", "systems.directory.adapter: 'scimm' is not known"),
        ("    adapter: manual\n", "", "systems.badge.adapter: is missing"),
        ("https:", "http:", "exeunt.yaml:8: systems.directory.base_url"),
        ("  badge:", "  Bad Ge:", "a name is made of a-z"),
        ("  people:", "  manual:", "hr.manual: is a name that Exeunt uses itself"),
        ("systems:", "system:", "system: there is no such key; known here: hr, systems, policy"),
        ("    owner: facilities@acme.example\n", "", "systems.badge.owner: is missing"),
        ("hr:\n", "policy: nowhere.yaml\nhr:\n", "nowhere.yaml cannot be read"),
    ],
)
def test_a_mistake_is_named_with_its_place(was: str, now: str, said: str) -> None:
    assert said in complaint(GOOD.replace(was, now))


def test_a_secret_that_is_no_key_is_told_and_not_shown() -> None:
    said = complaint(GOOD, HR_SECRET="whsec_hunter2!")
    assert "exeunt.yaml:4: hr.people.secret: must be whsec_" in said
    assert "hunter2" not in said


def test_nothing_to_cut_is_a_mistake() -> None:
    assert "names no system" in complaint("hr: {}\n")
    assert "must hold" in complaint("- a\n")


def test_a_file_that_is_not_there_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing, match=r"docs/configuration\.md"):
        load_config(tmp_path / "exeunt.yaml", {})


def test_a_master_that_is_not_configured_is_named_with_its_place() -> None:
    said = complaint(GOOD.replace("mode: enforce", "mastered_by: ad"))
    assert "systems.directory.mastered_by: there is no system 'ad'" in said
    assert ":10:" in said


def test_nobody_is_their_own_master() -> None:
    said = complaint(GOOD.replace("mode: enforce", "mastered_by: directory"))
    assert "would be written by itself" in said
