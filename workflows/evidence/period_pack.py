"""The pack of a period: population, seal, sample, exceptions, and how all of it was made."""

import base64
import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import col, select

from workflows.errors import Conflict, Invalid
from workflows.evidence.gather import Gathered, gather_case, gathered, of_case, signed_head
from workflows.evidence.head import Head
from workflows.evidence.leaves import read_leaf
from workflows.evidence.made import made
from workflows.evidence.pack import Pack, case_pack, pack_id_of, proven, reports, zipped
from workflows.evidence.period import (
    Completeness,
    completeness_of,
    exceptions_of,
    row_of,
    summary_of,
)
from workflows.evidence.period_report import Told, period_report
from workflows.evidence.population import Period
from workflows.evidence.readme import readme
from workflows.evidence.sealing import Sealed, population, sealed, sealing_head
from workflows.evidence.shapes import Story
from workflows.evidence.story import story_of
from workflows.ledger.formats.csv_cells import inert
from workflows.ledger.tables import Checkpoint, Leaf
from workflows.ledger.verify import sample
from workflows.tables import Worker
from workflows.world import World

MOST_LEAVES = 5000
"""Every case lies whole in a pack of so many events; in a larger one only those that were drawn."""
OF_THE_SCOPE = (
    "hr.delivery_received",
    "hr.delivery_unreadable",
    "hr.delivery_conflict",
    "hr.decision",
    "case.opened",
)
CSV_COLUMNS = (
    *("case", "subject", "kind", "status"),
    *("hr_entered_at", "received_at", "effective_at", "contained_at", "target_seconds"),
    *("seconds", "met", "seconds_from_last_moment", "met_from_last_moment", "late_hr_seconds"),
    *("open_points", "exceptions", "leaf"),
)


@dataclass(frozen=True)
class Asked:
    """`seed` is the auditor's, given after the sealing; without one nothing is drawn."""

    period: Period
    seed: str | None = None
    size: int = 25
    names: bool = True
    earlier: tuple[int, ...] = ()


Progress = Callable[[str, int, int], None]
"""What is being done, how many are done, and of how many."""


async def period_pack(world: World, asked: Asked, tell: Progress = lambda *_: None) -> Pack:
    """Raises Conflict if the period was not sealed, or is not what was sealed."""
    if asked.seed is not None and ("\n" in asked.seed or not asked.seed.strip()):
        raise Invalid("the seed is empty or has a line end", "Any other text will do.")
    head = await signed_head(world)
    cases = await population(world, asked.period)
    seal = await sealed(world, asked.period, cases)
    if seal is None:
        raise Conflict(
            f"the population of {asked.period.named} was not sealed as it is now",
            "Run `exeunt evidence seal` with the same --from and --to, before the auditor names "
            "a seed.",
        )
    first = await _sealing_head(world, seal)
    stories = await _stories(world, head, cases, tell)
    root, picks = first.root, list[tuple[str, str]]()
    if asked.seed is not None:
        picks = sample(asked.seed, root, cases)[: asked.size]
    earlier = {*asked.earlier, *([first.size] if first.size < head.size else [])}
    rows = [seal.leaf, *await _kept(world, head, stories, [case for _, case in picks])]
    found = await gathered(world, head, rows, names=asked.names, earlier=sorted(earlier))
    scope = await _completeness(world, asked.period, head)
    packs = {}
    for n, (_, case) in enumerate(picks):
        tell("packs of the sample", n, len(picks))
        one = case_pack(case, await gather_case(world, case, names=asked.names))
        packs[f"sample/{case}.zip"] = one.content
    tell("report", 0, 1)
    return _packed(asked, seal, found, stories, scope, (first.root, picks), packs)


async def _sealing_head(world: World, seal: Sealed) -> Checkpoint:
    async with world.store.read() as session:
        found = await sealing_head(session, seal.leaf.idx)
    if found is None:
        raise Conflict("no signed head holds the sealing yet", "Try again in a moment.")
    return found


