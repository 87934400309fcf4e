"""When access ends: the end of the last day, where the worker lives."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from adapters.hr.contract import Termination, WorkerRecord
from workflows.model import Basis, LastMoment

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""What can be told in every zone. HR systems write 9999-12-31 for "never"."""


def last_moment(
    record: WorkerRecord, basis: Basis, connection_zone: str | None
) -> LastMoment | None:
    """The instant, the date that it was taken from, and where the zone came from.

    None if HR named no date. The policy's basis comes first; if HR did not give that date, the
    other one counts.
    """
    said = record.termination
    if said is None:
        return None
    if said.access_end:
        return LastMoment(_in_utc(said.access_end), Basis.ACCESS_END, "UTC", "instant")
    found = _date(said, basis)
    if found is None:
        return None
    day, taken_from = found
    zone, source = _zone(record, day, connection_zone)
    return LastMoment(end_of(day, zone), taken_from, zone, source)


def _date(said: Termination, basis: Basis) -> tuple[date, Basis] | None:
    dates = {
        Basis.LAST_WORKING_DAY: said.last_working_day,
        Basis.TERMINATION_DATE: said.termination_date,
    }
    for candidate in (basis, *dates):
        if day := dates.get(candidate):
            return day, candidate
    return None


def end_of(day: date, zone: str) -> datetime:
    """The first instant, in UTC, of the next local day.

    Where midnight does not exist or comes twice, `fold=0` gives the first instant that counts.
    """
    next_day = day + timedelta(days=1) if day < date.max else day
    return _in_utc(datetime.combine(next_day, time(0), ZoneInfo(zone)))


def _in_utc(instant: datetime) -> datetime:
    return min(max(instant, EARLIEST), LATEST).astimezone(UTC)


def _zone(record: WorkerRecord, day: date, connection_zone: str | None) -> tuple[str, str]:
    if record.time_zone and is_zone(record.time_zone):
        return record.time_zone, "worker"
    of_country = _zones_by_country().get((record.country or "").upper(), ())
    if of_country and len({end_of(day, zone) for zone in of_country}) == 1:
        return of_country[0], "country"
    if connection_zone and is_zone(connection_zone):
        return connection_zone, "connection"
    return "UTC", "utc"


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError, and a folder an OSError
        return False
    except KeyError:
        return False
    return True


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """ISO 3166 code → its zones, most populous first: the tz database's own `zone.tab`."""
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country] = (*zones.get(country, ()), zone)
    return zones
