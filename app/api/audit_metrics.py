"""The log in numbers: what is signed, who outside has it, and how old is what nobody has."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger.lag import log_stands, sinks_stand
from workflows.ledger.shipments import destination_of, shipments

SINK, WITNESS = destination_of(""), "witness:"


async def add_log(
    registry: CollectorRegistry, session: AsyncSession, sinks: Iterable[str], now: datetime
) -> None:
    names = list(sinks)
    await _log(registry, session, now)
    await _sinks(registry, session, names, now)
    await _destinations(registry, session, {destination_of(name) for name in names})


async def _log(registry: CollectorRegistry, session: AsyncSession, now: datetime) -> None:
    stands = await log_stands(session)
    _set(registry, "exeunt_log_size", "Events in the log", stands.size)
    _set(registry, "exeunt_log_signed_size", "Events that are signed for", stands.signed)
    passed = "Events that some sink was not given, each recorded in the log as export.failed"
    _set(registry, "exeunt_log_passed_over_events", passed, stands.passed_over)
    if stands.signed_at:
        age = (now - stands.signed_at).total_seconds()
        _set(registry, "exeunt_log_signed_age_seconds", "Age of the newest signature", age)


async def _sinks(
    registry: CollectorRegistry, session: AsyncSession, sinks: Iterable[str], now: datetime
) -> None:
    def gauge(name: str, about: str) -> Gauge:
        return Gauge(f"exeunt_sink_{name}", about, ["sink"], registry=registry)

    behind = gauge("lag_events", "Events that it does not have")
    age = gauge("lag_seconds", "Age of the oldest event that it does not have; 0: it has all")
    stopped = gauge("stopped", "1: it refuses us, and somebody has to mend that")
    taken = gauge("taken_timestamp_seconds", "When it took something the last time")
    for stands in await sinks_stand(session, sinks):
        behind.labels(stands.name).set(stands.behind)
        seconds = (now - stands.oldest).total_seconds() if stands.oldest else 0
        age.labels(stands.name).set(max(0.0, seconds))
        stopped.labels(stands.name).set(int(stands.stopped))
        if stands.taken_at:
            taken.labels(stands.name).set(stands.taken_at.timestamp())


async def _destinations(
    registry: CollectorRegistry, session: AsyncSession, sinks: set[str]
) -> None:
    """A sink that was taken out of the configuration is nobody's trouble any more."""
    failures = Gauge("exeunt_log_failures", "Failures in a row", ["destination"], registry=registry)
    cosigned = Gauge(
        "exeunt_witness_cosigned_size", "Events it signed for", ["witness"], registry=registry
    )
    for row in await shipments(session):
        if row.destination.startswith(SINK) and row.destination not in sinks:
            continue
        failures.labels(row.destination).set(row.failures)
        if row.destination.startswith(WITNESS):
            cosigned.labels(row.destination.removeprefix(WITNESS)).set(row.next_idx)


def _set(registry: CollectorRegistry, name: str, about: str, value: float) -> None:
    Gauge(name, about, registry=registry).set(value)
