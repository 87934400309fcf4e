"""What a user writes under `audit:`: the log's name, how long it is kept, and who else sees it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from adapters.durations import Duration
from adapters.http import trusted_url
from workflows.ledger.verify import COSIGNATURE, Key, Refused

ORIGIN = re.compile(r"[A-Za-z0-9.-]+(/[!-*,.0-~-]+)+")
"""Printable ASCII without blank or plus sign, in two parts at least (C2SP tlog-checkpoint)."""
LONGEST_ORIGIN = 255


def valid_origin(text: str) -> str:
    """Raises ValueError that shows the form."""
    if len(text) > LONGEST_ORIGIN or not ORIGIN.fullmatch(text):
        raise ValueError(
            "must be <host>/<tenant>, such as audit.acme.example/exeunt: ASCII without a scheme, "
            f"blanks or +, {LONGEST_ORIGIN} characters at most"
        )
    return text


def valid_witness(text: str) -> str:
    """A vkey of a witness (C2SP signed-note). Raises ValueError that says what does not fit."""
    try:
        key = Key.parse(text)
    except Refused as why:
        raise ValueError(
            f"{why}; it must be <name>+<8 hex digits>+<base64>, as the witness shows it"
        ) from None
    if key.kind != COSIGNATURE:
        raise ValueError("is no key of a witness: its kind must be 04 (Ed25519)")
    return text


def _trusted(text: str) -> str:
    trusted_url(text)
    return text


def _some_time(value: timedelta) -> timedelta:
    if value < timedelta(days=1):
        raise ValueError("must be a day at least; 395d is 13 months")
    return value


Url = Annotated[str, AfterValidator(_trusted)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class WitnessSettings(_Part):
    """One who signs our tree heads when it has seen that they only grow."""

    url: Url
    vkey: Annotated[str, AfterValidator(valid_witness)]


class TimeStampSettings(_Part):
    """A time stamping authority (RFC 3161)."""

    url: Url
    ca_file: Path | None = None
    """Whom to trust as the signer of its answers, PEM; None: they are kept and not checked here."""


class AuditSettings(_Part):
    """The log, but for its sinks: each of those has a model of its own."""

    origin: Annotated[str, AfterValidator(valid_origin)] | None = None
    """The name under which the log is signed. Never changed, never used for another."""
    retention: Annotated[Duration, AfterValidator(_some_time)] = timedelta(days=395)
    ocsf_version: Literal["1.8.0"] = "1.8.0"
    witnesses: Mapping[str, WitnessSettings] = Field(default_factory=dict)
    time_stamps: TimeStampSettings | None = None
