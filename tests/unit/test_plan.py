"""The plan: every wanted verb once, contain first, nothing destroyed unasked, equal for equals."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.actions import Action, Undo, Wave
from adapters.clock import Clock
from adapters.contract import Facts, by_hand, covered_by, not_applicable
from adapters.http import Mode
from adapters.nouns import Account
from adapters.systems.entra import Entra
from adapters.systems.manual import Manual
from adapters.systems.scim import Scim
from tests.conftest import NOON
from workflows.model import Capabilities, CaseKind, KnownAccount, Leaver, Plan, PlannedItem
from workflows.moments import LATEST
from workflows.plan import plan
from workflows.policy.load import default_policy
from workflows.policy.resolve import CONTAIN
from workflows.policy.schema import Policy

LEAVER = Leaver(CaseKind.VOLUNTARY, NOON)
ADA = KnownAccount(Account("system", "u-1", "ada@acme.example", ("ada@acme.example",)))
ADMIN = KnownAccount(Account("system", "u-2", "adm-ada"), privileged=True)


def entra(**told: object) -> Capabilities:
    settings = Entra.Settings.model_validate({"adapter": "entra", "token": "t", **told})
    return Capabilities.of(Entra.connect("system", settings, Clock()), "entra", settings.mode)


def scim(**told: object) -> Capabilities:
    settings = Scim.Settings.model_validate(
        {"adapter": "scim", "token": "t", "base_url": "https://scim.example", **told}
    )
    return Capabilities.of(Scim.connect("system", settings, Clock()), "scim", settings.mode)


def manual() -> Capabilities:
    settings = Manual.Settings.model_validate({"adapter": "manual", "owner": "doors@acme.example"})
    connected = Manual.connect("system", settings, Clock())
    return Capabilities.of(connected, "manual", owner=settings.owner)


def made(
    can: Capabilities,
    *accounts: KnownAccount,
    policy: Policy | None = None,
    leaver: Leaver = LEAVER,
) -> Plan:
    return plan(leaver, accounts, can, policy or default_policy(), NOON)


def item(of: Plan, verb: Action) -> PlannedItem:
    [found] = [one for one in of.items if one.action is verb]
    return found


@pytest.mark.parametrize("can", [entra(), scim(), scim(mode="observe")])
def test_every_wanted_verb_is_there_exactly_once_for_each_account(can: Capabilities) -> None:
    policy = default_policy()
    wanted = {a for a in Action if a.wave is Wave.CONTAIN} | {
        action
        for wave in ("hand_over", "clean_up", "retire")
        for action in getattr(policy.waves, wave).actions
    }
    got = [(one.account_id, one.action) for one in made(can, ADA, ADMIN).items]
    assert sorted(got) == sorted((id_, verb) for id_ in ("u-1", "u-2") for verb in wanted)


def test_containment_comes_first_in_the_adapters_own_order() -> None:
    items = made(entra(), ADA, ADMIN).items
    waves = [list(Wave).index(one.wave) for one in items]
    assert waves == sorted(waves)
    done = [one.action for one in items if one.wave is Wave.CONTAIN and not one.gap]
    standard = [verb for verb in Entra.contain if verb is not Action.REVOKE_PRIVILEGES]
    assert done == [*standard, *standard]


def test_containment_is_due_with_the_last_moment_and_asks_nobody() -> None:
    for one in made(entra(), ADA).items:
        if one.wave is Wave.CONTAIN:
            assert (one.due_at, one.approvals) == (NOON, 0)


def test_nothing_is_ever_due_in_the_past() -> None:
    late = Leaver(CaseKind.VOLUNTARY, NOON - timedelta(days=400))
    assert all(one.due_at >= NOON for one in made(entra(), ADA, leaver=late).items)


def test_what_destroys_is_approved_by_as_many_as_the_policy_says() -> None:
    gone = item(made(scim(), ADA), Action.DELETE_ACCOUNT)
    assert (gone.undo, gone.approvals) == (Undo.DESTRUCTIVE, 2)
    assert gone.due_at == NOON + timedelta(days=90)


def test_a_block_that_deletes_is_left_to_a_person() -> None:
    block = item(made(scim(deactivation_deletes=True), ADA), Action.BLOCK_SIGN_IN)
    assert block.gap is not None
    assert block.gap.kind == "by_hand"


def test_a_protected_account_is_one_question_and_no_call() -> None:
    policy = default_policy().model_copy(update={"protected": ("ADA@acme.example",)})
    items = made(entra(), ADA, ADMIN, policy=policy).items
    mine = [one for one in items if one.account_id == "u-1"]
    assert all(one.gap for one in mine)
    assert [one.action for one in mine if one.gap and one.gap.kind == "by_hand"] == [
        Action.BLOCK_SIGN_IN
    ]
    assert any(one.gap is None for one in items if one.account_id == "u-2")


def test_observe_mode_marks_every_call_that_will_not_be_made() -> None:
    items = made(replace(entra(), mode=Mode.OBSERVE), ADA).items
    assert all(one.observe_only for one in items if not one.gap)


def test_an_account_is_protected_by_whatever_it_is_called() -> None:
    for name in ("u-1", " Ada@ACME.example "):
        policy = default_policy().model_copy(update={"protected": (name,)})
        assert all(one.gap for one in made(entra(), ADA, policy=policy).items)


def test_rules_for_privileged_accounts_are_for_those_alone() -> None:
    assert "privileged" not in " ".join(made(entra(), ADA).rules)
    assert "privileged" in " ".join(made(entra(), ADA, ADMIN).rules)


def test_what_is_left_to_people_is_the_systems_owners_and_else_the_policys() -> None:
    can = replace(entra(), owner="identity@acme.example")
    assert {one.owner for one in made(can, ADA).items} == {"identity@acme.example"}
    assert {one.owner for one in made(entra(), ADA).items} == {default_policy().owner}


def test_what_is_done_says_which_permission_it_needs_and_what_it_calls() -> None:
    block = item(made(entra(), ADA), Action.BLOCK_SIGN_IN)
    facts = Entra.actions[Action.BLOCK_SIGN_IN]
    assert (block.permissions, block.calls) == (facts.permissions, facts.calls)


def test_a_system_of_people_is_one_task_for_its_owner() -> None:
    items = made(manual()).items
    tasks = [one for one in items if one.gap and one.gap.kind == "by_hand"]
    assert [(one.action, one.account_id, one.owner) for one in tasks] == [
        (Action.BLOCK_SIGN_IN, None, "doors@acme.example")
    ]
    assert {one.gap.kind for one in items if one.gap} == {"by_hand", "covered_by"}


def test_what_is_covered_by_nothing_is_left_to_a_person() -> None:
    can = scim()
    circle = {
        Action.REVOKE_SESSIONS: covered_by(Action.REVOKE_TOKENS),
        Action.REVOKE_TOKENS: covered_by(Action.REVOKE_SESSIONS),
        Action.REMOVE_ROLES: covered_by(Action.LOCK_DEVICES),
    }
    found = made(replace(can, gaps={**can.gaps, **circle}), ADA)
    for verb in circle:
        gap = item(found, verb).gap
        assert gap is not None
        assert gap.kind == "by_hand"


def test_what_is_covered_by_a_persons_work_stays_covered() -> None:
    can = scim()
    gaps = {
        **can.gaps,
        Action.LOCK_DEVICES: by_hand("docs/runbooks/manual.md"),
        Action.REMOVE_ROLES: covered_by(Action.LOCK_DEVICES),
    }
    gap = item(made(replace(can, gaps=gaps), ADA), Action.REMOVE_ROLES).gap
    assert gap is not None
    assert gap.kind == "covered_by"


def test_containment_is_not_covered_by_what_comes_later() -> None:
    can = scim()
    gaps = {**can.gaps, Action.REVOKE_TOKENS: covered_by(Action.DELETE_ACCOUNT)}
    gap = item(made(replace(can, gaps=gaps), ADA), Action.REVOKE_TOKENS).gap
    assert gap is not None
    assert gap.kind == "by_hand"


def test_nothing_is_covered_by_what_the_policy_does_not_ask_for() -> None:
    can = scim()
    gaps = {**can.gaps, Action.REMOVE_ROLES: covered_by(Action.WIPE_DEVICES)}
    actions = {**can.actions, Action.WIPE_DEVICES: can.actions[Action.DELETE_ACCOUNT]}
    gap = item(made(replace(can, actions=actions, gaps=gaps), ADA), Action.REMOVE_ROLES).gap
    assert gap is not None
    assert gap.kind == "by_hand"


def test_equal_situations_have_equal_digests_whatever_the_time() -> None:
    one, other = made(entra(), ADA), plan(LEAVER, (ADA,), entra(), default_policy(), NOON)
    later = plan(LEAVER, (ADA,), entra(), default_policy(), NOON + timedelta(days=3))
    assert one.digest == other.digest == later.digest
    assert made(entra(), ADMIN).digest != one.digest
    assert made(scim(), ADA).digest != one.digest


def test_nobody_found_is_nothing_to_do() -> None:
    assert made(entra()).items == ()


def test_a_leave_that_never_comes_is_no_crash() -> None:
    never = Leaver(CaseKind.OTHER, LATEST)
    assert {one.due_at for one in made(entra(), ADA, leaver=never).items} == {LATEST}


FACTS = st.builds(Facts, st.just(("P",)), st.just("POST /x"), st.sampled_from(Undo))
GAPS = (
    st.sampled_from(Action).map(covered_by)
    | st.just(by_hand("docs/runbooks/manual.md"))
    | st.just(not_applicable("there is no such thing here"))
)
ACCOUNTS = st.lists(
    st.builds(
        lambda n, privileged: KnownAccount(Account("s", f"u-{n}", f"ada{n}"), privileged),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda known: known.account.id,
).map(tuple)
LEAVERS = st.builds(
    Leaver,
    st.sampled_from(CaseKind),
    st.integers(-500, 500).map(lambda days: NOON + timedelta(days=days)),
    worker_type=st.sampled_from([None, "contractor"]),
)


@st.composite
def systems(draw: st.DrawFn) -> Capabilities:
    """Every verb is an action or a gap; which of them contain, and in which order, is drawn."""
    does = draw(st.sets(st.sampled_from(Action)))
    cuts = [verb for verb in Action if verb in does and verb.wave is Wave.CONTAIN]
    return Capabilities(
        "s",
        "drawn",
        draw(st.sampled_from(Mode)),
        {verb: draw(FACTS) for verb in Action if verb in does},
        {verb: draw(GAPS) for verb in Action if verb not in does},
        tuple(draw(st.permutations(cuts))),
        draw(st.booleans()),
    )


@given(LEAVERS, ACCOUNTS, systems())
def test_in_every_system_each_verb_is_done_or_its_gap_is_told_once(
    leaver: Leaver, accounts: tuple[KnownAccount, ...], can: Capabilities
) -> None:
    items = made(can, *accounts, leaver=leaver).items
    who = [known.account.id for known in accounts] if can.searchable else [None]
    told = [(one.account_id, one.action) for one in items]
    assert len(set(told)) == len(told)
    cuts = {(id_, verb) for id_, verb in told if verb.wave is Wave.CONTAIN}
    assert cuts == {(id_, verb) for id_ in who for verb in CONTAIN.actions}
    for one in items:
        assert one.gap is not None or one.action in can.actions


@given(LEAVERS, ACCOUNTS, systems())
def test_in_every_system_containment_is_first_at_once_asks_nobody_and_destroys_nothing(
    leaver: Leaver, accounts: tuple[KnownAccount, ...], can: Capabilities
) -> None:
    items = made(can, *accounts, leaver=leaver).items
    cuts = [one for one in items if one.wave is Wave.CONTAIN]
    assert list(items[: len(cuts)]) == cuts
    for one in cuts:
        assert (one.due_at, one.approvals) == (max(NOON, leaver.last_moment), 0)
        assert one.gap is not None or one.undo is not Undo.DESTRUCTIVE
    for id_ in {one.account_id for one in cuts}:
        done = [one.action for one in cuts if one.account_id == id_]
        assert done[: len(can.contain)] == list(can.contain)


@given(LEAVERS, ACCOUNTS, systems())
def test_in_every_system_nothing_is_due_before_its_time_or_destroyed_unasked(
    leaver: Leaver, accounts: tuple[KnownAccount, ...], can: Capabilities
) -> None:
    for one in made(can, *accounts, leaver=leaver).items:
        assert one.due_at >= max(NOON, leaver.last_moment)
        assert one.gap or one.undo is not Undo.DESTRUCTIVE or one.approvals > 0
        assert one.gap or one.observe_only is (can.mode is Mode.OBSERVE)


@given(LEAVERS, ACCOUNTS, systems())
def test_in_every_system_what_is_covered_is_done_by_somebody(
    leaver: Leaver, accounts: tuple[KnownAccount, ...], can: Capabilities
) -> None:
    items = made(can, *accounts, leaver=leaver).items
    gaps = {(one.account_id, one.action): one.gap for one in items}
    for (account, _), gap in gaps.items():
        end = gap
        while end and end.kind == "covered_by":
            end = gaps[account, Action(end.detail)]
        assert gap is None or gap.kind != "covered_by" or end is None or end.kind == "by_hand"


@given(st.data(), LEAVERS, ACCOUNTS, systems())
def test_the_order_in_which_accounts_are_found_changes_nothing(
    data: st.DataObject, leaver: Leaver, accounts: tuple[KnownAccount, ...], can: Capabilities
) -> None:
    mixed = data.draw(st.permutations(accounts))
    one, other = made(can, *accounts, leaver=leaver), made(can, *mixed, leaver=leaver)
    assert (one.items, one.digest) == (other.items, other.digest)
