"""What `exeunt doctor` finds of the log: its key, and those outside who are to see it."""

from collections.abc import Sequence

from adapters.clock import Clock
from app.cli.findings import Finding
from app.config import Config
from app.main import notary_of
from app.settings import Settings
from workflows.ledger.keys import KeyUnusable
from workflows.ledger.record import Ledger
from workflows.ledger.shipments import shipments
from workflows.ledger.shown import TIME_STAMPS, destination_of
from workflows.ledger.tables import Shipment
from workflows.store import Store

KEY = "audit key"


async def look_at_log(settings: Settings, config: Config, *, database: bool) -> list[Finding]:
    """`database` says whether there is one that can be read."""
    store = Store(settings.database_url)
    try:
        rows: Sequence[Shipment] = ()
        if database:
            async with store.read() as session:
                rows = await shipments(session)
        return [_key(settings, config, store, new=not database), *_outside(config, rows)]
    finally:
        await store.close()


def _key(settings: Settings, config: Config, store: Store, *, new: bool) -> Finding:
    clock = Clock()
    notary = notary_of(settings, config.audit, Ledger(store, clock, settings.tenant), store, clock)
    if notary is None:
        advice = ["fix: name a file with EXEUNT_AUDIT_KEY, run `exeunt audit key create`"]
        return Finding(KEY, "log", "there is none: this node does not sign", advice=advice)
    path = notary.key.path
    if new and store.embedded and not path.exists():
        return Finding(KEY, "log", f"{path} is made at the first start")
    try:
        notary.key.load()
    except KeyUnusable as why:
        advice = [f"fix: {why.next_step or 'docs/runbooks/audit-log.md'}"]
        return Finding(KEY, "log", why.message, bad=True, advice=advice)
    return Finding(KEY, "log", f"{path} is there, for its owner alone")


def _outside(config: Config, rows: Sequence[Shipment]) -> list[Finding]:
    """As the running service knows them: each was asked when the log last grew."""
    expected = [destination_of(name) for name in config.audit.witnesses]
    expected += [TIME_STAMPS] if config.audit.time_stamps else []
    expected += [f"sink:{name}" for name in config.sinks]
    known = {row.destination: row for row in rows}
    return [_one(name, known.get(name)) for name in expected]


def _one(name: str, row: Shipment | None) -> Finding:
    if row is None:
        return Finding(name, "log", "not asked yet: the service does that when it runs")
    taken = f"{row.taken_at:%Y-%m-%d %H:%M:%S}Z" if row.taken_at else "never"
    told = f"has the log up to event {row.next_idx}, last at {taken}"
    if not row.failures:
        return Finding(name, "log", told)
    return Finding(name, "log", f"{row.failures} × {row.last_error}", bad=True, advice=[told])
