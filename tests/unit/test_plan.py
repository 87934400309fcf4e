"""The plan: every wanted verb once, contain first, nothing destroyed unasked, equal for equals."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.actions import Action, Undo, Wave
from adapters.clock import Clock
from adapters.contract import by_hand, covered_by
from adapters.http import Mode
from adapters.nouns import Account
from adapters.systems.entra import Entra
from adapters.systems.manual import Manual
from adapters.systems.scim import Scim
from tests.conftest import NOON
from workflows.model import Capabilities, CaseKind, KnownAccount, Leaver, Plan, PlannedItem
from workflows.plan import plan
from workflows.policy.load import default_policy
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
    assert done == [*Entra.contain, *Entra.contain]


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


def test_equal_situations_have_equal_digests_whatever_the_time() -> None:
    one, other = made(entra(), ADA), plan(LEAVER, (ADA,), entra(), default_policy(), NOON)
    later = plan(LEAVER, (ADA,), entra(), default_policy(), NOON + timedelta(days=3))
    assert one.digest == other.digest == later.digest
    assert made(entra(), ADMIN).digest != one.digest
    assert made(scim(), ADA).digest != one.digest


def test_nobody_found_is_nothing_to_do() -> None:
    assert made(entra()).items == ()
