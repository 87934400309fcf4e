"""What an HR system tells us, in one form, and the one class that a source implements."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.clock import Clock
from adapters.configured import HrSettings
from adapters.contract import understood
from adapters.texts import SaneInstant, plain_text


class EventType(StrEnum):
    """What a full-record source says that happened. A thin source sends only HINT."""

    HIRED = "worker.hired"
    UPDATED = "worker.updated"
    ROLE_CHANGED = "worker.role_changed"
    LEAVE_STARTED = "worker.leave_started"
    LEAVE_ENDED = "worker.leave_ended"
    TERMINATION_SCHEDULED = "worker.termination_scheduled"
    TERMINATION_CHANGED = "worker.termination_changed"
    TERMINATION_RESCINDED = "worker.termination_rescinded"
    TERMINATION_EFFECTIVE = "worker.termination_effective"
    ACCESS_REVOKE_NOW = "worker.access_revoke_now"
    HINT = "worker.hint"


class WorkerStatus(StrEnum):
    PREHIRE = "prehire"
    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    NOTICE = "notice"
    TERMINATED = "terminated"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class _Record(BaseModel):
    # An allow-list: what HR sends beyond it is dropped at the door and never stored.
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        return plain_text(value)


class Manager(_Record):
    source_worker_id: str | None = Field(None, max_length=200)
    work_email: str | None = Field(None, max_length=320)


class Termination(_Record):
    """Both dates, as HR gave them; which one counts is the policy's choice."""

    termination_date: date | None = None
    last_working_day: date | None = None
    access_end: SaneInstant | None = None
    type: str | None = Field(None, max_length=60)
    reason: str | None = Field(None, max_length=500)


class WorkerRecord(_Record):
    """A worker as HR last described them."""

    source_worker_id: str = Field(min_length=1, max_length=200)
    employee_number: str | None = Field(None, max_length=100)
    work_email: str | None = Field(None, max_length=320)
    other_emails: tuple[str, ...] = Field((), max_length=20)
    display_name: str | None = Field(None, max_length=300)
    worker_type: str | None = Field(None, max_length=60)
    status: WorkerStatus = WorkerStatus.UNKNOWN
    department: str | None = Field(None, max_length=200)
    job_title: str | None = Field(None, max_length=200)
    country: str | None = Field(None, max_length=2)
    location: str | None = Field(None, max_length=200)
    time_zone: str | None = Field(None, max_length=64)
    manager: Manager | None = None
    start_date: date | None = None
    termination: Termination | None = None


@dataclass(frozen=True)
class HrEvent:
    """One thing that HR said about one worker. `worker` is None for a thin hint: read it back."""

    type: EventType
    source_worker_id: str
    occurred_at: datetime | None = None
    worker: WorkerRecord | None = None


@dataclass(frozen=True)
class Envelope:
    """What the signature proved about one delivery.

    `dedupe_key` is equal for every retry of one delivery. `stale` says that it is older than the
    tolerance and was taken all the same, as a hint to read.
    """

    dedupe_key: str
    signed_at: datetime
    stale: bool = False


class HrRefusal(Exception):
    """Base of what a source says about a delivery that it does not take."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadSignature(HrRefusal):
    """Missing, malformed, wrong, too old or from the future. The answer is 401."""


class Unreadable(HrRefusal):
    """Signed, but not to be understood. The answer is 400; `field` names the place."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.args = (message, field)
        self.field = field


class HrSource(ABC):
    """One HR connection. Pure, but for `read_worker`."""

    signs_full_record: ClassVar[bool]
    """True if a signed delivery alone may start a case; False if the worker is read back first."""
    tolerance: ClassVar[timedelta] = timedelta(minutes=5)

    Settings: ClassVar[type[HrSettings]] = HrSettings

    def __init__(self, connection: str) -> None:
        self.connection = connection

    @classmethod
    @abstractmethod
    def connect(
        cls,
        connection: str,
        settings: Any,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        """Build one from its settings (an instance of `Settings`). No call is made yet."""

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope:
        """Prove who sent the raw bytes, and when. `headers` has lower-case names.

        Raises BadSignature.
        """

    @abstractmethod
    def parse(self, body: bytes) -> tuple[HrEvent, ...]:
        """Read a verified body; one delivery may speak of several workers. Raises Unreadable."""

    async def read_worker(self, source_worker_id: str) -> WorkerRecord | None:
        """Read one worker back; None only if HR said that nobody has this id.

        Raises AdapterError. A source that cannot be read raises NotImplementedError; ask
        `can_read` first.
        """
        raise NotImplementedError(source_worker_id)

    def __init_subclass__(cls) -> None:
        for name in ("read_worker", "check"):
            if name in vars(cls):
                setattr(cls, name, understood(vars(cls)[name]))

    can_read: ClassVar[bool] = False

    async def check(self) -> str:
        """Prove the credential, if there is one; a sentence. Raises CredentialDenied."""
        return "nothing to check: deliveries prove themselves"

    async def close(self) -> None:
        """Give connections back."""
