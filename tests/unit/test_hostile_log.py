"""Attacks on the log and accidents around it: each was tried on the code before it was mended."""

import asyncio
import dataclasses
import shutil
from pathlib import Path
from time import perf_counter

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import select

from adapters.errors import Unrecognised
from adapters.sinks.contract import Item
from adapters.sinks.syslog import Syslog, SyslogSettings, message
from adapters.witness import Witness
from app.cli.audit import keys as keys_cli
from app.cli.audit.tree import write_mirror
from tests.conftest import NOON, StillClock
from tests.logs import Memory, log_at
from tests.sealed_logs import (
    LOG,
    LOG_KEY,
    ORIGIN,
    WITNESS,
    WITNESS_KEY,
    Log,
    a_period_pack,
    as_zip,
    case_events,
    lines_of,
    other_events,
    pack_of,
)
from tests.trees import grow, log_of
from tests.unit.test_notary import key, keys_of, notary_of, signed, signers_of
from tests.unit.test_publish import CONFIG, _rewrite, clock_of, opened, published
from workflows.errors import Conflict
from workflows.ledger import proofs, selfcheck, shown, tiles
from workflows.ledger import publish as publish_module
from workflows.ledger.deliver import deliver_once
from workflows.ledger.events import EXEUNT, canonical
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import CannotSign, RolledBack
from workflows.ledger.note import Signer, note_of
from workflows.ledger.outside import note_failure, shipment
from workflows.ledger.proofs import NoSuchTree
from workflows.ledger.record import Ledger
from workflows.ledger.settings import valid_witness
from workflows.ledger.tables import Checkpoint
from workflows.ledger.verify import (
    Policy,
    Refused,
    check_pack,
    parse_checkpoint,
    parse_event,
)
from workflows.ledger.witnessed import Declined
from workflows.ledger.witnessed import Witness as Watching
from workflows.schema import _config, engine_for_migrations, migrate
from workflows.store import Store

__all__ = ["key"]


class Died(BaseException):
    """A SIGKILL, as far as a test in the same process can have one."""


def die(*_: object, **__: object) -> None:
    raise Died


async def test_a_key_that_was_retired_signs_nothing_any_more(sqlite_url: str, key: KeyFile) -> None:
    """On another node that has its own copy of the file, or put back by whoever stole it."""
    async with notary_of(sqlite_url, key, 3) as notary:
        stolen = key.path.read_bytes()
        await signed(notary)
        await notary.rotate(EXEUNT)
        await signed(notary)
        key.path.write_bytes(stolen)
        await grow(notary.store, 2, begin=3)
        with pytest.raises(CannotSign, match="retired"):
            await notary.checkpoint()


async def test_a_key_that_was_lost_in_a_rotation_is_replaced_for_good(
    sqlite_url: str, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with notary_of(sqlite_url, key, 3) as notary:
        await signed(notary)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "sequence", die)
            with pytest.raises(Died):
                await notary.rotate(EXEUNT)
        key.path.unlink()
        vkey = await notary.replace(EXEUNT, "the disk died in the middle of a rotation")
        for begin in (3, 5):
            await grow(notary.store, 2, begin=begin)
            head = await signed(notary)
            known = [row.vkey for row in await keys_of(notary.store)]
            assert signers_of(head, known) == [vkey]
        await notary.rotate(EXEUNT)
        await grow(notary.store, 2, begin=9)
        [active] = [r.vkey for r in await keys_of(notary.store) if r.retired_at is None]
        assert active != vkey
        assert signers_of(await signed(notary), [active]) == [active]


async def test_a_backup_that_is_restored_twice_is_noticed_twice(
    tmp_path: Path, key: KeyFile
) -> None:
    """Recovered on the command line, then restored again before anything was signed anew."""
    file, copy = tmp_path / "exeunt.db", tmp_path / "backup.db"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 10) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 5, begin=10)
        await signed(notary)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await notary.recover(EXEUNT, "disk died")
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 9, begin=50)
        with pytest.raises(RolledBack):
            await notary.checkpoint()


async def test_a_recovery_that_was_cut_short_is_signed_under_its_one_new_name(
    tmp_path: Path, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, copy = tmp_path / "exeunt.db", tmp_path / "backup.db"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 10) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 5, begin=10)
        await signed(notary)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "sequence", die)
            with pytest.raises(Died):
                await notary.recover(EXEUNT, "disk died")
        await notary.ledger.sequence()
        assert parse_checkpoint((await signed(notary)).note).origin.endswith("/2")


