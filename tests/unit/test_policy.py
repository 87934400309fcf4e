"""The policy file: what it may say, and what it can never say."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.actions import Action, Wave
from tests.conftest import NOON
from workflows.model import CaseKind, Leaver
from workflows.policy.load import default_policy, load_policy
from workflows.policy.resolve import resolve
from workflows.yaml_lines import BadYaml

SMALL = """\
version: 1
name: small
owner: desk
task_due: 1d
give_up_after: 24h
waves:
  hand_over: {after: 0, actions: [transfer_files]}
  clean_up: {after: 7d, actions: [revoke_grants]}
  retire: {after: 90d, actions: [delete_account], approvals: 2}
"""


def refused(text: str) -> str:
    with pytest.raises(BadYaml) as why:
        load_policy(text, "policy.yaml")
    return str(why.value)


def leaver(
    kind: CaseKind = CaseKind.VOLUNTARY,
    department: str | None = None,
    worker_type: str | None = None,
    country: str | None = None,
) -> Leaver:
    return Leaver(kind, NOON, department, worker_type, country)


def with_rules(*rules: str) -> str:
    return SMALL + "rules:\n" + "".join(f"  - {rule}\n" for rule in rules)


def test_the_default_is_whole_and_asks_two_people_before_it_deletes() -> None:
    terms = resolve(default_policy(), leaver())
    retire = terms.of(Wave.RETIRE)
    assert retire is not None
    assert (retire.after, retire.approvals) == (timedelta(days=90), 2)


def test_containment_is_the_same_for_everybody_and_cannot_be_spoken_of() -> None:
    contain = resolve(default_policy(), leaver()).of(Wave.CONTAIN)
    assert contain is not None
    assert contain.actions == {a for a in Action if a.wave is Wave.CONTAIN}
    assert (contain.after, contain.approvals) == (timedelta(0), 0)
    said = refused(SMALL.replace("waves:\n", "waves:\n  contain: {after: 1h}\n"))
    assert "containment waits for nobody" in said


@pytest.mark.parametrize(
    ("was", "now", "complaint"),
    [
        ("after: 7d", "after: soon", "policy.yaml:8: waves.clean_up.after: must be a duration"),
        ("after: 7d", "after: 7", "needs a unit"),
        ("after: 7d, ", "", "waves.clean_up must say `after` and `actions`"),
        ("[revoke_grants]", "[delete_account]", "delete_account belongs to the wave retire"),
        ("[revoke_grants]", "[revoke_grant]", "policy.yaml:8: waves.clean_up.actions.0:"),
        ("owner:", "ownr:", "policy.yaml:3: ownr: there is no such key; did you mean 'owner'?"),
        ("owner: desk\n", "", "owner: is missing"),
        ("approvals: 2", "approvals: 9", "policy.yaml:9: waves.retire.approvals"),
        ("version: 1", "version: 2", "policy.yaml:1: version"),
        ("approvals: 2", "approvals: some", "policy.yaml:9: waves.retire.approvals"),
        ("after: 7d", "after: -7d", "policy.yaml:8: waves.clean_up.after: must be a duration"),
        ("after: 90d", "after: 5300w", "is longer than 100 years"),
        ("task_due: 1d", "task_due: 1", "policy.yaml:4: task_due: needs a unit"),
        (
            "retire: {",
            "retirement: {",
            "policy.yaml:9: waves.retirement: there is no such key; did",
        ),
        ("name: small", "name: ''", "policy.yaml:2: name"),
        ("version: 1", "version: 1\nbasis: access_end", "policy.yaml:2: basis"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_key(was: str, now: str, complaint: str) -> None:
    assert complaint in refused(SMALL.replace(was, now))


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("{name: a, when: {}, set: {owner: x}}", "`when` is empty"),
        ("{name: a, when: {kind: [other]}, set: {}}", "`set` is empty"),
        ("{name: a, when: {kind: [fired]}, set: {owner: x}}", "rules.0.when.kind.0"),
        ("{name: a, when: {country: [Norway]}, set: {owner: x}}", "rules.0.when.country.0"),
        ("{name: a, when: {kind: []}, set: {owner: x}}", "`when` is empty"),
        ("{name: a, when: {kind: [other]}, set: {waves: {clean_up: {}}}}", "`set` is empty"),
        ("{name: a, when: {kind: [other]}, set: {owner: ''}}", "policy.yaml:11: rules.0.set.owner"),
        ("{name: a, when: {kind: [other]}, set: {protected: []}}", "rules.0.set.protected"),
        ("{when: {kind: [other]}, set: {owner: x}}", "policy.yaml:11: rules.0.name: is missing"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: str, complaint: str) -> None:
    assert complaint in refused(with_rules(rule))


@pytest.mark.parametrize(
    ("waves", "complaint"),
    [
        ("contain: {after: 1h}", "containment waits for nobody"),
        ("contain: {}", "containment waits for nobody"),
        ("clean_up: {actions: [block_sign_in]}", "block_sign_in belongs to the wave contain"),
    ],
)
def test_no_rule_puts_containment_off(waves: str, complaint: str) -> None:
    rule = f"{{name: a, when: {{kind: [other]}}, set: {{waves: {{{waves}}}}}}}"
    assert complaint in refused(with_rules(rule))


def test_two_rules_of_one_name_are_refused() -> None:
    rule = "{name: a, when: {kind: [other]}, set: {owner: x}}"
    assert "two rules have the same name" in refused(with_rules(rule, rule))


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ("kind: [involuntary, other]", leaver(CaseKind.INVOLUNTARY)),
        ("department: [finance]", leaver(department="Finance")),
        ("worker_type: [contractor]", leaver(worker_type="Contractor")),
        ("country: [NO]", leaver(country="NO")),
    ],
)
def test_a_rule_is_for_those_whom_it_names(when: str, fits: Leaver) -> None:
    policy = load_policy(with_rules(f"{{name: a, when: {{{when}}}, set: {{owner: x}}}}"), "p")
    assert resolve(policy, fits).owner == "x"
    assert resolve(policy, leaver()).owner == "desk"


def test_privilege_is_a_matter_of_the_account() -> None:
    policy = load_policy(
        with_rules("{name: a, when: {privileged: true}, set: {task_due: 1h}}"), "p"
    )
    assert resolve(policy, leaver(), privileged=True).task_due == timedelta(hours=1)
    assert resolve(policy, leaver(), privileged=False).task_due == timedelta(days=1)


def test_the_last_rule_wins_and_only_in_what_it_says() -> None:
    policy = load_policy(
        with_rules(
            "{name: a, when: {kind: [other]}, set: {owner: x, waves: {clean_up: {after: 0}}}}",
            "{name: b, when: {kind: [other]}, set: {owner: y}}",
        ),
        "p",
    )
    terms = resolve(policy, leaver(CaseKind.OTHER))
    clean_up = terms.of(Wave.CLEAN_UP)
    assert clean_up is not None
    assert (terms.owner, clean_up.after, terms.rules) == ("y", timedelta(0), ("a", "b"))
    assert clean_up.actions == {Action.REVOKE_GRANTS}


def test_all_that_a_rule_names_must_fit() -> None:
    rule = "{name: a, when: {kind: [other], country: [NO, SE]}, set: {owner: x}}"
    policy = load_policy(with_rules(rule), "p")
    assert resolve(policy, leaver(CaseKind.OTHER, country="no")).owner == "x"
    assert resolve(policy, leaver(CaseKind.OTHER)).owner == "desk"
    assert resolve(policy, leaver(country="NO")).owner == "desk"


def test_a_rule_for_ordinary_accounts_leaves_privileged_ones_out() -> None:
    policy = load_policy(with_rules("{name: a, when: {privileged: false}, set: {owner: x}}"), "p")
    assert resolve(policy, leaver(), privileged=False).owner == "x"
    assert resolve(policy, leaver(), privileged=True).owner == "desk"


def test_a_rule_can_say_nothing_at_all_and_no_time_at_all() -> None:
    rule = (
        "{name: a, when: {kind: [other]}, set: {task_due: 0, give_up_after: 0,"
        " waves: {retire: {actions: [], approvals: 0}}}}"
    )
    terms = resolve(load_policy(with_rules(rule), "p"), leaver(CaseKind.OTHER))
    retire = terms.of(Wave.RETIRE)
    assert retire is not None
    assert (retire.actions, retire.approvals) == (frozenset(), 0)
    assert (terms.task_due, terms.give_up_after) == (timedelta(0), timedelta(0))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (leaver(CaseKind.INVOLUNTARY), (timedelta(hours=4), timedelta(days=90))),
        (leaver(worker_type="Contractor"), (timedelta(days=1), timedelta(days=30))),
        (leaver(), (timedelta(days=1), timedelta(days=90))),
    ],
)
def test_the_default_is_quicker_where_it_matters(
    said: Leaver, meant: tuple[timedelta, timedelta]
) -> None:
    terms = resolve(default_policy(), said)
    retire = terms.of(Wave.RETIRE)
    assert retire is not None
    assert (terms.task_due, retire.after) == meant


@given(st.integers(0, 5000), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]))
def test_a_duration_is_as_long_as_it_says(number: int, unit: tuple[str, int]) -> None:
    letter, seconds = unit
    policy = load_policy(SMALL.replace("7d", f"{number}{letter}"), "p")
    assert policy.waves.clean_up.after == timedelta(seconds=number * seconds)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("[revoke_grants]", "[revoke_grants, remove_roles]"),
        ("approvals: 2", "approvals: 1"),
        ("owner: desk", "owner: other"),
        ("version: 1", "version: 1\nprotected: [root]"),
        ("version: 1", "version: 1\nbasis: termination_date"),
    ],
)
def test_every_change_of_what_is_meant_changes_the_identity(was: str, now: str) -> None:
    one, other = load_policy(SMALL, "p"), load_policy(SMALL.replace(was, now), "p")
    assert one.identity != other.identity


def test_the_digest_follows_the_meaning_and_not_the_comments() -> None:
    one = load_policy(SMALL, "p")
    assert load_policy("# hello\n" + SMALL.replace("7d", "168h"), "p").digest == one.digest
    assert load_policy(SMALL.replace("7d", "8d"), "p").digest != one.digest
