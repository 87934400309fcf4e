"""BambooHR: a signed webhook that only says whose record changed, and the read that follows.

Facts: documentation.bamboohr.com, "Webhooks", "Event-based webhooks", "Get employee".
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from adapters.clock import Clock
from adapters.configured import HrSettings
from adapters.errors import Unrecognised
from adapters.hr.contract import (
    BadSignature,
    Envelope,
    EventType,
    HrEvent,
    HrSource,
    Termination,
    Unreadable,
    WorkerRecord,
    WorkerStatus,
)
from adapters.hr.strict_json import fit, strict_json
from adapters.http import Api
from adapters.reading import Answer, read_as

FIELDS = (
    "employeeNumber,workEmail,displayName,status,hireDate,terminationDate,department,jobTitle,"
    "country,location"
)
NO_DATE = ("", "0000-00-00")
LONGEST_INSTANT = 11
COUNTRY_CODE = 2


class BambooHrSettings(HrSettings):
    """`secret` is the webhook's private key, `token` an API key."""

    base_url: str = Field()
    """https://{company}.bamboohr.com"""
    token: SecretStr = Field()
    last_working_day_field: str | None = Field(None, pattern=r"^[\w.]+$")
    """Your own field, if HR keeps one: the documents name none."""
    termination_type_field: str | None = Field(None, pattern=r"^[\w.]+$")
    """Likewise: voluntary, involuntary, end_of_contract, or anything else."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Employee(_Said):
    employee_id: str = Field(alias="employeeId", min_length=1, max_length=200)

    @field_validator("employee_id", mode="before")
    @classmethod
    def _numbers_too(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


class _ByEvent(_Said):
    type: Literal["employee.created", "employee.updated", "employee.deleted"]
    timestamp: str
    data: _Employee


class _Changed(_Said):
    id: str = Field(min_length=1, max_length=200, coerce_numbers_to_str=True)


class _ByFields(_Said):
    """The legacy body. What it says of the fields is dropped: the record is read."""

    employees: tuple[_Changed, ...] = Field(max_length=1000)


class _Record(Answer):
    """What the API says of an employee. Every value is a text or missing."""

    employee_number: str | None = Field(None, alias="employeeNumber", coerce_numbers_to_str=True)
    work_email: str | None = Field(None, alias="workEmail")
    display_name: str | None = Field(None, alias="displayName")
    status: str | None = None
    hired: str | None = Field(None, alias="hireDate")
    terminated: str | None = Field(None, alias="terminationDate")
    department: str | None = None
    job_title: str | None = Field(None, alias="jobTitle")
    country: str | None = None
    location: str | None = None


class BambooHr(HrSource):
    Settings = BambooHrSettings
    signs_full_record: ClassVar[bool] = False
    can_read: ClassVar[bool] = True

    def __init__(self, connection: str, settings: BambooHrSettings, api: Api) -> None:
        super().__init__(connection)
        self._keys = [
            secret.get_secret_value().encode()
            for secret in (settings.secret, settings.previous_secret)
            if secret
        ]
        self._tolerance = settings.tolerance if settings.tolerance is not None else self.tolerance
        self._last_day = settings.last_working_day_field
        self._type = settings.termination_type_field
        self._api = api

    @classmethod
    def connect(
        cls,
        connection: str,
        settings: BambooHrSettings,
        clock: Clock,  # noqa: ARG003 - the time comes in with each delivery
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = Api(
            settings.base_url.rstrip("/") + "/api/v1",
            auth=httpx.BasicAuth(settings.token.get_secret_value(), "x"),
            headers={"Accept": "application/json"},
            transport=transport,
            permission="read employees and their job fields",
            fix=f"put a valid API key under hr.{connection}.token",
        )
        return cls(connection, settings, api)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope:
        """Signed is the raw body followed by the time stamp, with nothing in between.

        A stale delivery is still a hint to read: BambooHR repeats for 80 minutes, and drops for
        good what is answered with a 4xx.
        """
        stamp = headers.get("x-bamboohr-timestamp", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= LONGEST_INSTANT):
            raise BadSignature("X-BambooHR-Timestamp must be there, in seconds since 1970")
        given = headers.get("x-bamboohr-signature", "").encode("utf-8", "surrogateescape")
        ours = [
            hmac.new(key, body + stamp.encode(), hashlib.sha256).hexdigest() for key in self._keys
        ]
        if not any(hmac.compare_digest(one.encode(), given) for one in ours):
            raise BadSignature("X-BambooHR-Signature does not fit the body and this secret")
        signed_at = datetime.fromtimestamp(int(stamp), UTC)
        if signed_at > now + self._tolerance:
            raise BadSignature("signed in the future: compare the clocks of both servers")
        return Envelope(_dedupe_key(body, stamp), signed_at, signed_at < now - self._tolerance)

    def parse(self, body: bytes) -> tuple[HrEvent, ...]:
        said = strict_json(body)
        kind = said.get("type") if isinstance(said, dict) else None
        if isinstance(kind, str) and kind.startswith(("company.", "company-integrations.")):
            return ()
        if kind is None:
            changed = fit(_ByFields, said).employees
            return tuple(HrEvent(EventType.HINT, one.id) for one in changed)
        event = fit(_ByEvent, said)
        return (HrEvent(EventType.HINT, event.data.employee_id, _instant(event.timestamp)),)

    async def read_worker(self, source_worker_id: str) -> WorkerRecord | None:
        """With future-dated rows, because a leave that is only planned is one of them."""
        extra = [name for name in (self._last_day, self._type) if name]
        reply = await self._api.get(
            f"/employees/{quote(source_worker_id, safe='')}",
            gone_ok=True,
            fields=",".join([FIELDS, *extra]),
            onlyCurrent="false",
        )
        if reply.gone:
            return None
        return self._worker(source_worker_id, read_as(_Record, reply.body), reply.body)

    async def check(self) -> str:
        """Employee 0 is whoever the API key belongs to."""
        reply = await self._api.get("/employees/0", fields="status")
        read_as(_Record, reply.body)
        return "the API key reads employees"

    async def close(self) -> None:
        await self._api.close()

    def _worker(self, identifier: str, said: _Record, body: dict[str, Any]) -> WorkerRecord:
        try:
            return WorkerRecord(
                source_worker_id=identifier,
                employee_number=said.employee_number or None,
                work_email=said.work_email or None,
                display_name=said.display_name or None,
                status=_status(said.status),
                department=said.department or None,
                job_title=said.job_title or None,
                country=_country(said.country),
                location=said.location or None,
                start_date=_date(said.hired),
                termination=self._termination(said, body),
            )
        except ValidationError as why:
            place = ".".join(map(str, why.errors(include_input=False)[0]["loc"]))
            raise Unrecognised(f"an employee's record does not fit: {place}") from None

    def _termination(self, said: _Record, body: dict[str, Any]) -> Termination | None:
        """None too for a date from before they were hired again."""
        ends, last_day = _date(said.terminated), _date(_text(body, self._last_day))
        hired_again = bool(ends and (_date(said.hired) or "") > ends)
        if (ends is None and last_day is None) or hired_again:
            return None
        return Termination.model_validate(
            {
                "termination_date": ends,
                "last_working_day": last_day,
                "type": _text(body, self._type) or None,
            }
        )


def _dedupe_key(body: bytes, stamp: str) -> str:
    """The event-based body bears its own instant; the legacy one may come twice and mean it."""
    own_instant = b'"timestamp"' in body
    return hashlib.sha256(body if own_instant else body + stamp.encode()).hexdigest()


def _instant(text: str) -> datetime:
    try:
        instant = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise Unreadable("timestamp: must be an instant with its zone", "timestamp") from None
    return instant.astimezone(UTC)


def _status(text: str | None) -> WorkerStatus:
    known = {"Active": WorkerStatus.ACTIVE, "Inactive": WorkerStatus.TERMINATED}
    return known.get(text or "", WorkerStatus.UNKNOWN)


def _country(text: str | None) -> str | None:
    """The API may give a name; only a code is sure to be read rightly."""
    return text.upper() if text and len(text) == COUNTRY_CODE and text.isalpha() else None


def _date(text: str | None) -> str | None:
    return None if text is None or text in NO_DATE else text


def _text(body: dict[str, Any], name: str | None) -> str | None:
    value = body.get(name) if name else None
    return value if isinstance(value, str) else None