async def test_a_head_is_remembered_before_anybody_can_see_it(
    tmp_path: Path, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'exeunt.db'}"
    async with notary_of(url, key, 10) as notary:
        with monkeypatch.context() as patch:
            patch.setattr(KeyFile, "remember_head", die)
            with pytest.raises(Died):
                await notary.checkpoint()
        async with notary.store.read() as session:
            seen = (await session.exec(select(Checkpoint.note))).all()
        assert seen == [] or seen == [key.last_head()]


async def test_a_disk_that_is_full_is_a_reason_not_to_sign(
    sqlite_url: str, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with notary_of(sqlite_url, key, 10) as notary:
        monkeypatch.setattr(KeyFile, "remember_head", full)
        with pytest.raises(CannotSign, match="No space left"):
            await notary.checkpoint()


# --- The publisher.


async def test_a_clock_that_was_ahead_does_not_keep_the_log_from_being_signed(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        clock_of(world).advance(days=365)
        await grow(world.store, 3)
        await published(world)
        clock_of(world).advance(days=-365, seconds=60)
        await grow(world.store, 3, begin=3)
        assert await publish_module._is_time(world)


async def test_a_destination_that_is_not_configured_any_more_is_not_waited_for(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        await note_failure(world, "time_stamps", "the authority was away")
        clock_of(world).advance(hours=2)
        assert not await publish_module._some_wait(world)


class Slow:
    """A witness that takes the head and answers drop by drop, for ever."""

    name, vkey = "slow.example", ""

    async def add(self, *_: object) -> str:
        await asyncio.sleep(3600)
        return ""

    async def close(self) -> None:
        pass


async def test_a_witness_that_answers_drop_by_drop_holds_up_no_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "LONGEST_SECONDS", 0.1, raising=False)
    async with opened(tmp_path) as world:
        slow = dataclasses.replace(world, witnesses={"slow": Slow()})  # type: ignore[dict-item] # stands in
        async with asyncio.timeout(5):
            await published(slow)
        assert "seconds" in (await shipment(world, "witness:slow")).last_error


async def test_the_look_at_the_whole_log_stands_a_pruning_meanwhile(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selfcheck, "CHUNK", 100)
    async with log_of(sqlite_url, 1000) as (store, _):
        chunk = selfcheck._chunk

        async def pruned_meanwhile(store: Store, start: int, size: int) -> object:
            if start == 300:
                async with store.write() as session:
                    connection = await session.connection()
                    await connection.execute(sa.text("UPDATE audit_head SET pruned = 512"))
                    await connection.execute(sa.text("DELETE FROM leaf WHERE idx < 512"))
            return await chunk(store, start, size)

        monkeypatch.setattr(selfcheck, "_chunk", pruned_meanwhile)
        await selfcheck.look(store)


async def test_the_look_finds_a_leaf_that_is_missing_all_the_same(sqlite_url: str) -> None:
    async with log_of(sqlite_url, 1000) as (store, _):
        async with store.write() as session:
            connection = await session.connection()
            await connection.execute(sa.text("DROP TRIGGER leaf_no_delete"))
            await connection.execute(sa.text("DELETE FROM leaf WHERE idx = 700"))
        with pytest.raises(selfcheck.Changed, match="event 700 is missing"):
            await selfcheck.look(store)


async def test_a_log_that_was_recovered_after_a_rewrite_is_signed_again(
    tmp_path: Path, key: KeyFile
) -> None:
    """What was signed under the old name does not fit, and the recovery has said so."""
    async with opened(tmp_path) as world:
        assert world.notary
        await grow(world.store, 20)
        await published(world)
        async with world.store.read() as session:
            kept = (await session.exec(select(Checkpoint))).all()
    await _rewrite(tmp_path, without=7)
    async with opened(tmp_path) as world:
        async with world.store.write() as session:
            session.add_all([Checkpoint(**one.model_dump()) for one in kept])
        assert world.notary
        with pytest.raises(RolledBack):
            await world.notary.checkpoint()
        await world.notary.recover(EXEUNT, "somebody was in the database")
        await selfcheck.look(world.store)


# --- What comes back from outside.


def cosignature(seconds: int = 1_800_000_000) -> str:
    """A right one, of whatever time."""
    body = Log([b"x"]).body()
    signed = WITNESS.key.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode())
    return WITNESS._line(seconds.to_bytes(8, "big") + signed)


def other_spelling(line: str) -> str:
    """The same bytes in base64: the bits that no byte needs are set."""
    assert line.endswith("==\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(line[-4]) | 1]
    return line[:-4] + last + line[-3:]


POISON = {
    "another spelling of base64": other_spelling(cosignature()),
    "a time that there is not": cosignature(2**63),
    "a million times the same": cosignature() * 100_000,
}


@pytest.mark.parametrize("answer", POISON.values(), ids=POISON)
async def test_no_answer_of_a_witness_makes_a_head_that_our_verifier_refuses(answer: str) -> None:
    witness = Witness("http://localhost:1", WITNESS.vkey)
    note = Log([b"x"]).checkpoint()
    try:
        lines = witness._good_line(answer, note)
    except Unrecognised:
        return
    finally:
        await witness.close()
    Policy.of([LOG_KEY], [WITNESS_KEY], 1).check(note + lines)


async def test_a_size_without_end_is_no_answer_of_a_witness() -> None:
    witness = Witness("http://localhost:1", WITNESS.vkey)
    assert isinstance(witness._why_not(409, "9" * 5000), Unrecognised)
    await witness.close()


def test_one_witness_does_not_pass_for_two_by_a_blank_in_its_name() -> None:
    """A name with a blank is in no signature line: whoever reads the head would refuse it."""
    signer = Signer("witness one", WITNESS.key, 4)
    with pytest.raises(ValueError, match="name"):
        valid_witness(signer.vkey)


# --- Tiles and proofs over REST.


@pytest.mark.parametrize("level", ["0", "entries"])
def test_a_tile_of_a_number_without_end_is_none(level: str) -> None:
    with pytest.raises(NoSuchTree):
        tiles.place_of(f"{level}/" + "x123/" * 2000 + "000")


# --- Packs, checked by whoever got them.


def test_groups_within_groups_are_counted_once() -> None:
    key = WITNESS.vkey
    lines = [f"log {LOG.vkey}", f"witness a {key}", "group g0 any a", "group g1 any a g0"]
    lines += [f"group g{n} 1 g{n - 1} g{n - 2}" for n in range(2, 40)]
    policy = Policy.parse("\n".join([*lines, "quorum g39"]))
    begun = perf_counter()
    policy.check(Log([b"x"]).checkpoint(cosigned=True))
    assert perf_counter() - begun < 1


def test_a_note_with_thousands_of_signatures_is_none() -> None:
    body = Log([b"x"]).body()
    with pytest.raises(Refused, match="signatures"):
        parse_checkpoint(note_of(body, [LOG.sign(body)] * 101))


def test_a_leaf_in_a_pack_is_no_longer_than_one_in_a_log(tmp_path: Path) -> None:
    long = canonical({"id": "evt_1", "type": "x", "case": "c", "case_seq": 1, "data": "x" * 70_000})
    report = check_pack(as_zip(tmp_path / "p.zip", pack_of(Log([long]), [long])))
    assert any("longer" in said for said in report.refused)


def test_an_event_is_utf8_and_nothing_else() -> None:
    for encoded in ("utf-16", "utf-32", "utf-8-sig"):
        with pytest.raises(Refused):
            parse_event('{"id":"evt_1"}'.encode(encoded), "here")


def notes_of(path: Path, policy: Policy, earlier: tuple[str, ...] = ()) -> list[str]:
    report = check_pack(path, policy, earlier)
    assert report.refused == []
    return report.notes


def test_a_pack_that_leaves_out_what_came_after_the_closing_is_not_called_complete(
    tmp_path: Path,
) -> None:
    """The re-check found the account open again: event 6 of the case, which the operator drops."""
    again = {"id": "evt_6", "type": "recheck.result", "outcome": "open_again", "case_seq": 6}
    log = Log([*case_events(), canonical({**again, "case": "case_1"})])
    path = as_zip(tmp_path / "p.zip", pack_of(log, log.leaves[:5]))
    notes = notes_of(path, Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert any("after its event 5" in note for note in notes)


def test_who_asks_for_no_witness_is_told_what_the_operator_alone_could_do(tmp_path: Path) -> None:
    log = Log([*other_events(3), *case_events()])
    path = as_zip(tmp_path / "p.zip", pack_of(log, log.leaves[3:]))
    assert any("WITNESS" in note for note in notes_of(path, Policy.of([LOG_KEY], [], 0)))
    notes = notes_of(path, Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert not any("WITNESS" in note for note in notes)


def test_a_sample_that_the_operator_could_have_steered_is_said_to_be_one(tmp_path: Path) -> None:
    """They know the seed, and sign heads behind the sealing until case_7 is not drawn any more."""
    path = as_zip(tmp_path / "p.zip", a_period_pack())
    policy = Policy.of([LOG_KEY], [WITNESS_KEY], 1)
    [head] = [
        data.decode()
        for name, data in a_period_pack().items()
        if name == "consistency/6.checkpoint"
    ]
    assert any("The sample hangs" in note for note in notes_of(path, policy))
    assert notes_of(path, policy, (head,)) == []


# --- Sinks.


class Choosy(Memory):
    """As a syslog receiver with a small `largest`: too long is the head, and the complaint."""

    def refuses(self, item: Item, _origin: str) -> str:
        return "too long" if item.type in {"log.checkpoint", "export.failed"} else ""


async def test_a_log_that_nobody_uses_does_not_grow_by_complaining_of_itself(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with log_at(sqlite_url, tmp_path) as log:
        parts, sizes = log.to(Choosy()), []
        await log.grow(3)
        for _ in range(10):
            await log.seal()
            await deliver_once(parts)
            async with log.store.read() as session:
                sizes.append(await proofs.log_size(session))
        assert sizes[-1] == sizes[3]


def test_what_is_sent_is_no_longer_than_what_was_measured() -> None:
    """`largest` is where the receiver cuts off, so the log's name counts as well."""
    told = SyslogSettings(sink="syslog", host="siem.example", largest=2048)
    origin = f"audit.{'very-' * 10}long.example/exeunt"
    sink = Syslog("siem", told)
    for size in range(1500, 2048, 7):
        item = Item(7, "evt_1", "x.done", NOON, 1, "case_1", b"h" * 32, b"x" * size)
        if not sink.refuses(item, origin):
            assert len(message(item, origin, told)) <= told.largest


# --- The schema.


def test_a_log_that_was_pruned_cannot_be_downgraded_into_one_that_never_grows_again(
    url: str,
) -> None:
    migrate(url)
    engine = engine_for_migrations(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit_head SET size = 600, pruned = 512"))
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(RuntimeError, match="pruned"):
            command.downgrade(config, "0004")
    engine.dispose()


async def test_the_leaf_that_was_changed_is_named(sqlite_url: str) -> None:
    async with log_of(sqlite_url, 1000) as (store, _):
        async with store.write() as session:
            connection = await session.connection()
            await connection.execute(sa.text("DROP TRIGGER leaf_no_update"))
            await connection.execute(sa.text("UPDATE leaf SET d = x'7b7d' WHERE idx = 700"))
        with pytest.raises(selfcheck.Changed, match="event 700 was changed"):
            await selfcheck.look(store)


def test_a_log_that_asks_for_the_same_again_and_again_does_not_fill_the_witness(
    tmp_path: Path,
) -> None:
    witness = Watching(tmp_path, WITNESS, [LOG_KEY], StillClock())
    witness.open()
    true, forged = Log([b"a", b"b"]), Log([b"a", b"c", b"d"])
    witness.add(f"old 0\n\n{true.checkpoint()}".encode())
    for _ in range(20):
        with pytest.raises(Declined):
            witness.add(f"old 2\n{lines_of(forged.consistency(2))}\n{forged.checkpoint()}".encode())
    assert witness.refusals(ORIGIN) == 1
    assert witness.last(ORIGIN).size == 2


async def test_a_mirror_is_never_made_of_two_histories(tmp_path: Path, key: KeyFile) -> None:
    """Tiles that are there are not written again: those of before the rollback would stay."""
    file, copy, mirror = tmp_path / "exeunt.db", tmp_path / "backup.db", tmp_path / "mirror"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 200) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 200, begin=200)
        await write_mirror(notary.store, await signed(notary), mirror)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 300, begin=1000)
        await notary.recover(EXEUNT, "disk died")
        with pytest.raises(Conflict, match="another folder"):
            await write_mirror(notary.store, await signed(notary), mirror)
        assert await write_mirror(notary.store, await signed(notary), tmp_path / "new")


def test_two_populations_are_not_the_same_by_a_line_end_in_a_name(tmp_path: Path) -> None:
    """Both have two cases, and the same digest was sealed for them."""
    pack = a_period_pack(["a", "b\nc"])
    report = check_pack(as_zip(tmp_path / "p.zip", pack), Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert any("line end" in said for said in report.refused)


def test_a_log_that_has_a_key_gets_no_other_by_create(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "CONFIG": "x.yaml"}.items():
        monkeypatch.setenv(f"EXEUNT_{name}", value)
    (tmp_path / "x.yaml").write_text(CONFIG)
    keys_cli.create()
    monkeypatch.setenv("EXEUNT_AUDIT_KEY", str(tmp_path / "of-another-node"))
    with pytest.raises(CannotSign, match="has a key already"):
        keys_cli.create()
    assert not (tmp_path / "of-another-node").exists()
