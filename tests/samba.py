"""A real Active Directory domain beside the tests: Samba, provisioned anew, on loopback."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from adapters.clock import Clock
from adapters.ldap.ber import SEQUENCE, SET, text, tlv
from adapters.ldap.door import Directory, Login, Right
from adapters.ldap.lines import Place, opener
from adapters.ldap.messages import Change, Modification, read_result
from adapters.practice.active_directory.certificate import write_certificate
from adapters.systems.active_directory import ActiveDirectory
from adapters.systems.active_directory.passwords import quoted

REALM, DOMAIN = "ACME.TEST", "DC=acme,DC=test"
STAFF, LEAVERS, GROUPS = (
    f"OU=Staff,{DOMAIN}",
    f"OU=Leavers,OU=Staff,{DOMAIN}",
    f"OU=Groups,{DOMAIN}",
)
ADMIN, SERVICE, PASSWORD = "Administrator", "svc-exeunt", "Adm1n-Passw0rd!"
START_SECONDS = 30
ADD, ADDED = 0x68, 0x69
USER, GROUP = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a9c-0de6-11d0-a285-00aa003049e2"
# The lines of docs/runbooks/active-directory.md, one by one, as dsacls would write them.
DELEGATED = {
    STAFF: (
        "(OA;CIIO;RPWP;bf967a68-0de6-11d0-a285-00aa003049e2;{user};{who})"  # userAccountControl
        "(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;{user};{who})"  # Reset Password
        "(OA;CI;CCDC;{user};;{who})"
        "(OA;CIIO;RPWP;bf967a0e-0de6-11d0-a285-00aa003049e2;{user};{who})"  # name
        "(OA;CIIO;RPWP;bf96793f-0de6-11d0-a285-00aa003049e2;{user};{who})"  # cn
    ),
    GROUPS: "(OA;CIIO;RPWP;bf9679c0-0de6-11d0-a285-00aa003049e2;{group};{who})",  # member
}


@dataclass
class Samba:
    """The domain, with a service account that has what the runbook delegates and nothing else."""

    folder: Path
    address: str
    ca_file: str
    opened: list[Directory | ActiveDirectory] = field(default_factory=list)

    async def close(self) -> None:
        """Whatever a test opened."""
        while self.opened:
            await self.opened.pop().close()

    def tool(self, *words: str) -> str:
        command = ["samba-tool", *words, "-s", str(self.folder / "etc" / "smb.conf")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    async def hire(self, name: str) -> str:
        """A person in two groups, whose password never expires. It comes back."""
        password, dn = f"Own-Passw0rd-{uuid4().hex[:6]}", f"CN={name},{STAFF}"
        await self.add(
            dn,
            objectClass="user",
            sAMAccountName=name,
            userPrincipalName=f"{name}@acme.test",
            mail=f"{name}@acme.test",
            unicodePwd=quoted(password),
            userAccountControl=str(0x200 | 0x10000),
        )
        for group in ("team", "projects"):
            await self.join(f"CN={group},{GROUPS}", dn)
        return password

    async def add(self, dn: str, **attributes: str | bytes) -> None:
        """Our door has no use for an add request (RFC 4511 section 4.7), so it is made here."""
        listed = (
            tlv(SEQUENCE, text(name), tlv(SET, text(value))) for name, value in attributes.items()
        )
        async with self.as_admin() as door, door._session() as session:
            request = tlv(ADD, text(dn), tlv(SEQUENCE, *listed))
            _, answer = await session.ask("ADD", dn, request, ADDED)
        result = read_result(answer.body)
        assert result.code == 0, f"{dn}: {result.code} {result.said}"

    async def join(self, group: str, member: str) -> None:
        async with self.as_admin() as door:
            one = Modification(Change.ADD, "member", (member.encode(),))
            await door.modify(Right(""), group, one)

    def login(self, user: str, password: str, *, start_tls: bool = False) -> Directory:
        """A door of ours, as somebody of the domain."""
        place = Place(self.address, 389 if start_tls else 636, start_tls)
        name = user if "@" in user else f"{user}@acme.test"
        who = Login(name, SecretStr(password), "nothing", "nothing")
        door = Directory(opener(place, self.ca_file, "nothing"), who, Clock())
        self.opened.append(door)
        return door

    @asynccontextmanager
    async def as_admin(self) -> AsyncIterator[Directory]:
        door = self.login(ADMIN, PASSWORD)
        try:
            yield door
        finally:
            await door.close()

    async def put(self, dn: str, attribute: str, value: str | bytes) -> None:
        raw = value if isinstance(value, bytes) else value.encode()
        async with self.as_admin() as door:
            await door.modify(Right(""), dn, Modification(Change.REPLACE, attribute, (raw,)))

    async def get(self, dn: str, attribute: str) -> tuple[bytes, ...]:
        async with self.as_admin() as door:
            entry = await door.read(dn, (attribute,))
        assert entry, f"{dn} is not there"
        return entry.attributes.get(attribute.lower(), ())

    def adapter(self, **told: Any) -> ActiveDirectory:
        settings = {
            "adapter": "active_directory",
            "base_url": f"ldaps://{self.address}",
            "ca_file": self.ca_file,
            "user": f"{SERVICE}@acme.test",
            "password": PASSWORD,
            "disabled_ou": LEAVERS,
        }
        made = ActiveDirectory.connect("ad", ActiveDirectory.Settings(**(settings | told)), Clock())
        self.opened.append(made)
        return made

    def kerberos(self, *command: str, tickets: Path, words: str = "") -> str:
        """kinit or kvno; what it complained of is back, "" if it went well."""
        config = self.folder / "krb5.conf"
        config.write_text(
            f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\nrdns = false\n"
            f"[realms]\n{REALM} = {{\n kdc = {self.address}\n}}\n"
        )
        environ = {**os.environ, "KRB5_CONFIG": str(config), "KRB5CCNAME": str(tickets)}
        done = subprocess.run(
            command, input=words, env=environ, capture_output=True, text=True, check=False
        )
        return done.stderr if done.returncode else ""


@contextmanager
def samba(folder: Path) -> Iterator[Samba]:
    address, root = _free_address(), folder / "dc"
    bind = ["--option=bind interfaces only=yes", f"--option=interfaces={address}/8"]
    provision = f"""samba-tool domain provision --realm={REALM} --domain=ACME --server-role=dc
        --dns-backend=NONE --host-name=dc1 --targetdir={root} --host-ip={address}""".split()
    made = subprocess.run(
        [*provision, f"--adminpass={PASSWORD}", *bind], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr[-2000:]
    certificate, key = write_certificate(folder, Clock(), address)
    key.chmod(0o600)
    tls = {
        "tls enabled": "yes",
        "tls certfile": certificate,
        "tls keyfile": key,
        "tls cafile": certificate,
    }
    command = ["samba", "-i", "-M", "single", "-s", f"{root}/etc/smb.conf", "--debug-stdout", *bind]
    command += ["--option=server services=ldap cldap kdc"]
    command += [f"--option={name}={value}" for name, value in tls.items()]
    with (folder / "samba.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    running = Samba(root, address, str(certificate))
    try:
        _wait(running, process, folder / "samba.log")
        _seed(running)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _seed(domain: Samba) -> None:
    for unit in (STAFF, LEAVERS, GROUPS):
        domain.tool("ou", "create", unit)
    for group in ("team", "projects", "everybody"):
        domain.tool("group", "add", group, "--groupou", GROUPS.removesuffix(f",{DOMAIN}"))
    domain.tool("group", "addmembers", "everybody", "team")
    domain.tool("user", "create", SERVICE, PASSWORD)
    domain.tool("user", "setexpiry", SERVICE, "--noexpiry")
    shown = domain.tool("user", "show", SERVICE, "--attributes=objectSid")
    who = shown.partition("objectSid: ")[2].split()[0]
    for dn, aces in DELEGATED.items():
        sddl = aces.format(user=USER, group=GROUP, who=who)
        domain.tool("dsacl", "set", "--objectdn", dn, "--sddl", sddl)


def _wait(domain: Samba, process: "subprocess.Popen[bytes]", log: Path) -> None:
    async def answers() -> None:
        for _ in range(START_SECONDS * 10):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            try:
                _, writer = await asyncio.open_connection(domain.address, 636)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
        raise AssertionError("Samba did not answer in time")

    asyncio.run(answers())


def _free_address() -> str:
    """Samba's ports are fixed, so each domain has a loopback address of its own."""
    for last in range(10, 250):
        address = f"127.0.{os.getpid() % 200 + 20}.{last}"
        with socket.socket() as probe:
            if probe.connect_ex((address, 636)) != 0:
                return address
    raise AssertionError("no free loopback address")
