"""The shapes in which a case is shown."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class WorkerOut(BaseModel):
    id: str
    source_worker_id: str = Field(examples=["1207"])
    employee_number: str | None = Field(None, examples=["1207"])
    email: str | None = Field(None, examples=["mara.okafor@acme.example"])
    display_name: str | None = Field(None, examples=["Mara Okafor"])
    department: str | None = Field(None, examples=["Finance"])


class LeftOut(BaseModel):
    """Something that stays, and why: nothing is skipped in silence."""

    kind: str = Field(examples=["group"])
    name: str = Field(examples=["Everybody"])
    why: str = Field(examples=["dynamic: its rule decides who belongs"])


class ResidueOut(BaseModel):
    """What outlives the account: somebody has to do something about it."""

    kind: str = Field(examples=["deploy key"])
    name: str = Field(examples=["ci-release"])
    why: str = Field(examples=["it belongs to the repository and works without the person"])
    next: str = Field(examples=["Rotate it, or delete it in the repository's settings."])
    owner: str


class AccountOut(BaseModel):
    """One account, or one system in which it is open whether there is an account."""

    system: str = Field(examples=["directory"])
    account_id: str | None = Field(None, examples=["2819c223-7f76-453a-919d-413861904646"])
    login: str | None = None
    rule: str | None = Field(None, description="how it was recognised", examples=["link"])
    containment: str = Field(examples=["contained"])
    note: str = ""
    privileged: bool = False
    last_possible_access: datetime | None = Field(
        None, description="until then an access token from before the cut may still work"
    )
    last_possible_access_because: str = Field("", description="what may still work until then")
    contained_at: datetime | None = None
    seconds_to_contain: float | None = None
    left: list[LeftOut] = Field(
        default_factory=list, description="what is still held and our verbs cannot take"
    )
    residue: list[ResidueOut] = Field(
        default_factory=list, description="what outlives the account, with owner and next step"
    )


class ItemOut(BaseModel):
    id: str
    system: str = Field(examples=["directory"])
    account_id: str | None = None
    wave: str = Field(examples=["contain"])
    action: str = Field(examples=["block_sign_in"])
    state: str = Field(examples=["done"])
    outcome: str | None = Field(None, examples=["changed"])
    confirmed: bool | None = Field(None, description="what the read-back said; null: cannot tell")
    gap: str | None = None
    gap_detail: str = ""
    undo: str = Field(examples=["reversible"])
    attempts: int
    due_at: datetime | None = None
    done_at: datetime | None = None
    error: str = ""
    message: str = ""
    permission: str = ""
    fix: str = ""
    owner: str = ""
    business: str = Field(examples=["They can no longer sign in."])
    controls: tuple[str, ...] = ()


class WaveApprovalOut(BaseModel):
    wave: str = Field(examples=["retire"])
    approvals_needed: int = Field(examples=[2])
    digest: str = Field(description="send it back with POST …/approve")


class TaskOut(BaseModel):
    id: str
    case_id: str | None
    system: str
    kind: str = Field(examples=["by_hand"])
    title: str
    how_to: str
    candidates: list[dict[str, Any]]
    owner: str
    due_at: datetime
    state: str = Field(examples=["open"])
    note: str = ""


class Timings(BaseModel):
    """All instants in UTC. The clock runs from the later of effective and received."""

    hr_entered_at: datetime | None = None
    effective_at: datetime
    received_at: datetime
    first_call_at: datetime | None = None
    contained_at: datetime | None = None
    restored_at: datetime | None = None
    seconds_to_contain: float | None = None


class CaseSummary(BaseModel):
    id: str = Field(examples=["case_01J7Z0EXAMPLE0000000000001"])
    worker: WorkerOut
    kind: str = Field(examples=["voluntary"])
    status: str = Field(examples=["waiting"])
    containment: str = Field(examples=["contained"])
    unconfirmed: bool = False
    reference: str = ""
    requested_by: str = ""
    basis: str = Field(examples=["last_working_day"])
    time_zone: str = Field(examples=["Europe/Berlin"])
    time_zone_source: str = Field(examples=["worker"])
    policy: str = ""
    timings: Timings


class CaseOut(CaseSummary):
    accounts: list[AccountOut]
    items: list[ItemOut]
    approvals: list[WaveApprovalOut]
    tasks: list[TaskOut]
