"""exeunt.yaml: which HR systems speak to us, which systems are cut, which policy holds, and who
else is given the log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator

from adapters.configured import HrSettings, SystemSettings
from adapters.registry import ADAPTERS, HR_SOURCES, SINKS
from adapters.sinks.contract import SinkSettings
from workflows.ledger.settings import AuditSettings
from workflows.people import MADE_HERE
from workflows.policy.load import default_policy, load_policy
from workflows.policy.schema import Policy
from workflows.yaml_lines import BadYaml, Document, Problem, parse

SECTIONS = ("hr", "systems", "policy", "audit")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NAMES = "must hold names, one for each"
KEYS = "must hold keys, such as origin"

S = TypeVar("S", bound=BaseModel)


class ConfigMissing(Exception):
    """There is no configuration file. The message says how to write the first one."""


@dataclass(frozen=True)
class Config:
    """What was configured, each part as its own adapter or source reads it."""

    hr: Mapping[str, HrSettings]
    systems: Mapping[str, SystemSettings]
    policy: Policy
    audit: AuditSettings = field(default_factory=AuditSettings)
    sinks: Mapping[str, SinkSettings] = field(default_factory=dict)


class _Audit(AuditSettings):
    """As it stands in the file. Its sinks are read one by one, by the models that they name."""

    sinks: Annotated[None, BeforeValidator(lambda _: None)] = None


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Raises ConfigMissing, or BadYaml with every problem, its line and its key."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigMissing(
            f"there is no {path}. Write one with `hr:` and `systems:` (docs/configuration.md has "
            "an example), or name another with EXEUNT_CONFIG."
        ) from None
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigMissing(f"{path} cannot be read: {why}") from None
    return read_config(text, str(path), environ, path.parent)


def read_config(text: str, source: str, environ: Mapping[str, str], folder: Path) -> Config:
    document = parse(text, source).expanded(environ, lambda name: Path(name).read_text("utf-8"))
    problems: list[Problem] = []
    _check_sections(document, problems)
    if problems:
        raise BadYaml(source, tuple(problems))
    systems: dict[str, SystemSettings] = _section(
        document, ("systems",), "adapter", {k: a.Settings for k, a in ADAPTERS.items()}, problems
    )
    hr: dict[str, HrSettings] = _section(
        document, ("hr",), "source", {k: s.Settings for k, s in HR_SOURCES.items()}, problems
    )
    _check_masters(document, systems, problems)
    if MADE_HERE in hr:
        problems.append(document.complain(("hr", MADE_HERE), "is a name that Exeunt uses itself"))
    audit, sinks = _audit(document, problems)
    if problems:
        raise BadYaml(source, tuple(problems))
    return Config(hr, systems, _policy(document, folder), audit, sinks)


def _audit(
    document: Document, problems: list[Problem]
) -> tuple[AuditSettings, dict[str, SinkSettings]]:
    if not document.value.get("audit"):
        return AuditSettings(), {}
    audit = AuditSettings()
    try:
        audit = document.at("audit").validate(_Audit)
    except BadYaml as why:
        problems.extend(why.problems)
    problems += [
        _bad_name(document, ("audit", "witnesses", name))
        for name in audit.witnesses
        if not NAME.fullmatch(name)
    ]
    sinks = document.value["audit"].get("sinks")
    if sinks is not None and not isinstance(sinks, dict):
        problems.append(document.complain(("audit", "sinks"), NAMES))
        return audit, {}
    models: Mapping[str, Any] = {name: sink.Settings for name, sink in SINKS.items()}
    return audit, _section(document, ("audit", "sinks"), "sink", models, problems)


def _check_sections(document: Document, problems: list[Problem]) -> None:
    if not isinstance(document.value, dict):
        problems.append(document.complain((), f"must hold {', '.join(SECTIONS)}"))
        return
    for key, value in document.value.items():
        if key not in SECTIONS:
            known = ", ".join(SECTIONS)
            problems.append(document.complain((key,), f"there is no such key; known here: {known}"))
        elif key != "policy" and not isinstance(value, dict):
            problems.append(document.complain((key,), NAMES if key != "audit" else KEYS))
    if not document.value.get("systems"):
        problems.append(document.complain(("systems",), "names no system: nothing could be cut"))


def _check_masters(
    document: Document, systems: Mapping[str, SystemSettings], problems: list[Problem]
) -> None:
    """Who writes whose accounts: named systems exist, and nobody is their own master."""
    for name, told in systems.items():
        for key in ("mastered_by", "exchange"):
            other = getattr(told, key, None)
            if other is not None and other not in systems:
                why = f"there is no system {other!r}; known: {', '.join(sorted(systems))}"
                problems.append(document.complain(("systems", name, key), why))
        seen, master = {name}, told.mastered_by
        while master is not None and master in systems and master not in seen:
            seen.add(master)
            master = systems[master].mastered_by
        if master in seen:
            why = f"{master!r} would be written by itself in the end"
            problems.append(document.complain(("systems", name, "mastered_by"), why))


def _section(
    document: Document,
    section: tuple[str, ...],
    chooser: str,
    models: Mapping[str, type[Any]],
    problems: list[Problem],
) -> dict[str, Any]:
    """Every entry of a section, read by the model that its `adapter`, `source` or `sink` names."""
    found: dict[str, Any] = {}
    for name, said in (document.at(*section[:-1]).value.get(section[-1]) or {}).items():
        place = (*section, name)
        if not NAME.fullmatch(name):
            problems.append(_bad_name(document, place))
            continue
        chosen = said.get(chooser) if isinstance(said, dict) else None
        if not isinstance(chosen, str) or chosen not in models:
            known = ", ".join(sorted(models))
            what = "is missing" if chosen is None else f"{chosen!r} is not known"
            problems.append(document.complain((*place, chooser), f"{what}; known: {known}"))
            continue
        try:
            found[name] = document.at(*place).validate(models[chosen])
        except BadYaml as why:
            problems.extend(why.problems)
    return found


def _bad_name(document: Document, place: tuple[str, ...]) -> Problem:
    return document.complain(place, "a name is made of a-z, 0-9, - and _, 40 at most")


def _policy(document: Document, folder: Path) -> Policy:
    name = document.value.get("policy")
    if name is None:
        return default_policy()
    path = folder / str(name)
    try:
        return load_policy(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as why:
        problem = document.complain(("policy",), f"{path} cannot be read: {why}")
        raise BadYaml(document.source, (problem,)) from None
