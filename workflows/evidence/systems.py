"""System by system, account by account: who it is there, what was planned, what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workflows.evidence.attempts import action_of, calls_of, item_of, standing, tries_of
from workflows.evidence.leaves import NOT_RECORDED, Fact, Read
from workflows.evidence.shapes import Account, Check, Lookup, System, Task, Verb

WORST_FIRST = ("not", "unknown", "by_hand", "partly", "blocked_until_expiry", "contained")


@dataclass
class _Book:
    """What the leaves say, sorted by what they are about."""

    scope: dict[str, tuple[Fact, Mapping[str, Any], Fact]] = field(default_factory=dict)
    lookups: dict[str, list[Lookup]] = field(default_factory=dict)
    plans: dict[str, Read] = field(default_factory=dict)
    planned: dict[str, tuple[Mapping[str, Any], Read]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    tried: dict[str, list[Read]] = field(default_factory=dict)
    checks: dict[tuple[str, str], Check] = field(default_factory=dict)
    restored: int = -1
    """The leaf since which nothing of this case is cut any more."""


def systems_of(
    leaves: Sequence[Read], tasks: Sequence[Task], as_of: datetime
) -> tuple[System, ...]:
    book = _Book()
    for leaf in leaves:
        _take(book, leaf)
    verbs = _verbs(book, tasks, as_of)
    names = dict.fromkeys([*book.scope, *book.lookups])
    return tuple(_system(book, name, verbs, tasks) for name in names)


def _take(book: _Book, leaf: Read) -> None:
    if taker := _TAKERS.get(leaf.type):
        taker(book, leaf)
    elif item := item_of(leaf):
        book.tried.setdefault(item, []).append(leaf)


def _answered(book: _Book, leaf: Read) -> None:
    accounts = leaf.data.get("accounts") or ()
    calls, why = calls_of(leaf), leaf.personal("why")
    system = str(leaf.data.get("system"))
    answer = Lookup(leaf.at, leaf.outcome, len(accounts), calls, why)
    book.lookups.setdefault(system, []).append(answer)
    for told in accounts:
        _found(book, leaf, system, told)


def _unanswered(book: _Book, leaf: Read) -> None:
    calls, why = calls_of(leaf), leaf.personal("message")
    failed = Lookup(leaf.at, "failed", 0, calls, why)
    book.lookups.setdefault(str(leaf.data.get("system")), []).append(failed)


def _planned(book: _Book, leaf: Read) -> None:
    book.plans[str(leaf.data.get("system"))] = leaf
    book.planned |= {str(one["item"]): (one, leaf) for one in leaf.data.get("planned") or ()}


def _given_back(book: _Book, leaf: Read) -> None:
    book.restored = leaf.index


def _cut_anew(book: _Book, leaf: Read) -> None:
    if leaf.index > book.restored:
        book.restored = -1


def _scope(book: _Book, leaf: Read) -> None:
    told = {str(one["system"]): one for one in leaf.data.get("scope") or ()}
    for name in leaf.data.get("systems") or ():
        owner = leaf.personal(f"owner_{name}")
        book.scope[name] = (leaf.at, told.get(name, {}), owner)


def _found(book: _Book, leaf: Read, system: str, told: Mapping[str, Any]) -> None:
    id_ = str(told["account"])
    known = book.accounts.get(id_)
    made = Account(
        id=id_,
        system=system,
        account_id=leaf.personal(f"account_{id_}"),
        found=leaf.at,
        rule=str(told.get("rule") or ""),
        kind=str(told.get("kind") or ""),
        privileged=bool(told.get("privileged")),
        before=told.get("before") or {},
        before_leaf=leaf.index,
        before_sha256=leaf.personal(f"before_{id_}"),
    )
    if known:  # it was given back, and is cut once more
        made = replace(made, containment=known.containment)
    book.accounts[id_] = made


def _before(book: _Book, leaf: Read) -> None:
    id_ = str(leaf.data.get("account"))
    if id_ in book.accounts:
        book.accounts[id_] = replace(
            book.accounts[id_],
            before=leaf.data.get("before") or {},
            before_leaf=leaf.index,
            before_sha256=leaf.personal(f"before_{id_}"),
        )


def _judged(book: _Book, leaf: Read) -> None:
    id_ = str(leaf.data.get("account"))
    if id_ in book.accounts:
        book.accounts[id_] = replace(
            book.accounts[id_],
            containment=Fact(leaf.outcome, leaf.index),
            blocked_at=leaf.fact("blocked_at"),
            contained_at=leaf.fact("contained_at"),
            last_possible_access=leaf.fact("last_possible_access"),
        )
    for label, due in (leaf.data.get("rechecks") or {}).items():
        book.checks[id_, label] = Check(label, Fact(due, leaf.index))


def _checked(book: _Book, leaf: Read) -> None:
    key = str(leaf.data.get("account")), str(leaf.data.get("after"))
    planned = book.checks.get(key) or Check(key[1], leaf.fact("due_at"))
    book.checks[key] = replace(
        planned,
        at=leaf.at,
        result=leaf.outcome,
        enabled=leaf.data.get("enabled"),
        searched=leaf.data.get("searched"),
        new_accounts=int(leaf.data.get("new_accounts") or 0),
        calls=calls_of(leaf),
    )


_TAKERS = {
    "case.begun": _scope,
    "lookup.result": _answered,
    "lookup.failed": _unanswered,
    "plan.made": _planned,
    "account.state_before": _before,
    "account.judged": _judged,
    "recheck.result": _checked,
    "restore.begun": _given_back,
    "case.moved": _cut_anew,
}


def _verbs(
    book: _Book, tasks: Sequence[Task], as_of: datetime
) -> list[tuple[str, str | None, Verb]]:
    """Every item with its system and account; what was tried and not planned is not lost."""
    asked = _asked(tasks)
    found = []
    for item in dict.fromkeys([*book.planned, *book.tried]):
        told, plan = book.planned.get(item, ({}, None))
        leaves = book.tried.get(item, [])
        first = leaves[0] if leaves else plan
        if first is None:
            continue
        verb = Verb(
            item=item,
            action=str(told.get("action") or action_of(first)),
            wave=str(told.get("wave") or first.data.get("wave") or ""),
            planned=Fact(plan.time, plan.index) if plan else NOT_RECORDED,
            standing="",
            gap=told.get("gap"),
            undo=told.get("undo"),
            approvals=int(told.get("approvals") or 0),
            due_at=Fact(told["due_at"], plan.index) if plan and "due_at" in told else NOT_RECORDED,
            tries=tries_of(leaves),
            task=asked[item].id if item in asked else None,
        )
        off = verb.wave != "restore" and book.restored >= 0
        how = standing(verb, told.get("state"), asked.get(item), as_of, cancelled=off)
        account = told.get("account") or first.data.get("account")
        found.append((str(first.data.get("system")), account, replace(verb, standing=how)))
    return found


def _asked(tasks: Iterable[Task]) -> dict[str, Task]:
    """The task that asks for an item; an open one before one that is closed."""
    found: dict[str, Task] = {}
    for task in sorted(tasks, key=lambda one: one.standing == "open"):
        found |= dict.fromkeys(task.items, task)
    return found


def _system(
    book: _Book,
    name: str,
    verbs: list[tuple[str, str | None, Verb]],
    tasks: Sequence[Task],
) -> System:
    scope, told, owner = book.scope.get(name, (NOT_RECORDED, {}, NOT_RECORDED))
    mine = [(account, verb) for system, account, verb in verbs if system == name]
    accounts = tuple(
        replace(
            account,
            verbs=tuple(verb for id_, verb in mine if id_ == account.id),
            checks=tuple(check for (id_, _), check in book.checks.items() if id_ == account.id),
        )
        for account in book.accounts.values()
        if account.system == name
    )
    plan = book.plans.get(name)
    lookups = tuple(book.lookups.get(name, ()))
    return System(
        name=name,
        scope=scope,
        adapter=told.get("adapter"),
        mode=told.get("mode"),
        searchable=told.get("searchable"),
        mastered_by=told.get("mastered_by"),
        token_seconds=told.get("token_seconds"),
        owner=owner,
        lookups=lookups,
        plan_sha256=plan.personal("digest") if plan else NOT_RECORDED,
        plan_items=int(plan.data.get("items") or 0) if plan else 0,
        rules=tuple(plan.data.get("rules") or ()) if plan else (),
        accounts=accounts,
        verbs=tuple(verb for id_, verb in mine if id_ not in book.accounts),
        containment=_containment(lookups, accounts, [t for t in tasks if t.system == name]),
    )


def _containment(
    lookups: Sequence[Lookup], accounts: Sequence[Account], tasks: Sequence[Task]
) -> str:
    """That of the worst account; without one, what the lookup says."""
    answers = [one.answer for one in lookups if one.answer != "failed"]
    last = answers[-1] if answers else "unanswered"
    if last in ("undecided", "unanswered"):
        return last
    if accounts:
        said = [str(account.containment.value or "unknown") for account in accounts]
        return min(said, key=lambda one: WORST_FIRST.index(one) if one in WORST_FIRST else 0)
    if last == "by_hand":
        asked = [task for task in tasks if task.kind == "by_hand" and task.standing != "withdrawn"]
        done = asked and all(task.standing == "attested" for task in asked)
        return "attested" if done else "by_hand"
    return "none_found" if last == "none" else "unknown"
