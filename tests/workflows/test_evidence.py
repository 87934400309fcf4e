"""Evidence of real cases, over HTTP: the pack is taken as an auditor would, and checked alone."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlmodel import select

from adapters.practice.base import Fault
from app.security.tokens import Role
from tests.conftest import StillClock
from tests.house import ADDRESS, house, leaves
from tests.workflows.stage import Stage, contained, given_back
from workflows.evidence.population import Period
from workflows.evidence.sealing import seal, seal_last_month
from workflows.ledger.events import EXEUNT
from workflows.ledger.tables import Leaf
from workflows.ledger.verify import Key, Policy, check_pack
from workflows.store import Store

BADGE = {"adapter": "manual", "owner": "facilities@acme.example"}
FAST = {"tenant": {"token_lifetime": "0"}}


@asynccontextmanager
async def staged(url: str, **systems: Any) -> AsyncIterator[Stage]:
    made = Stage()
    async with AsyncExitStack() as stack:
        opened = house(url, made.vendors, extra={**FAST, **systems})
        made.exeunt = await stack.enter_async_context(opened)
        yield made


@pytest_asyncio.fixture
async def by_hand(sqlite_url: str) -> AsyncIterator[Stage]:
    async with staged(sqlite_url, badge=BADGE) as made:
        yield made


class Taken:
    """A pack that somebody took, in their folder."""

    def __init__(self, content: bytes, folder: Path) -> None:
        self.path = folder / "evidence.zip"
        self.path.write_bytes(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    @property
    def everything(self) -> bytes:
        return b"".join(self.files.values())

    def verify(self, key: str) -> str:
        """What its own verifier says of it, in an interpreter that sees nothing of ours."""
        verifier = self.path.with_name("verify.py")
        verifier.write_bytes(self.files["verify.py"])
        done = subprocess.run(
            [sys.executable, "-I", str(verifier), "pack", str(self.path), "--key", key],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.path.parent,
        )
        return done.stdout


async def take(stage: Stage, folder: Path, path: str, **params: Any) -> Taken:
    auditor = await stage.exeunt.client(Role.AUDITOR, address="auditor@big4.example")
    answer = await auditor.get(path, params=params)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return Taken(answer.content, folder)


async def key_of(stage: Stage) -> str:
    client = await stage.exeunt.client()
    key: str = (await client.get("/audit/key")).json()["keys"][-1]["vkey"]
    return key


def systems(story: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["containment"] for one in story["systems"]}


async def test_a_whole_leave_is_proved_to_somebody_who_has_only_the_key(
    stage: Stage, tmp_path: Path
) -> None:
    case = await contained(stage)
    pack = await take(stage, tmp_path, f"/cases/{case['id']}/evidence")
    said = pack.verify(await key_of(stage))
    assert said.strip().endswith("VERIFIED"), said
    story = pack.json("case.json")
    assert systems(story) == {"directory": "contained", "tenant": "contained"}
    assert story["contained_at"]["value"] == _stamped(case["timings"]["contained_at"])
    assert story["whole"] is True
    assert story["source"]["signed"]["leaf"] is not None
    assert story["source"]["said"]["value"] == "worker.access_revoke_now"
    assert pack.files["report.pdf"].startswith(b"%PDF-")
    assert b"Mara Okafor can no longer get in." in pack.files["report.html"]


def _stamped(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def test_every_call_bears_what_binds_it_to_the_reply(stage: Stage, tmp_path: Path) -> None:
    case = await contained(stage)
    story = (await take(stage, tmp_path, f"/cases/{case['id']}/evidence")).json("case.json")
    verbs = [v for s in story["systems"] for a in s["accounts"] for v in a["verbs"]]
    calls = [c for v in verbs for t in v["tries"] for c in t["calls"]["made"]]
    assert len(calls) > 3
    assert {len(call["reply_sha256"]) for call in calls} == {64}
    assert any(call["writes"] for call in calls)
    done = [v for v in verbs if v["action"] == "block_sign_in"]
    assert {v["standing"] for v in done} == {"confirmed"}
    before = [a["before"] for s in story["systems"] for a in s["accounts"]]
    assert all(one["enabled"] is True for one in before)


async def test_another_key_does_not_verify_it(stage: Stage, tmp_path: Path) -> None:
    case = await contained(stage)
    pack = await take(stage, tmp_path, f"/cases/{case['id']}/evidence")
    other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert "REFUSED" in pack.verify(other)


async def test_without_names_nothing_of_the_person_is_in_it(stage: Stage, tmp_path: Path) -> None:
    case = await contained(stage)
    path = f"/cases/{case['id']}/evidence"
    pack = await take(stage, tmp_path, path, without_names=True)
    for secret in ("Mara", "Okafor", ADDRESS, stage.in_tenant, "auditor@big4.example"):
        assert secret.encode() not in pack.everything, secret
    assert pack.verify(await key_of(stage)).strip().endswith("VERIFIED")
    named = await take(stage, tmp_path, path)
    assert b"Mara Okafor" in named.everything
    assert ADDRESS.encode() not in named.files["disclosures.json"]


async def test_who_takes_evidence_is_on_record_and_the_case_counts_no_more_for_it(
    stage: Stage, tmp_path: Path
) -> None:
    case = await contained(stage)
    await take(stage, tmp_path, f"/cases/{case['id']}/evidence")
    [event] = await stage.exeunt.events(type="evidence.exported")
    assert (event["data"]["of"], event["actor"]["kind"]) == (case["id"], "person")
    assert not {"case", "case_seq"} & set(event)


async def test_a_viewer_is_refused_and_an_unknown_case_is_not_found(stage: Stage) -> None:
    viewer = await stage.exeunt.client(Role.VIEWER)
    auditor = await stage.exeunt.client(Role.AUDITOR)
    assert (await viewer.get("/cases/case_x/evidence")).status_code == httpx.codes.FORBIDDEN
    missing = await auditor.get("/cases/case_x/evidence")
    assert missing.status_code == httpx.codes.NOT_FOUND
    assert "there is no case case_x" in missing.json()["detail"]
    wrong = await auditor.get("/cases/case_x/evidence", params={"earlier": 10**9})
    assert wrong.status_code == httpx.codes.NOT_FOUND


async def test_a_head_that_was_kept_is_shown_to_have_grown(stage: Stage, tmp_path: Path) -> None:
    auditor = await stage.exeunt.client(Role.AUDITOR, address="auditor@big4.example")
    kept = (await auditor.get("/audit/checkpoint")).text
    case = await contained(stage)
    path = f"/cases/{case['id']}/evidence"
    pack = await take(stage, tmp_path, path, earlier=int(kept.split("\n")[1]))
    assert "grew from 1 earlier tree heads" in pack.verify(await key_of(stage))
    answer = await auditor.get(path, params={"earlier": 10**9})
    assert answer.status_code in (400, 409, 422)


async def test_what_is_by_hand_is_open_and_then_a_persons_word(
    by_hand: Stage, tmp_path: Path
) -> None:
    await by_hand.exeunt.hr_says(leaves())
    case = await by_hand.exeunt.until(lambda c: c["status"] == "waiting")
    path = f"/cases/{case['id']}/evidence"
    before = await take(by_hand, tmp_path, path)
    assert systems(before.json("case.json"))["badge"] == "by_hand"
    assert b"INTERIM" in before.files["report.html"]
    operator = await by_hand.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    task = next(t for t in case["tasks"] if t["system"] == "badge")
    done = await operator.post(f"/tasks/{task['id']}/close", json={"note": "badge is here"})
    assert done.status_code == httpx.codes.OK, done.text
    after = await take(by_hand, tmp_path, path)
    story = after.json("case.json")
    assert systems(story)["badge"] == "attested"
    [told] = [t for t in story["tasks"] if t["id"] == task["id"]]
    assert (told["standing"], told["note"]["value"]) == ("attested", "badge is here")
    assert told["by"][0] == "person"
    assert story["verdict"]["value"] == "partly"  # a word is no read-back
    assert after.verify(await key_of(by_hand)).strip().endswith("VERIFIED")


async def test_a_system_that_refuses_us_is_told_as_not_cut(stage: Stage, tmp_path: Path) -> None:
    stage.directory.faults += [Fault(401)] * 50
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(
        lambda c: any(a["containment"] == "contained" for a in c["accounts"])
    )
    pack = await take(stage, tmp_path, f"/cases/{case['id']}/evidence")
    story = pack.json("case.json")
    assert systems(story)["directory"] == "unanswered"
    told = [one["sentence"] for one in story["findings"] if one["weight"] == "open"]
    assert any("directory" in one for one in told)
    assert b"is NOT cut off everywhere" in pack.files["report.html"]
    results = {c["control"]: c["result"] for c in pack.json("controls.json")}
    assert results["CC6.2"] == "not shown"


async def test_what_was_given_back_is_told_with_who_asked_and_who_agreed(
    stage: Stage, tmp_path: Path
) -> None:
    case = await contained(stage)
    await given_back(stage)
    pack = await take(stage, tmp_path, f"/cases/{case['id']}/evidence")
    story = pack.json("case.json")
    assert story["restored_at"]["value"]
    assert [a["wave"] for a in story["approvals"]] == ["restore"]
    asked = next(h for h in story["happened"] if h["type"] == "restore.requested")
    assert asked["reason"]["value"] == "HR named the wrong person"
    people = {*(h["by"][1] for h in story["happened"]), *(a["by"][1] for a in story["approvals"])}
    assert {"operator", "approver"} <= {story["people"].get(p, {}).get("value") for p in people}
    assert b"has access again" in pack.files["report.html"]
    assert pack.verify(await key_of(stage)).strip().endswith("VERIFIED")


async def _leaves_of(store: Store, kind: str) -> list[Leaf]:
    async with store.read() as session:
        return list((await session.exec(select(Leaf).where(Leaf.type == kind))).all())


async def test_a_period_is_sealed_before_the_seed_and_the_sample_is_what_the_seed_draws(
    stage: Stage, tmp_path: Path
) -> None:
    case = await contained(stage)
    world = stage.exeunt.world
    now = world.clock.now()
    period = Period(now - timedelta(hours=1), now)
    span = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    auditor = await stage.exeunt.client(Role.AUDITOR, address="auditor@big4.example")
    early = await auditor.get("/audit/evidence", params=span)
    assert early.status_code == httpx.codes.CONFLICT
    assert "exeunt evidence seal" in early.json()["next_step"]

    done = await seal(world, period)
    again = await seal(world, period)
    assert (done.cases, again.leaf.idx) == ((case["id"],), done.leaf.idx)
    pack = await take(stage, tmp_path, "/audit/evidence", **span, seed="auditor-seed-42", sample=5)
    said = pack.verify(await key_of(stage))
    assert said.strip().endswith("VERIFIED"), said
    assert "was sealed as leaf" in said
    assert "'auditor-seed-42' chooses" in said

    [row] = [json.loads(line) for line in pack.files["population.jsonl"].splitlines()]
    assert (row["case"], row["met"]) == (case["id"], True)
    assert {one["system"] for one in row["systems"]} == {"tenant", "directory"}
    inner = Taken(pack.files[f"sample/{case['id']}.zip"], tmp_path)
    assert inner.verify(await key_of(stage)).strip().endswith("VERIFIED")
    assert pack.files["report.pdf"].startswith(b"%PDF-")
    assert b"The only leaver was cut off in time." in pack.files["report.html"]


async def test_a_period_that_was_sealed_under_an_earlier_key_is_checked_with_both(
    stage: Stage, tmp_path: Path
) -> None:
    await contained(stage)
    world = stage.exeunt.world
    period = Period(world.clock.now() - timedelta(hours=1), world.clock.now())
    await seal(world, period)
    assert world.notary
    await world.notary.checkpoint()
    old = await key_of(stage)
    await world.notary.rotate(EXEUNT)
    new = await key_of(stage)
    span = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    pack = await take(stage, tmp_path, "/audit/evidence", **span, seed="auditor-seed-42", sample=5)
    assert old != new
    assert check_pack(pack.path).refused == []
    both = Policy.of([Key.parse(old), Key.parse(new)], [], 0)
    assert check_pack(pack.path, both).refused == []
    only_new = check_pack(pack.path, Policy.of([Key.parse(new)], [], 0)).refused
    assert any("no key that you trust" in said for said in only_new)


async def test_a_period_that_is_not_over_is_not_sealed(stage: Stage) -> None:
    world = stage.exeunt.world
    now = world.clock.now()
    with pytest.raises(Exception, match="not over"):
        await seal(world, Period(now, now + timedelta(days=1)))
    with pytest.raises(Exception, match="ends before"):
        await seal(world, Period(now, now - timedelta(days=1)))


async def test_the_last_month_is_sealed_by_itself_once_and_only_if_somebody_left(
    stage: Stage,
) -> None:
    world = stage.exeunt.world
    await seal_last_month(world)
    assert await _leaves_of(world.store, "population.sealed") == []
    await contained(stage)

    later = replace(world, clock=StillClock(world.clock.now() + timedelta(days=32)))
    await seal_last_month(later)
    [sealed] = await _leaves_of(world.store, "population.sealed")
    assert json.loads(sealed.d)["data"]["count"] == 1
