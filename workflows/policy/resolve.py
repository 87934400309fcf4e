"""A policy, read for one leaver: the general part, then every rule that fits, in order."""

from datetime import timedelta

from adapters.actions import Action, Wave
from workflows.model import Leaver, Terms, WaveTerms
from workflows.policy.schema import Policy, PolicyRule, WaveRule, When

CONTAIN = WaveTerms(
    Wave.CONTAIN, timedelta(0), frozenset(a for a in Action if a.wave is Wave.CONTAIN)
)
"""The same for everybody. No policy can take a verb out, put it off or make it ask."""


LATER = (Wave.HAND_OVER, Wave.CLEAN_UP, Wave.RETIRE)


def resolve(policy: Policy, leaver: Leaver, *, privileged: bool = False) -> Terms:
    fitting = [rule for rule in policy.rules if fits(rule.when, leaver, privileged=privileged)]
    waves = [_wave(policy, fitting, wave) for wave in LATER]
    owner, task_due, give_up = policy.owner, policy.task_due, policy.give_up_after
    within = policy.contain_within
    for rule in fitting:
        owner = rule.set.owner or owner
        task_due = task_due if rule.set.task_due is None else rule.set.task_due
        give_up = give_up if rule.set.give_up_after is None else rule.set.give_up_after
        within = within if rule.set.contain_within is None else rule.set.contain_within
    return Terms(
        rules=tuple(rule.name for rule in fitting),
        waves=(CONTAIN, *waves),
        owner=owner,
        task_due=task_due,
        give_up_after=give_up,
        contain_within=within,
    )


def fits(when: When, leaver: Leaver, *, privileged: bool) -> bool:
    return (
        (not when.kind or leaver.kind in when.kind)
        and _among(leaver.department, when.department)
        and _among(leaver.worker_type, when.worker_type)
        and _among(leaver.country, when.country)
        and when.privileged in (None, privileged)
    )


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or (value or "").casefold() in {text.casefold() for text in wanted}


def _wave(policy: Policy, rules: list[PolicyRule], wave: Wave) -> WaveTerms:
    said = policy.waves.of(wave)
    after, actions, approvals = said.after or timedelta(0), said.actions or (), said.approvals or 0
    for rule in rules:
        change: WaveRule = rule.set.waves.of(wave)
        after = after if change.after is None else change.after
        actions = actions if change.actions is None else change.actions
        approvals = approvals if change.approvals is None else change.approvals
    return WaveTerms(wave, after, frozenset(actions), approvals)
