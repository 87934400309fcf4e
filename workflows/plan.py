"""From leaver, accounts, capabilities and policy to a plan: pure, so that a dry run is true."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from adapters.actions import Action, Undo, Wave
from adapters.contract import Gap, by_hand, covered_by, not_applicable
from adapters.http import Mode
from adapters.matching import normal_address
from adapters.nouns import Account
from workflows.model import (
    Capabilities,
    KnownAccount,
    Leaver,
    Plan,
    PlannedItem,
    Terms,
    WaveTerms,
)
from workflows.moments import LATEST
from workflows.policy.resolve import resolve
from workflows.policy.schema import Policy

BLOCK, PASSWORD, FACTORS = (
    Action.BLOCK_SIGN_IN,
    Action.RESET_CREDENTIALS,
    Action.REMOVE_FACTORS,
)
PROTECTED = "The policy protects this account, so no case cuts it. Decide with its owner."
MASTERED = by_hand("docs/runbooks/mastered-elsewhere.md")
"""The cut here lasts until the next sync: it has to be made where the account is written, too."""
DESTROYS = "In this system the verb destroys the account, and containment never does that unasked."


def plan(
    leaver: Leaver,
    accounts: tuple[KnownAccount, ...],
    can: Capabilities,
    policy: Policy,
    now: datetime,
) -> Plan:
    """What one system gets: every wanted verb on every account, or the gap in its place.

    A system where nobody can be looked up gets the same as if it had one account without a name.
    An item that is due is due now: nothing is ever due in the past.
    """
    targets: tuple[KnownAccount | None, ...] = accounts
    if not can.searchable:
        targets = (None,)
    items: list[PlannedItem] = []
    rules: dict[str, None] = {}
    for target in targets:
        terms = resolve(policy, leaver, privileged=bool(target and target.privileged))
        rules |= dict.fromkeys(terms.rules)
        items += _for_account(leaver, target, can, policy, terms, now)
    ordered = sorted(items, key=lambda item: (list(Wave).index(item.wave), item.account_id or ""))
    return Plan(tuple(ordered), policy.identity, tuple(rules))


def _for_account(
    leaver: Leaver,
    target: KnownAccount | None,
    can: Capabilities,
    policy: Policy,
    terms: Terms,
    now: datetime,
) -> Iterator[PlannedItem]:
    protected = target is not None and _is_protected(target.account, policy)
    wanted = frozenset(verb for wave in terms.waves for verb in wave.actions)
    for wave in terms.waves:
        # Containment is covered by containment alone: it waits for no later wave.
        covering = wave.actions if wave.wave is Wave.CONTAIN else wanted
        after = min(wave.after, LATEST - leaver.last_moment)
        due_at = max(now, leaver.last_moment + after)
        for order, verb in enumerate(_in_order(wave, can)):
            gap = _protection(verb) if protected else _gap(verb, can, covering)
            if target and not protected:
                gap = _written_elsewhere(verb, target) or gap
            yield _item(verb, order, target, can, wave, terms, due_at, gap)


def _written_elsewhere(verb: Action, target: KnownAccount) -> Gap | None:
    """What is not done here, because another system writes the account.

    Factors stay: until that system is known to be cut, a sync may lift the block, and whoever has
    the password would sign up anew. A blocked account takes none of them.
    """
    if target.written_by:
        done = not_applicable(f"the system {target.written_by} writes it, and it is reset there")
        return {PASSWORD: done, FACTORS: covered_by(BLOCK)}.get(verb)
    return MASTERED if target.mastered_elsewhere and verb is PASSWORD else None


def _in_order(wave: WaveTerms, can: Capabilities) -> list[Action]:
    """The one tested order of the adapter first, then the order of the closed set."""
    first = [verb for verb in can.contain if verb in wave.actions]
    return first + [verb for verb in Action if verb in wave.actions and verb not in first]


def _item(
    verb: Action,
    order: int,
    target: KnownAccount | None,
    can: Capabilities,
    wave: WaveTerms,
    terms: Terms,
    due_at: datetime,
    gap: Gap | None,
) -> PlannedItem:
    item = PlannedItem(
        system=can.system,
        account_id=target.account.id if target else None,
        wave=wave.wave,
        action=verb,
        due_at=due_at,
        order=order,
        gap=gap,
        owner=can.owner or terms.owner,
    )
    if gap:
        return item
    facts = can.actions[verb]
    destroys = facts.undo is Undo.DESTRUCTIVE
    return replace(
        item,
        undo=facts.undo,
        observe_only=can.mode is Mode.OBSERVE,
        approvals=max(wave.approvals, int(destroys)),
        permissions=facts.permissions,
        calls=facts.calls,
    )


def _gap(verb: Action, can: Capabilities, covering: frozenset[Action]) -> Gap | None:
    """None if the system does it itself. What is "covered" by nothing is left to a person."""
    if verb in can.actions:
        destroys = can.actions[verb].undo is Undo.DESTRUCTIVE
        return by_hand(DESTROYS) if destroys and verb.wave is Wave.CONTAIN else None
    gap = can.gaps[verb]
    if gap.kind == "covered_by" and not _is_covered(Action(gap.detail), can, covering - {verb}):
        return by_hand(f"{gap.detail} was to cover this, but nothing does that here.")
    return gap


def _is_covered(verb: Action, can: Capabilities, covering: frozenset[Action]) -> bool:
    """Whether a chain of "covered by" ends at something that is done, by us or by a person.

    `covering` are the verbs that are asked for and were not met yet in this chain.
    """
    if verb not in covering:
        return False
    if verb in can.actions:
        return True
    gap = can.gaps[verb]
    if gap.kind == "covered_by":
        return _is_covered(Action(gap.detail), can, covering - {verb})
    return gap.kind == "by_hand"


def _protection(verb: Action) -> Gap:
    return by_hand(PROTECTED) if verb is BLOCK else covered_by(BLOCK)


def _is_protected(account: Account, policy: Policy) -> bool:
    names = {normal_address(n) for n in (account.id, account.login, *account.addresses)}
    return any(normal_address(name) in names for name in policy.protected)
