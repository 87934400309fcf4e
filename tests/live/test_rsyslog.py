"""The log reaches a real rsyslog over TLS; killed in the middle, it misses nothing."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import Clock
from adapters.errors import AdapterError, CredentialDenied, TryAgain
from adapters.sinks.contract import HIGH, Item, Parcel
from adapters.sinks.syslog import Syslog
from tests.conftest import NOON
from tests.debian import require
from tests.house import eventually
from tests.logs import HOSTILE, ORIGIN, Log, item, log_at
from tests.rsyslog import CLIENT, GNUTLS, Authority, Rsyslog
from workflows.ledger.deliver import deliver_forever, deliver_once
from workflows.ledger.read import Filters, page
from workflows.ledger.verify import leaf_hash

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture
def siem(tmp_path: Path) -> Iterator[Rsyslog]:
    yield from running(Rsyslog(folder(tmp_path)))


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Rsyslog]:
    yield from running(Rsyslog(folder(tmp_path), mutual=True))


def folder(tmp_path: Path) -> Path:
    require("rsyslogd", module=GNUTLS)
    made = tmp_path / "rsyslog"
    made.mkdir()
    return made


def running(made: Rsyslog) -> Iterator[Rsyslog]:
    made.start()
    yield made
    made.kill(signal.SIGTERM)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    async with log_at(f"sqlite:///{tmp_path}/log.db", tmp_path) as made:
        yield made


def sink(siem: Rsyslog, **told: Any) -> Syslog:
    settings = {
        "sink": "syslog",
        "host": "127.0.0.1",
        "port": siem.port,
        "ca_file": str(siem.authority.file),
        "largest": 131072,
        **told,
    }
    return Syslog.connect("siem", Syslog.Settings(**settings), Clock())


def said(message: dict[str, Any]) -> bytes:
    """The event itself. rsyslog leaves the BOM where it is, as it leaves everything."""
    text: str = message["msg"]
    return text.removeprefix("\ufeff").encode()


async def messages(siem: Rsyslog) -> list[dict[str, Any]]:
    return siem.messages()


async def test_a_message_is_understood_as_it_was_meant(siem: Rsyslog) -> None:
    one, worse = item(7, HOSTILE), item(8, severity=HIGH)
    await sink(siem).deliver(Parcel(ORIGIN, (one, worse)))
    first, second = siem.messages()
    assert one.leaf_hash
    assert first == {
        "pri": str(13 * 8 + 6),
        "hostname": "audit.acme.example",
        "app-name": "exeunt",
        "msgid": "x.done",
        "structured-data": f'[exeunt@32473 log="{ORIGIN}" index="7" id="evt_7" '
        f'hash="{one.leaf_hash.hex()}" case="case_1"]',
        "msg": "\ufeff" + one.line.decode(),
        "time": "2026-09-01T12:00:00.000000Z",
    }
    assert second["pri"] == str(13 * 8 + 1)
    assert second["msg"] == worse.line.decode()


async def test_the_largest_leaf_arrives_whole(siem: Rsyslog) -> None:
    one = item(0, "é" * 32_000)
    await sink(siem).deliver(Parcel(ORIGIN, (one,)))
    [message] = siem.messages()
    assert leaf_hash(said(message)) == one.leaf_hash


async def test_what_stands_in_quotes_can_not_end_them(siem: Rsyslog) -> None:
    nasty = Item(0, 'e"] [x y="z\\', "x", NOON, 1, "]]", b"h" * 32, b"{}")
    await sink(siem).deliver(Parcel(ORIGIN, (nasty,)))
    [message] = siem.messages()
    assert 'id="e\\"\\] [x y=\\"z\\\\"' in message["structured-data"]
    assert message["msg"] == "{}"


async def test_a_whole_log_arrives_and_its_leaves_fit_their_hashes(siem: Rsyslog, log: Log) -> None:
    await log.grow(1200, text=HOSTILE)
    parts = log.to(sink(siem))
    while await deliver_once(parts):
        pass
    got = siem.messages()
    leaves = await page(log.store, Filters(), 2000)
    assert [said(one) for one in got if one["msgid"] == "x.done"] == [
        leaf.d for leaf in leaves if leaf.type == "x.done"
    ]
    heads = [one for one in got if one["msgid"] == "log.checkpoint"]
    assert len(heads) == 1


async def test_killed_and_started_again_it_misses_nothing(
    siem: Rsyslog, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SIGKILL into every third parcel, each time a little later, while the log grows."""
    monkeypatch.setattr("workflows.ledger.deliver.EVERY_SECONDS", 0.05)
    target, sent, parcels = sink(siem), Counter[int](), count()
    deliver = target.deliver

    async def under_fire(parcel: Parcel) -> None:
        sent.update(one.index for one in parcel.items if one.leaf_hash)
        process, number = siem.process, next(parcels)
        if process and number % 3 == 1:
            asyncio.get_running_loop().call_later(number / 2000, process.kill)
        await deliver(parcel)

    target.deliver = under_fire  # type: ignore[method-assign]
    target.parcel_events = 40  # type: ignore[misc]
    shipping = asyncio.create_task(deliver_forever(log.to(target)))

    async def shipped() -> int:
        if siem.process and siem.process.poll() is not None:
            await asyncio.to_thread(siem.start)
        log.clock.advance(minutes=20)
        return (await log.row()).next_idx

    for _ in range(4):
        await log.grow(300, text=HOSTILE)
        await asyncio.sleep(0.1)
    size = 1 + 4 * 300
    await eventually(shipped, lambda index: index == size)
    shipping.cancel()
    await asyncio.gather(shipping, return_exceptions=True)

    got = leaves_of(siem)
    arrived = [int(one["structured-data"].split('index="')[1].split('"')[0]) for one in got]
    times = Counter(arrived)
    assert set(times) == set(range(size)), "a leaf is missing"
    assert list(dict.fromkeys(arrived)) == list(range(size)), "first arrivals are out of order"
    assert max(sent.values()) > 1, "nothing was in danger"
    assert all(times[index] <= sent[index] for index in times), "a duplicate that nobody sent"
    stored = {leaf.idx: leaf.d for leaf in await page(log.store, Filters(), 5000)}
    assert all(said(one) == stored[n] for n, one in zip(arrived, got, strict=True))


