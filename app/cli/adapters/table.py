"""The capability table, from the adapters' own declarations: docs/adapters.md is this text."""

from collections.abc import Iterator

from adapters.actions import Action, Undo
from adapters.contract import Adapter, Gap
from adapters.postconditions import FACTS
from adapters.registry import ADAPTERS
from app.cli.adapters.peers import BEYOND, CIPP, WORKFLOWS, Step
from workflows.sentences import BUSINESS

HEAD = """# What each adapter does, and what it leaves to people

<!-- Written by `exeunt adapters --document adapters`. A test compares them. -->

Every action is either done or a gap with a reason. *Read back*: what the system is asked for after
the call, because a call that was accepted proves nothing. *Given back*: what `POST
/cases/{id}/restore` does with it.
"""
SEEN = {
    "enabled": "the account says that it is disabled",
    "listed": "the account is no longer listed",
    "exists": "the account is not found any more",
    "sessions_valid_from": "the instant from which sessions count has moved on",
    "password_changed_at": "the instant of the last password change has moved on",
    "tokens": "no consent is left",
    "factors": "no factor is left",
    "devices": "no device is left that lets the account in",
    "roles": "no role, eligible or active, is left",
    "forwards": "no rule is left that sends mail outside",
    "files": "the successor may open the drive",
    "owns": "nothing is left that the account owns",
    "meetings": "no organised meeting is left",
    "grants": "no grant is left that can be taken",
    "licences": "no licence is left that can be taken",
    "managed": "no device is left that was not told to go",
    "unwiped": "no device is left that was not told to wipe",
    "copied": "mail is copied to the successor",
    "mailbox": "the mailbox says that it is shared",
    "auto_reply": "the reply is the one that we set",
}
UNDO = {
    Undo.REVERSIBLE: "by hand",
    Undo.RE_ENROL: "the person signs up anew",
    Undo.DESTRUCTIVE: "no: needs approval",
}


def markdown() -> str:
    parts = [HEAD, *(_adapter(name, kind) for name, kind in sorted(ADAPTERS.items())), *_peers()]
    return "\n".join(parts)


def _adapter(name: str, kind: type[Adapter]) -> str:
    order = " → ".join(kind.contain) or "a person does it"
    lines = [
        f"## {name}\n",
        f"Contains in this order, which no policy can change: {order}.\n",
        "| action | what it does | calls | least permission | given back | read back |",
        "|---|---|---|---|---|---|",
        *(_done(kind, verb) for verb in Action if verb in kind.actions),
        "",
        "| gap | why |",
        "|---|---|",
        *(f"| {verb} | {gap_said(gap)} |" for verb, gap in kind.gaps.items()),
        "",
    ]
    return "\n".join(lines)


def _done(kind: type[Adapter], verb: Action) -> str:
    facts = kind.actions[verb]
    permissions = ", ".join(f"`{one}`" for one in facts.permissions)
    calls = facts.calls.replace("|", "\\|")
    cells = (verb, BUSINESS[verb], calls, permissions, undo_said(kind, verb), seen_said(verb))
    return "| " + " | ".join(cells) + " |"


def undo_said(kind: type[Adapter], verb: Action) -> str:
    if verb in kind.ways_back:
        approved = kind.actions[verb].undo is Undo.DESTRUCTIVE
        return "yes, within the vendor's time; needs approval" if approved else "yes"
    return UNDO[kind.actions[verb].undo]


def seen_said(verb: Action) -> str:
    return SEEN[FACTS[verb]] if verb in FACTS else "the system cannot tell"


def gap_said(gap: Gap) -> str:
    match gap.kind:
        case "covered_by":
            return f"covered by `{gap.detail}`"
        case "by_hand":
            return f"by hand: [{gap.detail}]({gap.detail.removeprefix('docs/')})"
        case _:
            return gap.detail


def _peers() -> Iterator[str]:
    yield (
        "## Microsoft 365, side by side\n\nEach step of Entra Lifecycle Workflows (its task "
        "reference of 2025) and of CIPP (its code of 2026-08-08), and what answers to it here.\n"
    )
    for title, steps in (("Entra Lifecycle Workflows", WORKFLOWS), ("CIPP", CIPP)):
        yield f"| {title} | here | |\n|---|---|---|"
        yield "\n".join(map(_step, steps)) + "\n"
    beyond = "\n".join(f"- `{verb}`: {BUSINESS[verb]}" for verb in BEYOND)
    yield f"What neither of them does:\n\n{beyond}\n"
    yield (
        "Neither reads back what it changed, keeps the state before, or gives back what it took; "
        "here all three are what `contained` and `restore` mean.\n"
    )


def _step(step: Step) -> str:
    ours = ", ".join(f"`{verb}`" for verb in step.ours) or "–"
    return f"| {step.theirs} | {ours} | {step.note} |"
