"""exeunt.yaml: what is wrong is said with its place, and all at once."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.config import ConfigMissing, load_config, read_config
from workflows.ledger.note import COSIGNATURE, Signer
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
        (
            "systems:",
            "system:",
            "system: there is no such key; known here: hr, systems, policy, audit",
        ),
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


VKEY = Signer(
    "witness.auditor.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), COSIGNATURE
).vkey
AUDIT = f"""\
audit:
  origin: audit.acme.example/exeunt
  retention: 400d
  ocsf_version: 1.8.0
  witnesses:
    auditor: {{url: https://witness.auditor.example, vkey: {VKEY}}}
  time_stamps: {{url: https://tsa.example/tsr, ca_file: tsa-ca.pem}}
  sinks:
    siem:
      sink: syslog
      host: siem.acme.example
    splunk:
      sink: splunk_hec
      url: https://hec.acme.example:8088
      token: ${{HEC_TOKEN}}
    hook:
      sink: webhook
      url: https://hooks.acme.example/audit?tenant=1
      secret: ${{HR_SECRET}}
"""
HEC = {"HEC_TOKEN": "hec-t0ken"}


def test_who_else_is_given_the_log_is_read_and_shows_no_secret() -> None:
    config = read_config(GOOD + AUDIT, "exeunt.yaml", SECRETS | HEC, Path())
    audit = config.audit
    assert (audit.origin, audit.retention) == ("audit.acme.example/exeunt", timedelta(days=400))
    assert audit.witnesses["auditor"].vkey == VKEY
    assert audit.time_stamps is not None
    assert {name: sink.sink for name, sink in config.sinks.items()} == {
        "siem": "syslog",
        "splunk": "splunk_hec",
        "hook": "webhook",
    }
    assert "t0ken" not in repr(config)
    assert "whsec_a" not in repr(config)


def test_without_an_audit_section_the_log_is_kept_for_thirteen_months_and_goes_nowhere() -> None:
    config = read_config(GOOD, "exeunt.yaml", SECRETS, Path())
    assert (config.audit.origin, dict(config.sinks)) == (None, {})
    assert config.audit.retention == timedelta(days=395)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("  origin:", "  orign:", "exeunt.yaml:15: audit.orign: there is no such key; did you"),
        (
            "  origin: audit.",
            "  origin: https://audit.",
            "exeunt.yaml:15: audit.origin: must be <h",
        ),
        ("/exeunt\n", "/ex eunt\n", "exeunt.yaml:15: audit.origin: must be <host>/<tenant>"),
        ("/exeunt\n", "/ex+eunt\n", "exeunt.yaml:15: audit.origin: must be <host>/<tenant>"),
        ("/exeunt\n", "/exeünt\n", "exeunt.yaml:15: audit.origin: must be <host>/<tenant>"),
        ("/exeunt\n", "\n", "exeunt.yaml:15: audit.origin: must be <host>/<tenant>"),
        ("400d", "13 months", "exeunt.yaml:16: audit.retention: must be a duration such as"),
        ("400d", "0", "exeunt.yaml:16: audit.retention: must be a day at least"),
        ("1.8.0", "1.9.0", "exeunt.yaml:17: audit.ocsf_version: Input should be '1.8.0'"),
        (
            VKEY,
            VKEY[:-4] + "AAAA",
            "audit.witnesses.auditor.vkey: key witness.auditor.example was mistyped",
        ),
        (VKEY, "witness", "audit.witnesses.auditor.vkey: this is no key"),
        ("{url: https://wit", "{url: http://wit", "audit.witnesses.auditor.url: 'http://wit"),
        ("    auditor:", "    Big Four:", "exeunt.yaml:19: audit.witnesses.Big Four: a name is"),
        ("https://tsa", "ftp://tsa", "exeunt.yaml:20: audit.time_stamps.url: 'ftp://tsa"),
        ("sink: syslog", "sink: sislog", "exeunt.yaml:23: audit.sinks.siem.sink: 'sislog' is not"),
        ("      sink: webhook\n", "", "audit.sinks.hook.sink: is missing; known: splunk_hec, sys"),
        ("host: siem", "hots: siem", "exeunt.yaml:24: audit.sinks.siem.hots: there is no such key"),
        ("host: siem", "tls: false\n      host: siem", "audit.sinks.siem: tls: false goes to loop"),
        (":8088", ":8088/services", "audit.sinks.splunk.url: must be the scheme, host and port"),
        ("https://hooks", "http://hooks", "audit.sinks.hook.url: 'http://hooks"),
    ],
)
def test_a_mistake_about_the_log_is_named_with_its_place(was: str, now: str, said: str) -> None:
    assert was in AUDIT
    assert said in complaint(GOOD + AUDIT.replace(was, now), **HEC)


def test_a_key_of_a_log_is_no_key_of_a_witness() -> None:
    key = Signer("audit.acme.example/exeunt", Ed25519PrivateKey.generate()).vkey
    assert "is no key of a witness" in complaint(GOOD + AUDIT.replace(VKEY, key), **HEC)


def test_a_short_secret_of_a_webhook_is_told_and_not_shown() -> None:
    text = AUDIT.replace("secret: ${HR_SECRET}", "secret: whsec_aHVudGVyMg==")
    said = complaint(GOOD + text, **HEC)
    assert "audit.sinks.hook.secret: must be whsec_ and 24 to 64 random bytes" in said
    assert "aHVudGVyMg" not in said


@pytest.mark.parametrize("audit", ["audit:\n", "audit: yes\n", "audit:\n  sinks: syslog\n"])
def test_an_audit_section_of_another_shape_is_told(audit: str) -> None:
    assert "audit" in complaint(GOOD + audit)
