"""The pages behind the first: every account, every action, every call, with its leaves."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows.evidence.first_page import refs, standing_of
from workflows.evidence.leaves import WITHHELD, Read, instant
from workflows.evidence.seen import read_back, sign_in
from workflows.evidence.shapes import Account, Calls, Check, Story, System, Try, Verb
from workflows.evidence.words import (
    CONTAINMENT,
    HELD,
    NOT_SAID,
    RULES,
    STANDINGS,
    TONES,
    WAVES,
    business,
    counted,
    lasted,
    moment,
    said,
    shown,
    spoken,
)

MOST_CALLS = 12
"""Calls that a report lists for one action; all of them are in events.jsonl."""


def system_pages(story: Story) -> list[dict[str, Any]]:
    return [_system(story, system) for system in story.systems]


def _system(story: Story, system: System) -> dict[str, Any]:
    tone, words = standing_of(story, system.containment)
    return {
        "system": system.name,
        "tone": tone,
        "state": words,
        "facts": [
            ["spoken to by", system.adapter or NOT_SAID, refs(system.scope.leaf)],
            ["mode", system.mode or NOT_SAID, refs(system.scope.leaf)],
            ["an old session lives on for", _lives(system), refs(system.scope.leaf)],
            *([["takes its accounts from", system.mastered_by, ""]] if system.mastered_by else []),
            ["plan (SHA-256)", said(system.plan_sha256), refs(system.plan_sha256.leaf)],
            *([["policy rules", ", ".join(system.rules), ""]] if system.rules else []),
        ],
        "lookups": [
            {
                "at": moment(one.at.value),
                "answer": spoken(one.answer),
                "accounts": str(one.accounts),
                "why": shown(one.why) or "",
                "calls": _calls(one.calls),
                "refs": refs(one.at.leaf),
            }
            for one in system.lookups
        ],
        "accounts": [_account(story, account) for account in system.accounts],
        "verbs": [_verb(story, verb) for verb in system.verbs if not _quiet(verb)],
        "quiet": _quiet_ones(system.verbs),
    }


def _lives(system: System) -> str:
    """The end of the last session is reckoned with it, so that a reader must see it."""
    if system.token_seconds is None:
        return NOT_SAID
    if not system.token_seconds:
        return "no time: none was configured, or the vendor names none"
    return f"at most {lasted(system.token_seconds)}, as it was configured"


def _account(story: Story, account: Account) -> dict[str, Any]:
    state = str(account.containment.value or "unknown")
    tone, words = standing_of(story, state if state in CONTAINMENT else "unknown")
    until = account.last_possible_access
    facts = [
        ["account", said(account.account_id), refs(account.account_id.leaf)],
        [
            "recognised by",
            RULES.get(account.rule, account.rule or NOT_SAID),
            refs(account.found.leaf),
        ],
        ["kind", account.kind + (", administrator" if account.privileged else ""), ""],
        ["state before", _held(account.before), refs(account.before_leaf)],
        ["state before (SHA-256)", said(account.before_sha256), refs(account.before_sha256.leaf)],
        [
            "sign-in read back as blocked",
            moment(account.blocked_at.value),
            refs(account.blocked_at.leaf),
        ],
        ["last possible access", moment(until.value), refs(until.leaf)],
        ["contained", moment(account.contained_at.value), refs(account.contained_at.leaf)],
    ]
    return {
        "id": account.id,
        "tone": tone,
        "state": words,
        "facts": facts,
        "verbs": [_verb(story, verb) for verb in _in_order(account.verbs) if not _quiet(verb)],
        "quiet": _quiet_ones(account.verbs),
        "checks": [_check(check, over=bool(story.restored_at)) for check in account.checks],
    }


def _quiet(verb: Verb) -> bool:
    """Nothing was to be done: one line says so of all of them."""
    return verb.standing in ("covered", "not_applicable") and not verb.tries


def _quiet_ones(verbs: Sequence[Verb]) -> str:
    parts = []
    for standing, words in (
        ("covered", "Covered by another action"),
        ("not_applicable", "Not there in this system"),
    ):
        found = [verb for verb in verbs if verb.standing == standing and _quiet(verb)]
        names = ", ".join(spoken(verb.action) for verb in found)
        leaves = refs(*(verb.leaf for verb in found))
        parts += [f"{words}: {names} ({leaves})."] if found else []
    return " ".join(parts)


def _in_order(verbs: Sequence[Verb]) -> list[Verb]:
    """Wave by wave; what was tried in the order in which it was tried."""
    waves = list(WAVES)

    def place(verb: Verb) -> tuple[int, str]:
        begun = verb.tries[0].intent.value if verb.tries else "~"
        return waves.index(verb.wave) if verb.wave in waves else len(waves), str(begun)

    return sorted(verbs, key=place)


def _held(state: Mapping[str, Any]) -> str:
    """How much was held, in words. Names are in no leaf."""
    if not state:
        return NOT_SAID
    can = sign_in(state)
    parts = [can] if can else []
    for name, count in (state.get("held") or {}).items():
        if count:
            parts.append(f"{count} {HELD.get(name, spoken(name))}")
    return ", ".join(parts) or "nothing that the system told"


def _yes(said_so: bool | None) -> str:
    return NOT_SAID if said_so is None else "yes" if said_so else "no"


def _standing(story: Story, verb: Verb) -> str:
    """ "Not due yet" of what is due, or "locked" where there was no device, would be false."""
    if verb.standing == "to_come" and _is_due(story, verb):
        given = {approval.wave for approval in story.approvals}
        asked = {str(one.data.get("wave")) for one in story.waiting}
        return "waits for an approval" if verb.wave in asked - given else "not begun yet"
    if _already(verb):
        return "nothing was left to do, and the system itself shows it"
    return STANDINGS[verb.standing]


def _is_due(story: Story, verb: Verb) -> bool:
    due = instant(verb.due_at.value)
    return due is not None and due <= datetime.fromisoformat(story.as_of)


def _already(verb: Verb) -> bool:
    """At the only try: a repeat may find what the try before had changed."""
    outcomes = [one.outcome for one in verb.tries]
    return verb.standing == "confirmed" and outcomes in (["already"], ["absent"])


def _verb(story: Story, verb: Verb) -> dict[str, Any]:
    done = verb.standing == "confirmed" and not _already(verb)
    return {
        "wave": WAVES.get(verb.wave, verb.wave or "–"),
        "action": spoken(verb.action),
        "business": business(verb.action) if done else "",
        "standing": _standing(story, verb),
        "tone": TONES[verb.standing],
        "undo": {"destructive": "cannot be undone", "re_enrol": "can be set up anew"}.get(
            verb.undo or "", ""
        ),
        "due": moment(verb.due_at.value) if verb.standing == "to_come" else "",
        "tries": [_try(one, verb.action) for one in verb.tries],
        "refs": refs(verb.planned.leaf),
    }


def _try(one: Try, action: str) -> dict[str, Any]:
    crashed = " (cut short, looked at and taken up again)" if one.resumed else ""
    outcome = spoken(one.outcome or "NO RESULT IN THE LOG") + crashed
    if one.given_to:
        outcome += f", to {said(one.given_to)}"
    if one.error:
        outcome = f"{one.error}: {shown(one.message) or 'message not disclosed'}"
    return {
        "n": str(one.n),
        "intent": moment(one.intent.value),
        "result": moment(one.result.value),
        "outcome": outcome,
        "calls": _calls(one.calls),
        "read_back": read_back(one, action),
        "refs": refs(
            one.intent.leaf, *(r.leaf for r in one.resumed), one.result.leaf, one.read_back.leaf
        ),
    }


def _calls(calls: Calls) -> list[list[str]]:
    rows = [
        [
            one.method + (" (writes)" if one.writes else ""),
            "no answer" if one.status is None else str(one.status),
            f"{one.ms} ms" if one.ms is not None else NOT_SAID,
            one.request_id or NOT_SAID,
            _short(one.reply_sha256),
        ]
        for one in calls.made[:MOST_CALLS]
    ]
    more = calls.count - len(rows)
    return [*rows, [f"and {more} more", "", "", "", ""]] if more > 0 else rows


def _short(digest: str | None) -> str:
    """Enough of it to be found by; all of it is in case.json."""
    if digest is None or digest == WITHHELD:
        return digest or NOT_SAID
    return f"{digest[:16]}…"


def _check(check: Check, *, over: bool) -> dict[str, str]:
    not_made = "not made: access was given back" if over else "not made yet"
    results = {
        "still_cut": "still cut off",
        "came_back": "access had COME BACK",
        "new_account": f"{counted(check.new_accounts, 'more account')} turned up",
        "unanswered": "NO ANSWER",
    }
    return {
        "label": check.label,
        "due": moment(check.due_at.value),
        "at": moment(check.at.value) if check.at else not_made,
        "result": results.get(check.result or "", "–"),
        "searched": _yes(check.searched) if check.at else "–",
        "replies": ", ".join(
            f"{one.status} {_short(one.reply_sha256)}" for one in check.calls.made[:4]
        ),
        "refs": refs(check.due_at.leaf, check.at.leaf),
    }


def events_table(leaves: Iterable[Read]) -> list[list[str]]:
    return [
        [
            f"#{leaf.index}",
            moment(leaf.time),
            leaf.type,
            leaf.outcome,
            str(leaf.data.get("system") or ""),
            str(leaf.event.get("case_seq") or ""),
        ]
        for leaf in leaves
    ]
