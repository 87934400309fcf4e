"""The door to a directory: LDAPv3 that speaks our errors, beside the HTTP one (adapters/http.py).

Nothing leaves here but AdapterError, no secret and no distinguished name reaches a message, every
operation is remembered for the ledger, and in observe mode no write leaves at all. Referrals are
not followed: they would carry our password to wherever a server points.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.calls import remember
from adapters.clock import Clock
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.http import Mode
from adapters.ldap import codes, filters, messages
from adapters.ldap.ber import measure
from adapters.ldap.lines import Line, Opener
from adapters.ldap.messages import Entry, Message, Modification, Op, Result, Scope

SECONDS = 20
"""How long one operation may take."""
PAGE = 500
"""Active Directory gives 1000 at most (MaxPageSize)."""
LINES = 4
IDLE_SECONDS = 30.0
"""An idle line is used again for so long; servers close them after a while of their own."""


@dataclass(frozen=True)
class Login:
    """Who we are, and what is said when we are refused."""

    user: str
    password: SecretStr
    permission: str
    fix: str


@dataclass(frozen=True)
class Right:
    """What a write needs to be granted, and the codes that come back for the caller to read."""

    needs: str
    answers: frozenset[int] = frozenset()


class Directory:
    """A pool of bound lines to one server."""

    def __init__(
        self, opener: Opener, login: Login, clock: Clock, mode: Mode = Mode.ENFORCE
    ) -> None:
        self._open, self._login, self._clock, self._mode = opener, login, clock, mode
        self._turns = asyncio.Semaphore(LINES)
        self._idle: list[tuple[Session, float]] = []

    async def read(self, dn: str, attributes: Iterable[str]) -> Entry | None:
        """One object; None if the directory says that there is none by this name."""
        wanted = messages.search(dn, Scope.BASE, filters.ANY, attributes, SECONDS)
        async with self._session() as session:
            found, answer = await session.ask("READ", dn, wanted, Op.DONE)
        result = messages.read_result(answer.body)
        if result.code == codes.NO_SUCH_OBJECT:
            return None
        self._refuse(f"READ {shown(dn)}", result)
        if len(found) != 1:
            raise Unrecognised(f"READ {shown(dn)}: one object was asked for, {len(found)} came")
        return found[0]

    async def find(self, base: str, wanted: bytes, attributes: Iterable[str]) -> list[Entry]:
        """Everything below `base` that the filter offers, complete over all pages."""
        return [entry async for entry in self.pages(base, wanted, attributes)]

    async def pages(
        self, base: str, wanted: bytes, attributes: Iterable[str]
    ) -> AsyncGenerator[Entry, None]:
        """Likewise, page by page (RFC 2696). A cookie counts on the line that it came by, which is
        busy until the last one: whoever stops before that closes what this gives.
        """
        request = messages.search(base, Scope.SUBTREE, wanted, attributes, SECONDS)
        cookie = b""
        async with self._session() as session:
            while True:
                control = messages.paged(PAGE, cookie)
                found, answer = await session.ask("SEARCH", base, request, Op.DONE, control)
                self._refuse("SEARCH", messages.read_result(answer.body))
                for entry in found:
                    yield entry
                before, cookie = cookie, messages.read_cookie(answer)
                if not cookie:
                    return
                if cookie == before and not found:
                    raise Unrecognised("SEARCH: the server gives the same page again and again")

    async def modify(self, right: Right, dn: str, *changes: Modification) -> Result:
        return await self._write(right, "MODIFY", dn, messages.modify(dn, changes), Op.MODIFIED)

    async def move(self, right: Right, dn: str, rdn: str, parent: str) -> Result:
        return await self._write(right, "MOVE", dn, messages.move(dn, rdn, parent), Op.MOVED)

    async def delete(self, right: Right, dn: str) -> Result:
        return await self._write(right, "DELETE", dn, messages.delete(dn), Op.DELETED)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for session, _ in idle:
            await session.close()

    async def _write(self, right: Right, name: str, dn: str, op: bytes, wants: Op) -> Result:
        what = f"{name} {shown(dn)}"
        if self._mode is Mode.OBSERVE:
            raise NeedsHuman(f"observe mode: {what} was not sent")
        async with self._session() as session:
            _, answer = await session.ask(name, dn, op, wants)
        result = messages.read_result(answer.body)
        if result.code not in right.answers:
            self._refuse(what, result, right.needs)
        return result

    def _refuse(self, what: str, result: Result, permission: str = "") -> None:
        if result.code != codes.SUCCESS:
            needs = permission or self._login.permission
            raise codes.error_of(what, result, needs, self._login.fix)

    @asynccontextmanager
    async def _session(self) -> "AsyncIterator[Session]":
        """A bound line. One that was left in the middle of something is never used again."""
        async with self._turns:
            session = await self._bound()
            try:
                yield session
            except BaseException:
                await session.close()
                raise
            self._idle.append((session, self._clock.seconds()))

    async def _bound(self) -> "Session":
        while self._idle:
            session, since = self._idle.pop()
            if self._clock.seconds() - since < IDLE_SECONDS:
                return session
            await session.close()
        session = Session(await self._opened(), self._clock)
        try:
            secret = self._login.password.get_secret_value()
            request = messages.bind(self._login.user, secret)
            _, answer = await session.ask("BIND", "", request, Op.BOUND)
            self._refuse("BIND", messages.read_result(answer.body))
        except BaseException:
            await session.close()
            raise
        return session

    async def _opened(self) -> Line:
        try:
            return await self._open()
        except OSError as why:
            raise TryAgain(f"CONNECT: {type(why).__name__}") from None


WRITES = frozenset({"MODIFY", "MOVE", "DELETE"})


class Session:
    """One line, one operation at a time."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line, self._clock = line, clock
        self._number = 0
        self._came = bytearray()

    async def ask(
        self, name: str, dn: str, op: bytes, wants: int, *controls: bytes
    ) -> tuple[list[Entry], Message]:
        """Say it and read until the answer that ends it, with the entries that came before."""
        self._number += 1
        started, code = self._clock.seconds(), None
        try:
            async with asyncio.timeout(SECONDS):
                await self._line.send(messages.message(self._number, op, *controls))
                found, answer = await self._answer(wants)
            code = messages.read_result(answer.body).code
        except OSError as why:
            raise TryAgain(f"{name} {shown(dn)}".rstrip() + f": {type(why).__name__}") from None
        else:
            return found, answer
        finally:
            took = self._clock.seconds() - started
            remember(name, shown(dn), code, took, writes=name in WRITES)

    async def close(self) -> None:
        """Say goodbye if the line still stands."""
        try:
            await self._line.send(messages.message(self._number + 1, messages.unbind()))
            await self._line.close()
        except OSError:
            return

    async def _answer(self, wants: int) -> tuple[list[Entry], Message]:
        found: list[Entry] = []
        while True:
            answer = messages.read_message(await self._next())
            if answer.id == 0:
                raise TryAgain("the server said that it ends the connection")
            if answer.id != self._number:
                raise Unrecognised("an answer to a question that was not asked")
            if answer.op == wants:
                return found, answer
            if wants != Op.DONE or answer.op not in (Op.ENTRY, Op.REFERENCE):
                raise Unrecognised(f"an answer of another kind ({answer.op:#04x})")
            if answer.op == Op.ENTRY:
                found.append(messages.read_entry(answer.body))

    async def _next(self) -> bytes:
        """One whole message, and never more than fits."""
        while True:
            header, size = measure(self._came)
            if header and header + size > messages.LARGEST:
                raise Unrecognised(f"an answer is larger than {messages.LARGEST} bytes")
            if header and len(self._came) >= header + size:
                whole = bytes(self._came[: header + size])
                del self._came[: header + size]
                return whole
            more = await self._line.receive()
            if not more:
                raise ConnectionResetError
            self._came += more


def shown(dn: str) -> str:
    """A place as messages and the ledger may show it: distinguished names are people's names."""
    return dn if dn.startswith("<GUID=") else ""
