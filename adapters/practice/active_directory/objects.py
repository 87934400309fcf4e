"""The objects of a practice domain: what is stored, and what is worked out when somebody asks."""

import struct
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

DOMAIN = "DC=acme,DC=example"
SCHEMA = f"CN=Schema,CN=Configuration,{DOMAIN}"
STAFF, LEAVERS = f"OU=Staff,{DOMAIN}", f"OU=Leavers,{DOMAIN}"
DOMAIN_SID = (21, 1111, 2222, 3333)
NORMAL, DISABLED, NEVER_EXPIRES = 0x200, 0x2, 0x10000
PERSON, MACHINE = 805306368, 805306369
NEVER = 9223372036854775807

Values = list[bytes]


@dataclass
class Thing:
    """One object. `members` are ids, so that they follow a rename as links do."""

    dn: str
    category: str
    values: dict[str, Values] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: str(uuid4()))
    password: str | None = None
    managed_by: str | None = None

    @property
    def control(self) -> int:
        return int(self.values["userAccountControl"][0])

    def name(self, key: str) -> str | None:
        """How the attribute is spelt here, if the object has it."""
        return next((k for k in self.values if k.lower() == key.lower()), None)

    def get(self, key: str) -> Values:
        found = self.name(key)
        return self.values[found] if found else []

    def put(self, key: str, *values: str | int | bytes) -> None:
        self.values[key] = [v if isinstance(v, bytes) else str(v).encode() for v in values]
        if not values:
            del self.values[key]

    @property
    def guarded(self) -> bool:
        return self.get("adminCount") == [b"1"]

    @property
    def guid(self) -> bytes:
        return UUID(self.id).bytes_le


def sid(*ids: int) -> bytes:
    return bytes((1, len(ids))) + (5).to_bytes(6) + struct.pack(f"<{len(ids)}I", *ids)


def written(raw: bytes) -> str:
    return "S-1-5-" + "-".join(map(str, struct.unpack(f"<{raw[1]}I", raw[8:])))


def filetime(instant: datetime) -> int:
    return int((instant.timestamp() + 11_644_473_600) * 10_000_000)


def generalized(instant: datetime) -> str:
    return instant.strftime("%Y%m%d%H%M%S.0Z")


def split(dn: str) -> tuple[str, str]:
    rdn, _, parent = dn.replace("\\,", "\0").partition(",")
    return rdn.replace("\0", "\\,"), parent.replace("\0", "\\,")
