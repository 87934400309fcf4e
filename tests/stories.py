"""Cases told leaf by leaf, in memory and under a real signed tree: what packs are made of."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import NOON
from tests.sealed_logs import LOG, ORIGIN, SEEN_AT, WITNESS, Log
from workflows.evidence.gather import Gathered
from workflows.evidence.head import Head
from workflows.evidence.leaves import Read, read_leaf
from workflows.evidence.shapes import Story
from workflows.evidence.story import story_of
from workflows.ledger.events import EXEUNT, Actor, Event, seal, stamp
from workflows.ledger.note import note_of

CASE, SUBJECT = "case_1", "s_pseudonym"
HR = Actor("hr", "people")
NAME = "Mara Okafor"
DAY = timedelta(days=1)
PERSON = Actor("person", "tok_1")


class Telling:
    """Leaves in their order. Times are seconds after NOON, when HR's message came."""

    def __init__(self, case: str = CASE, name: str = NAME) -> None:
        self.case, self.name = case, name
        self.log = Log()
        self.opened: dict[str, Mapping[str, str]] = {}
        self.seq = 0

    def at(self, seconds: float) -> str:
        return stamp(NOON + timedelta(seconds=seconds))

    def add(
        self,
        type_: str,
        outcome: str = "success",
        seconds: float = 0.0,
        data: Mapping[str, Any] | None = None,
        personal: Mapping[str, str | None] | None = None,
        actor: Actor = EXEUNT,
        *,
        of_case: bool = True,
    ) -> int:
        """The index of the new leaf."""
        self.seq += of_case
        event = Event(
            type_,
            outcome,
            self.case if of_case else None,
            SUBJECT if type_ == "case.opened" else None,
            data or {},
            personal or {},
            actor=actor,
        )
        event_id = f"evt_{self.log.size:04}_{self.case}"
        sealed = seal(
            event,
            event_id=event_id,
            time=NOON + timedelta(seconds=seconds),
            tenant="acme",
            case_seq=self.seq if of_case else None,
            salts={n: hashlib.sha256(f"{event_id}{n}".encode()).digest() for n in event.personal},
        )
        self.log.leaves.append(sealed.d)
        if sealed.disclosures:
            self.opened[event_id] = sealed.disclosures
        return self.log.size - 1

    # What happens in a case.

    def opens(self, **changes: Any) -> int:
        self.add("service.started", data={"version": "0.1.0"}, of_case=False)
        told = {"delivery": "rcpt_1", "connection": "people"}
        self.add("hr.delivery_received", data=told, actor=HR, of_case=False)
        data = {
            "kind": "voluntary",
            "hr_entered_at": self.at(-3600),
            "received_at": self.at(0),
            "effective_at": self.at(0),
            "basis": "last_working_day",
            "zone": "Europe/Berlin",
            "zone_source": "worker",
            "revoke_now": False,
            "connection": "people",
            "delivery": "rcpt_1",
            "policy": "careful default 0123456789ab",
            "policy_sha256": "cd" * 32,
            "rules": [],
            "contain_within_seconds": 3600,
        } | changes
        who = {"name": self.name, "source_worker_id": "W-1207-X", "owner": "it-service-desk"}
        who["body_sha256"] = "ab" * 32
        return self.add("case.opened", "scheduled", 0.1, data, who, HR)

    def begins(self, *systems: str, **modes: str) -> int:
        scope = [
            {
                "system": name,
                "adapter": "scim",
                "mode": modes.get(name, "enforce"),
                "searchable": True,
                "mastered_by": None,
                "token_seconds": 0,
            }
            for name in systems
        ]
        return self.add("case.begun", data={"systems": list(systems), "scope": scope}, seconds=0.2)

    def finds(self, system: str, account: str = "", **more: Any) -> int:
        """One account, or none."""
        told = [{"account": account, "rule": "employee_number", "kind": "person", **more}]
        before = {"exists": True, "enabled": True, "held": {"grants": 2}}
        data = {
            "system": system,
            "accounts": [one | {"privileged": False, "before": before} | more for one in told]
            if account
            else [],
            "calls": [self.call("GET")],
        }
        personal = {f"account_{account}": f"u-{account}", f"before_{account}": "ef" * 32}
        outcome = "found" if account else "none"
        personal = (personal if account else {}) | {"replies": "9a" * 32}
        return self.add(
            "lookup.result",
            outcome,
            0.3,
            data,
            {**(personal if account else {}), "replies": "9a" * 32},
        )

    def plans(self, system: str, account: str | None, *items: Mapping[str, Any]) -> int:
        planned = [
            {"account": account, "state": "planned", "undo": "reversible", **i} for i in items
        ]
        planned = [{k: v for k, v in one.items() if v is not None} for one in planned]
        data = {"system": system, "items": len(planned), "planned": planned}
        return self.add("plan.made", "success", 0.4, data, {"digest": "12" * 32})

    def call(self, method: str, status: int | None = 200) -> dict[str, Any]:
        writes = method != "GET"
        return {"method": method, "status": status, "request_id": "r-1", "ms": 7, "writes": writes}

    def tries(
        self,
        action: str,
        system: str,
        account: str,
        item: str,
        n: int = 1,
        seconds: float = 1.0,
        error: str | None = None,
        said: str | None = "confirmed",
        state: str = "done",
        wave: str = "contain",
        *,
        result: bool = True,
    ) -> None:
        verb = f"restore.{action}" if wave == "restore" else action
        place = {"system": system, "account": account, "item": item, "wave": wave, "attempt": n}
        self.add(f"{verb}.intent", "pending", seconds, place, {"account_id": f"u-{account}"})
        if not result:
            return
        calls = [self.call("PATCH", 204), self.call("GET")]
        data = {**place, "error": error, "state": state, "calls": calls}
        outcome = "failure" if error else "changed"
        message = f"{system} said no" if error else None
        replies = f"{'34' * 32} {'56' * 32}"
        self.add(
            f"{verb}.result", outcome, seconds + 0.1, data, {"message": message, "replies": replies}
        )
        if said:
            after = {"exists": True, "enabled": wave == "restore", "held": {"grants": 0}}
            self.add(f"{verb}.read_back", said, seconds + 0.2, {**place, **after})

    def judges(self, system: str, account: str, outcome: str, seconds: float = 2.0) -> int:
        done = outcome == "contained"
        data = {
            "account": account,
            "system": system,
            "was": "unknown",
            "blocked_at": self.at(seconds) if done else None,
            "contained_at": self.at(seconds) if done else None,
            "last_possible_access": self.at(seconds) if done else None,
            "rechecks": {"15m": self.at(seconds + 900), "24h": self.at(seconds + 86_400)}
            if done
            else None,
        }
        return self.add("account.judged", outcome, seconds, data)

    def verdict(self, outcome: str, seconds: float = 2.0) -> int:
        at = self.at(seconds) if outcome == "contained" else None
        return self.add("case.judged", outcome, seconds, {"accounts": [], "contained_at": at})

    def looks_again(self, system: str, account: str, label: str, result: str = "still_cut") -> int:
        seconds = {"15m": 902.0, "24h": 86_402.0}[label]
        data = {
            "account": account,
            "system": system,
            "after": label,
            "due_at": self.at(seconds),
            "exists": True,
            "enabled": result == "came_back",
            "searched": True,
            "new_accounts": int(result == "new_account"),
            "calls": [self.call("GET")],
        }
        return self.add("recheck.result", result, seconds + 1, data)

    def asks(self, task: str, kind: str, system: str, *items: str, due: float = 3600) -> int:
        data = {
            "task": task,
            "kind": kind,
            "system": system,
            "item": items[0] if items else None,
            "items": list(items) or None,
            "due_at": self.at(due),
        }
        personal = {"title": f"{system}: by hand", "owner": "facilities@acme.example"}
        return self.add("task.opened", "open", 1.0, data, personal)

    def attests(self, task: str, system: str, who: Actor = PERSON) -> int:
        data = {"task": task, "kind": "by_hand", "system": system}
        return self.add("task.closed", "attested", 60.0, data, {"note": "badge taken"}, who)

    def closes(self, seconds: float = 100_000.0, events: int | None = None) -> int:
        count = self.seq + 1 if events is None else events
        return self.add("case.closed", "contained", seconds, {"events": count})

    # What is made of it.

    def leaves(self, *, names: bool = True) -> tuple[Read, ...]:
        read = []
        for index, d in enumerate(self.log.leaves):
            plain = read_leaf(index, d, {})
            shown = self.opened.get(str(plain.event["id"]), {}) if names else {}
            read.append(read_leaf(index, d, shown))
        return tuple(read)

    def story(self, after: timedelta = DAY * 2, *, names: bool = True) -> Story:
        return story_of(self.case, self.leaves(names=names), NOON + after)

    def head(self, signed_at: datetime = NOON + DAY * 2, *, cosigned: bool = True) -> Head:
        body = self.log.body()
        return Head(
            origin=ORIGIN,
            size=self.log.size,
            root=self.log.root(),
            signed_at=signed_at,
            note=note_of(body, [LOG.sign(body)]),
            cosignatures=WITNESS.cosign(body, SEEN_AT) if cosigned else "",
            log_keys=(LOG.vkey,),
            witness_keys={"auditor": WITNESS.vkey},
        )

    def gathered(self, *, names: bool = True) -> Gathered:
        paths = {index: self.log.inclusion(index) for index in range(self.log.size)}
        opened = self.opened if names else {}
        return Gathered(self.leaves(names=names), opened, paths, self.head())


def cut(telling: Telling, system: str, account: str) -> None:
    """One system, from the lookup to the judgement, as it should be."""
    telling.finds(system, account)
    item = f"item_{account}"
    telling.plans(system, account, {"item": item, "action": "block_sign_in", "wave": "contain"})
    telling.tries("block_sign_in", system, account, item)
    telling.judges(system, account, "contained")


def a_good_case(name: str = NAME) -> Telling:
    """Two systems, cut, looked at again, closed."""
    telling = Telling(name=name)
    telling.opens()
    telling.begins("directory", "crm")
    cut(telling, "directory", "a1")
    cut(telling, "crm", "a2")
    telling.verdict("contained")
    for system, account in (("directory", "a1"), ("crm", "a2")):
        for label in ("15m", "24h"):
            telling.looks_again(system, account, label)
    telling.closes()
    return telling
