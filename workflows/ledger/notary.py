"""Sign the log as it stands, and nothing that does not follow from what was signed before.

A head that was signed is never taken back: whoever holds it will hold us to it. So the database is
compared with the last head in it and with the last one that this machine remembers outside of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from workflows.ledger import proofs, verify
from workflows.ledger.events import Actor, Event
from workflows.ledger.keys import CannotSign, KeyFile, KeyUnusable
from workflows.ledger.note import Signer, checkpoint_body, note_of
from workflows.ledger.origins import is_of, next_name, turn_of
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Checkpoint, Head, LogKey
from workflows.store import Store

__all__ = ["CannotSign", "Notary", "RolledBack", "latest", "unsigned"]


class RolledBack(CannotSign):
    """The database is not the one that was signed last: it was restored, or rewritten."""


@dataclass(frozen=True)
class Notary:
    """Signs for one log. `origin` is its configured name; after a recovery `/2`, `/3` … follow."""

    store: Store
    ledger: Ledger
    clock: Clock
    origin: str
    key: KeyFile

    async def open(self, *, may_create: bool = False) -> None:
        """Make sure that the log has a name and a key that it announced itself.

        `may_create` lets a log that was never signed have a new key. Raises CannotSign.
        """
        async with self.store.write() as session:
            head = await _locked(session)
            if head.origin:
                self._must_be_ours(head.origin)
                return
            if may_create and not self.key.path.exists():
                self.key.create()
            head.origin = self.origin
            signer = Signer(head.origin, self.key.load())
            data = {"origin": head.origin, "vkey": signer.vkey}
            await self._announce(session, Event("log.key.announced", data=data), signer)
        await self.ledger.sequence()

    async def checkpoint(self) -> Checkpoint | None:
        """The signed head of all that is in order now; None while the log is empty.

        Raises CannotSign, and RolledBack if the log does not follow from what was signed.
        """
        async with self.store.write() as session:
            head = await _locked(session)
            if not head.origin or not head.size:
                return None
            self._must_be_ours(head.origin)
            last = await latest(session, head.origin)
            await self._must_follow(session, head, last)
            signers = await self._signers(session, head.origin)
            if last is None or last.size < head.size:
                last = await self._sign(session, head, signers)
                session.add(last)
            # Before the commit shows it to anybody, and while the row keeps every other notary
            # out: what is out is known here for ever, and a newer head is never forgotten again.
            if last.note != self.key.last_head():
                self.key.remember_head(last.note)
        if len(signers) > 1:
            self._finish_rotation(last, signers[-1])
        return last

    async def must_follow(self) -> None:
        """Sign nothing, only look. Raises RolledBack if this is not what was signed last."""
        async with self.store.read() as session:
            head = (await session.exec(select(Head))).one()
            await self._must_follow(session, head, await latest(session, head.origin))

    async def rotate(self, actor: Actor) -> Checkpoint | None:
        """A new key. The next head is signed by both. Cut short, it goes on when called again."""
        await self.checkpoint()
        new_key = self.key.create_next()
        async with self.store.write() as session:
            head = await _locked(session)
            new, old = Signer(head.origin, new_key), Signer(head.origin, self.key.load())
            if await session.get(LogKey, new.vkey) is None:
                await self._retire(session)
                data = {"old": old.vkey, "new": new.vkey}
                event = Event("log.key.rotated", data=data, actor=actor)
                await self._announce(session, event, new)
        await self.ledger.sequence()
        return await self.checkpoint()

    async def replace(self, actor: Actor, reason: str) -> str:
        """A new key where the old one is lost, or no longer ours alone; its vkey.

        Nobody can sign for the old one any more, so everybody who checks must be told the new one
        by another way. Raises CannotSign while the announced key is still there.
        """
        async with self.store.write() as session:
            head = await _locked(session)
            await self._must_be_lost(session, head.origin)
            self.key.forget_next()  # of a rotation that ends here
            new = Signer(head.origin, self.key.create())
            old = await self._retire(session)
            event = Event(
                "log.key.replaced",
                "alert",
                data={"old": old, "new": new.vkey},
                personal={"reason": reason},
                actor=actor,
            )
            await self._announce(session, event, new)
        await self.ledger.sequence()
        return new.vkey

    async def recover(self, actor: Actor, reason: str) -> str:
        """After a restored backup: the log goes on under a new name; the name.

        What was signed under the old name stays what it was, and this log says where it stopped.
        Raises CannotSign if there is nothing to recover from.
        """
        async with self.store.write() as session:
            head = await _locked(session)
            remembered = self.key.last_head()
            last = await latest(session, head.origin)
            try:
                await self._must_follow(session, head, last)
            except RolledBack:
                pass
            else:
                raise CannotSign(
                    "this database follows from what was signed", "There is nothing to recover."
                )
            notes = [*([remembered] if remembered else []), *([last.note] if last else [])]
            signed = max(map(_head_in, notes), key=lambda one: (turn_of(one.origin), one.size))
            head.origin = next_name(self.origin, max(head.origin, signed.origin, key=turn_of))
            signer = Signer(head.origin, self.key.load())
            await self._retire(session)
            event = Event(
                "log.recovered",
                "alert",
                data={
                    "origin": head.origin,
                    "vkey": signer.vkey,
                    "was": signed.origin,
                    "signed": {"size": signed.size, "root": signed.root.hex()},
                    "found": {
                        "size": head.size,
                        "root": (await proofs.root_at(session, head.size)).hex(),
                    },
                },
                personal={"reason": reason},
                actor=actor,
            )
            await self._announce(session, event, signer)
        await self.ledger.sequence()
        return head.origin

    async def _sign(
        self, session: AsyncSession, head: Head, signers: Sequence[Signer]
    ) -> Checkpoint:
        root = await proofs.root_at(session, head.size)
        body = checkpoint_body(head.origin, head.size, root)
        return Checkpoint(
            origin=head.origin,
            size=head.size,
            root=root,
            signed_at=self.clock.now(),
            note=note_of(body, [signer.sign(body) for signer in signers]),
        )

    async def _must_follow(
        self, session: AsyncSession, head: Head, last: Checkpoint | None
    ) -> None:
        """C2SP tlog-checkpoint: a log MUST NOT sign a head that its earlier ones do not begin."""
        remembered = self.key.last_head()
        for note in [*([last.note] if last else []), *([remembered] if remembered else [])]:
            signed = _head_in(note)
            if turn_of(signed.origin) < turn_of(head.origin):
                continue  # of before a recovery, which said what became of it
            if signed.origin != head.origin or signed.size > head.size:
                raise RolledBack(
                    f"{signed.size} events were signed as {signed.origin}, this database has "
                    f"{head.size} as {head.origin}: it was restored from a backup",
                    "Nothing is signed until somebody runs `exeunt audit recover` "
                    "(docs/runbooks/audit-log.md).",
                )
            if await proofs.root_at(session, signed.size) != signed.root:
                raise RolledBack(
                    f"the first {signed.size} events are not those that were signed: this database "
                    "was restored or rewritten",
                    "Keep it, and read docs/runbooks/audit-log.md before `exeunt audit recover`.",
                )

    def _must_be_ours(self, origin: str) -> None:
        if not is_of(origin, self.origin):
            raise CannotSign(
                f"this log is signed as {origin}, the configuration says {self.origin}",
                "A log's name never changes: put it back (audit.origin, EXEUNT_TENANT).",
            )

    async def _signers(self, session: AsyncSession, origin: str) -> list[Signer]:
        """Whose signatures the next head bears: the key's, and while it rotates the next one's."""
        known = {row.vkey: row for row in (await session.exec(select(LogKey))).all()}
        current = Signer(origin, self.key.load())
        following = self.key.load_next()
        signers = [current, *([Signer(origin, following)] if following else [])]
        active = [s for s in signers if s.vkey in known and not known[s.vkey].retired_at]
        if current.vkey not in known:
            raise CannotSign(
                f"the key in {self.key.path} was never announced in this log",
                "Put the right one back; if it is lost, run `exeunt audit key replace`.",
            )
        if not active:
            raise CannotSign(
                f"the key in {self.key.path} was retired: the log goes on with another",
                "Put the one here that `exeunt audit key show` names without an end.",
            )
        return [current, *(signer for signer in active if signer != current)]

    def _finish_rotation(self, signed: Checkpoint, new: Signer) -> None:
        body, _, _ = signed.note.partition("\n\n")
        if new.sign(body + "\n") in signed.note:
            self.key.take_next()

    async def _must_be_lost(self, session: AsyncSession, origin: str) -> None:
        try:
            current = Signer(origin, self.key.load())
        except KeyUnusable:
            if self.key.path.exists():
                raise CannotSign(
                    f"{self.key.path} is there but cannot be used", "Move it away first."
                ) from None
            return
        known = await session.get(LogKey, current.vkey)
        told = "Rotate it" if known and known.retired_at is None else "Move it away first"
        raise CannotSign(f"the key in {self.key.path} is there", f"{told}.")

    async def _announce(self, session: AsyncSession, event: Event, signer: Signer) -> None:
        session.add(LogKey(vkey=signer.vkey, announced_at=self.clock.now()))
        await self.ledger.record(session, event)

    async def _retire(self, session: AsyncSession) -> list[str]:
        active = select(LogKey).where(col(LogKey.retired_at).is_(None))
        rows = (await session.exec(active)).all()
        for row in rows:
            row.retired_at = self.clock.now()
        return [row.vkey for row in rows]


def unsigned() -> CannotSign:
    """There is nobody who signs, or nothing to sign."""
    return CannotSign(
        "this log is not signed", "Give it a key: EXEUNT_AUDIT_KEY (docs/runbooks/audit-log.md)."
    )


async def latest(session: AsyncSession, origin: str | None = None) -> Checkpoint | None:
    """The last head that was signed, under the log's present name unless another is given."""
    name = origin if origin is not None else (await session.exec(select(Head.origin))).one()
    newest = (
        select(Checkpoint).where(Checkpoint.origin == name).order_by(col(Checkpoint.size).desc())
    )
    return (await session.exec(newest.limit(1))).first()


async def _locked(session: AsyncSession) -> Head:
    return (await session.exec(select(Head).with_for_update())).one()


def _head_in(note: str) -> verify.Checkpoint:
    try:
        return verify.parse_checkpoint(note)
    except verify.Refused as why:
        raise CannotSign(
            f"the head that was signed last cannot be read: {why}",
            "Put the file back that lies beside the key (….head), from its own backup.",
        ) from None
