"""What a policy may say. The file is written for the people who answer for it, and for auditors."""

import hashlib
import json
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.actions import Action, Wave
from adapters.durations import Duration
from workflows.model import Basis, CaseKind


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WaveRule(_Said):
    """When a wave comes after the last moment, what it does, how many people must say yes."""

    after: Duration | None = None
    actions: tuple[Action, ...] | None = None
    approvals: int | None = Field(None, ge=0, le=5)


class Waves(_Said):
    """Containment has no terms: it comes first, at once, whole, and asks nobody."""

    hand_over: WaveRule = WaveRule()
    clean_up: WaveRule = WaveRule()
    retire: WaveRule = WaveRule()

    @model_validator(mode="before")
    @classmethod
    def _contain_has_no_terms(cls, said: Any) -> Any:
        if isinstance(said, dict) and "contain" in said:
            raise ValueError("containment waits for nobody: a policy says nothing about `contain`")
        return said

    @model_validator(mode="after")
    def _each_verb_in_its_wave(self) -> "Waves":
        for name in type(self).model_fields:
            for action in getattr(self, name).actions or ():
                if action.wave != name:
                    raise ValueError(f"{action} belongs to the wave {action.wave}, not to {name}")
        return self

    def of(self, wave: Wave) -> WaveRule:
        found: WaveRule = getattr(self, wave)
        return found


class Terms(_Said):
    """What a rule may set."""

    owner: str | None = Field(None, min_length=1, max_length=320)
    task_due: Duration | None = None
    give_up_after: Duration | None = None
    contain_within: Duration | None = None
    waves: Waves = Waves()


class When(_Said):
    """Whom a rule is about. All that is said must fit; of each list, one."""

    kind: tuple[CaseKind, ...] = ()
    department: tuple[str, ...] = ()
    worker_type: tuple[str, ...] = ()
    country: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    privileged: bool | None = None


class PolicyRule(_Said):
    name: str = Field(min_length=1, max_length=120)
    when: When
    set: Terms

    @model_validator(mode="after")
    def _does_something(self) -> "PolicyRule":
        if self.when == When():
            raise ValueError("`when` is empty: what is for everybody stands above the rules")
        if self.set == Terms():
            raise ValueError("`set` is empty: the rule would change nothing")
        return self


class Policy(_Said):
    """A whole policy. `identity` names exactly this text in every case and every event."""

    version: Literal["1"] = "1"
    name: str = Field(min_length=1, max_length=120)
    basis: Literal[Basis.LAST_WORKING_DAY, Basis.TERMINATION_DATE] = Basis.LAST_WORKING_DAY
    owner: str = Field(min_length=1, max_length=320)
    task_due: Duration
    give_up_after: Duration
    contain_within: Duration = timedelta(hours=24)
    """The promise that the evidence measures: from the later of "effective" and "we were told"."""
    waves: Waves
    successor: tuple[str, ...] = ("manager",)
    """Who takes over, in this order: `manager`, as HR names one, or an address."""
    restore_approvals: int = Field(1, ge=1, le=5)
    """How many people must agree before access is given back, besides the one who asks."""
    protected: tuple[str, ...] = ()
    """Ids, logins or addresses of accounts that nobody may cut by a case: break-glass, our own."""
    rules: tuple[PolicyRule, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Policy":
        for wave in Waves.model_fields:
            said: WaveRule = getattr(self.waves, wave)
            if said.after is None or said.actions is None:
                raise ValueError(f"waves.{wave} must say `after` and `actions`")
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self

    @property
    def digest(self) -> str:
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def identity(self) -> str:
        return f"{self.name} {self.digest[:12]}"