async def _stories(world: World, head: Head, cases: Sequence[str], tell: Progress) -> list[Story]:
    """Each case read whole, one after the other, without a name."""
    stories = []
    for n, case in enumerate(cases):
        tell("cases", n, len(cases))
        async with world.store.read() as session:
            rows = await of_case(session, case, head.size)
        leaves = [read_leaf(row.idx, row.d, {}) for row in rows]
        stories.append(story_of(case, leaves, head.signed_at))
    return stories


async def _kept(
    world: World, head: Head, stories: Sequence[Story], drawn: Sequence[str]
) -> list[Leaf]:
    """Cases stand in a pack whole or not at all: all of them if they fit, else those drawn."""
    small = sum(story.events for story in stories) <= MOST_LEAVES
    cases = [story.case for story in stories] if small else drawn
    kept = []
    for case in cases:
        async with world.store.read() as session:
            kept += await of_case(session, case, head.size)
    return kept


async def _completeness(world: World, period: Period, head: Head) -> Completeness:
    async with world.store.read() as session:
        every = select(Leaf.idx, Leaf.d).where(Leaf.type == "case.opened")
        opened = [read_leaf(i, d, {}) for i, d in (await session.exec(every)).all()]
        events = select(Leaf.idx, Leaf.d).where(
            col(Leaf.type).in_(OF_THE_SCOPE),
            col(Leaf.time) >= period.since,
            col(Leaf.time) < period.until,
            col(Leaf.idx) < head.size,
        )
        told = [read_leaf(i, d, {}) for i, d in (await session.exec(events)).all()]
        workers = select(Worker.subject, Worker.record).where(col(Worker.active).is_(False))
        gone = [
            subject
            for subject, record in (await session.exec(workers)).all()
            if record.get("status") == "terminated"
        ]
    with_case = frozenset(str(leaf.event.get("subject")) for leaf in opened)
    left = tuple(sorted(subject for subject in gone if subject not in with_case))
    return completeness_of(told, with_case, left)


def _packed(
    asked: Asked,
    seal: Sealed,
    found: Gathered,
    stories: Sequence[Story],
    scope: Completeness,
    drawn: tuple[bytes, list[tuple[str, str]]],
    packs: dict[str, bytes],
) -> Pack:
    root, picks = drawn
    rows = [row_of(story) for story in stories]
    about = f"{asked.period.named} {asked.seed} {asked.size} {len(packs)}"
    pack_id = pack_id_of(about, found)
    told = Told(
        period=asked.period,
        seal=read_leaf(seal.leaf.idx, seal.leaf.d, {}),
        stories=tuple(stories),
        summary=summary_of(stories),
        scope=scope,
        seed=asked.seed,
        root=root,
        picks=tuple(picks),
        exceptions=tuple(exceptions_of(stories)),
    )
    report = period_report(told, found.leaves, found.head, made(), pack_id)
    chosen: dict[str, Any] = {
        "seed": asked.seed,
        "root": base64.b64encode(root).decode(),
        "ranks": [{"case": case, "rank": rank} for rank, case in picks],
    }
    content = {
        **proven(found),
        "population.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in rows),
        "population.csv": as_csv(rows),
        **({"sample.json": json.dumps(chosen, indent=1).encode()} if picks else {}),
        "scope.json": json.dumps(asdict(scope), indent=1).encode(),
        **packs,
        **reports(report),
        "README.txt": readme("period", found.head, report.document["title"]).encode(),
    }
    about_it = {
        "period": {"from": asked.period.since.isoformat(), "to": asked.period.until.isoformat()}
    }
    name = f"evidence-{asked.period.since:%Y%m%d}-{asked.period.until:%Y%m%d}.zip"
    return Pack(name, zipped("period", pack_id, found, content, about_it))


def as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """For spreadsheets: no cell is a formula there. Systems are in the JSON lines alone."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow(
            [inert("" if row[name] is None else str(row[name])) for name in CSV_COLUMNS]
        )
    return out.getvalue().encode()
