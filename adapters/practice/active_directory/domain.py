"""A practice Active Directory domain: one domain controller that speaks LDAP over TLS.

What it knows is what the adapter asks for, as [MS-ADTS] and the field notes have it; where Samba
answers otherwise than Microsoft, tests/live/test_samba.py holds the adapter to Samba itself.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import ClassVar

from adapters.practice.active_directory.certificate import write_certificate
from adapters.practice.active_directory.memory import SERVICE, DomainMemory
from adapters.practice.active_directory.objects import DISABLED, LEAVERS
from adapters.practice.active_directory.server import Server
from adapters.practice.base import Fault


class PracticeDomain(DomainMemory):
    kind: ClassVar[str] = "active_directory"
    largest_page: ClassVar[int] = 3
    exempt: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "test_throttling_says_how_long_to_wait": "LDAP's busy (51) names no time to wait; that "
            "it is worth another try is held in tests/unit/test_active_directory.py"
        }
    )
    ca_file: str | None = None
    """Who signed its certificate, once it is served."""

    def settings(self, base_url: str) -> dict[str, object]:
        return {
            "adapter": self.kind,
            "base_url": base_url.replace("https://", "ldaps://"),
            "user": f"{SERVICE}@acme.example",
            "token": self.token,
            "ca_file": self.ca_file,
            "disabled_ou": LEAVERS,
        }

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        sam = login or address.partition("@")[0]
        upn = "" if login else address
        made = self.user(sam, address, upn=upn, created_at=created_at)
        if employee_number:
            made.put("employeeID", employee_number)
        for group in self.groups.values():
            group.members.add(made.id)
        return made.id

    def enabled(self, account_id: str) -> bool | None:
        thing = self.things.get(account_id)
        return None if thing is None else not thing.control & DISABLED

    def fault_for(self, writes: bool) -> Fault | None:
        return self._fault_for("WRITE" if writes else "GET")

    @asynccontextmanager
    async def serve(self, *, start_tls: bool = False) -> AsyncIterator[str]:
        """On loopback, with a certificate of its own that `ca_file` names from then on."""
        with TemporaryDirectory(prefix="exeunt-dc-") as folder:
            certificate, key = write_certificate(Path(folder), self.clock)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.ca_file = str(certificate)
            lines: set[asyncio.StreamWriter] = set()

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                lines.add(writer)
                await self._talk(reader, writer, context if start_tls else None)
                lines.discard(writer)

            server = await asyncio.start_server(
                talk, "127.0.0.1", 0, ssl=None if start_tls else context
            )
            port = server.sockets[0].getsockname()[1]
            yield f"{'ldap' if start_tls else 'ldaps'}://127.0.0.1:{port}"
            server.close()
            for writer in lines:
                writer.close()
            await server.wait_closed()

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upgrade: ssl.SSLContext | None,
    ) -> None:
        line = Server(self, secure=upgrade is None)
        try:
            while not line.over and (data := await reader.read(65536)):
                await asyncio.sleep(self.latency)
                was = line.secure
                writer.write(line.hears(data))
                await writer.drain()
                if upgrade and line.secure and not was:
                    await writer.start_tls(upgrade)
        except ConnectionError:
            pass  # either side may hang up
        finally:
            writer.close()