def leaves_of(siem: Rsyslog) -> list[dict[str, Any]]:
    return [one for one in siem.messages() if "index=" in one["structured-data"]]


async def test_one_that_hangs_has_not_taken_anything(
    siem: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped with the parcel unread, then killed: the connection is reset, not closed."""
    monkeypatch.setattr("adapters.sinks.syslog.CLOSE_SECONDS", 5.0)
    target = sink(siem)
    opened = target._open
    assert siem.process
    process = siem.process

    async def stopping() -> Any:
        ends = await opened()
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(0.2)
        asyncio.get_running_loop().call_later(0.5, process.send_signal, signal.SIGKILL)
        return ends

    target._open = stopping  # type: ignore[method-assign]
    with pytest.raises(TryAgain):
        await target.deliver(Parcel(ORIGIN, tuple(item(n, "x" * 1000) for n in range(100))))
    assert siem.messages() == []


@pytest.mark.parametrize(("told", "closes"), [("closed", False), ("sent", True)])
async def test_one_that_does_not_close_is_believed_only_if_it_was_said_so(
    monkeypatch: pytest.MonkeyPatch, told: str, closes: bool
) -> None:
    monkeypatch.setattr("adapters.sinks.syslog.CLOSE_SECONDS", 0.2)
    monkeypatch.setattr("adapters.sinks.syslog.SENT_SECONDS", 0.2)
    got, enough, gone = bytearray(), asyncio.Event(), asyncio.Event()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1000):
            got.extend(chunk)
        await enough.wait()
        writer.close()
        gone.set()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = {"sink": "syslog", "host": "127.0.0.1", "port": port, "tls": "false"}
    target = Syslog.connect("siem", Syslog.Settings(**settings, confirm=told), Clock())
    try:
        await target.deliver(Parcel(ORIGIN, (item(0),)))
        taken = True
    except TryAgain:
        taken = False
    enough.set()
    await gone.wait()
    server.close()
    assert taken is closes
    assert got.startswith(b"%d <110>1 2026-09-01T12:00:00.000000Z " % (len(got) - 4))


async def test_plain_tcp_to_loopback_arrives_as_well(siem: Rsyslog) -> None:
    target = sink(siem, port=siem.plain, tls=False, ca_file=None)
    await target.deliver(Parcel(ORIGIN, (item(0, HOSTILE), item(1))))
    assert [said(one) for one in siem.messages()] == [item(0, HOSTILE).line, item(1).line]


async def refusal(target: Syslog) -> AdapterError:
    with pytest.raises(AdapterError) as why:
        await target.deliver(Parcel(ORIGIN, (item(0),)))
    return why.value


async def test_a_receiver_with_another_authority_is_refused(siem: Rsyslog, tmp_path: Path) -> None:
    other = Authority(tmp_path, "somebody-else")
    why = await refusal(sink(siem, ca_file=str(other.file)))
    assert isinstance(why, CredentialDenied)
    assert "not trusted" in why.message
    assert siem.messages() == []


async def test_a_receiver_with_another_name_is_refused(siem: Rsyslog) -> None:
    why = await refusal(sink(siem, host="localhost"))
    assert isinstance(why, CredentialDenied)
    assert "host" in why.fix
    assert siem.messages() == []


async def test_one_that_speaks_no_tls_is_not_spoken_to(siem: Rsyslog) -> None:
    assert isinstance(await refusal(sink(siem, port=siem.plain)), TryAgain)


async def test_one_that_is_away_is_tried_again(siem: Rsyslog) -> None:
    siem.kill()
    assert isinstance(await refusal(sink(siem)), TryAgain)


async def test_who_wants_to_know_us_is_shown_our_certificate(strict: Rsyslog) -> None:
    ours = strict.authority.sign(CLIENT)
    await sink(strict, certificate=str(ours)).deliver(Parcel(ORIGIN, (item(0),)))
    assert len(strict.messages()) == 1


@pytest.mark.parametrize("who", ["nobody", "mallory.example", "another authority"])
async def test_who_wants_to_know_us_takes_nothing_from_others(
    strict: Rsyslog, tmp_path: Path, who: str
) -> None:
    authority = Authority(tmp_path, "other") if who == "another authority" else strict.authority
    name = who if who == "mallory.example" else CLIENT
    certificate = None if who == "nobody" else str(authority.sign(name))
    why = await refusal(sink(strict, certificate=certificate))
    assert isinstance(why, CredentialDenied | TryAgain)
    assert strict.messages() == []


async def test_what_is_longer_than_the_receiver_takes_is_recorded_and_not_cut_off(
    siem: Rsyslog, log: Log
) -> None:
    await log.grow(1)
    await log.grow(1, text="x" * 9000)
    await log.grow(1)
    parts = log.to(sink(siem, largest=8192))
    while await deliver_once(parts):
        pass
    got = [one["structured-data"].split('index="')[1][:1] for one in leaves_of(siem)]
    assert got == ["0", "1", "3"]
    await log.ledger.sequence()
    [failed] = await page(log.store, Filters(type="export.failed"), 10)
    assert b"`largest` is 8192" in failed.d
