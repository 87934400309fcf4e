"""YAML that people write, read so that every complaint names its line and its key.

Every scalar stays the text that was written (`NO` is Norway, `0123` keeps its zero); what it has to
be is for the schema to say.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeAlias, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

LARGEST = 256 * 1024
DEEPEST = 20
EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
NEEDS_QUOTES = "a text that begins with ! or & must stand in quotes"

Path: TypeAlias = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where it stands, and what is wrong in plain words. Never a value."""

    line: int
    path: Path
    message: str


class BadYaml(Exception):
    """One line per problem: `exeunt.yaml:12: systems.directory.mod: …`."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.source = source
        self.problems = problems
        lines = [
            f"{source}:{p.line}: {'.'.join(map(str, p.path)) or 'the file'}: {p.message}"
            for p in sorted(problems, key=lambda p: p.line)
        ]
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Document:
    """A parsed file: plain dicts, lists, texts and None, and the line of every key."""

    value: Any
    lines: Mapping[Path, int]
    source: str

    def complain(self, path: Path, message: str) -> Problem:
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.lines.get(known, 1), path, message)

    def at(self, *path: str) -> "Document":
        """The part below these keys, which knows its own place in the file."""
        value = self.value
        for step in path:
            value = value[step]
        return _Part(value, self.lines, self.source, path)

    def prefix(self) -> Path:
        return ()

    def validate(self, model: type[M]) -> M:
        """Raises BadYaml with every problem at once."""
        try:
            return model.model_validate(self.value)
        except ValidationError as why:
            raise BadYaml(
                self.source,
                tuple(
                    self.complain(_place(self, e["loc"]), _say(model, dict(e)))
                    for e in why.errors(include_input=False, include_url=False)
                ),
            ) from None

    def expanded(self, environ: Mapping[str, str], read_file: Callable[[str], str]) -> "Document":
        """`${NAME}` and `${file:/path}` in every text, replaced after parsing. Raises BadYaml."""
        problems: list[Problem] = []
        value = _expand(self, (), self.value, environ, read_file, problems)
        if problems:
            raise BadYaml(self.source, tuple(problems))
        return Document(value, self.lines, self.source)


@dataclass(frozen=True)
class _Part(Document):
    below: Path = field(default=())

    def prefix(self) -> Path:
        return self.below


def parse(text: str, source: str) -> Document:
    """Read a file. Raises BadYaml for what is no YAML, and for what would only be there to hurt."""
    if len(text) > LARGEST:
        raise BadYaml(source, (Problem(1, (), f"is larger than {LARGEST} characters"),))
    try:
        _refuse_tricks(text, source)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as why:
        line = why.problem_mark.line + 1 if why.problem_mark else 1
        said = str(why.problem or why.context)
        # A tag handle is a piece of a value, and a value may be a secret.
        problem = NEEDS_QUOTES if "tag handle" in said else f"this is not YAML: {said}"
        raise BadYaml(source, (Problem(line, (), problem),)) from None
    except yaml.reader.ReaderError as why:
        raise BadYaml(source, (Problem(1, (), f"this is not YAML: {why.reason}"),)) from None
    lines: dict[Path, int] = {(): 1}
    value = None if node is None else _value(node, (), lines, source)
    return Document(value, lines, source)


def _refuse_tricks(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise BadYaml(source, (Problem(line, (), "aliases (*name) are not allowed here"),))
        if isinstance(event, yaml.ScalarEvent) and (event.tag or event.anchor):
            # YAML would take `!word` and `&word` for marks, and what was written would be lost.
            raise BadYaml(source, (Problem(line, (), NEEDS_QUOTES),))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadYaml(source, (Problem(line, (), f"is nested deeper than {DEEPEST}"),))


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], source: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in EMPTY else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*path, n), lines, source) for n, one in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key, one in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadYaml(source, (Problem(line, path, "a key must be a plain text"),))
        below = (*path, key.value)
        if key.value in found:
            first = lines[below]
            raise BadYaml(source, (Problem(line, below, f"is there twice, first in line {first}"),))
        lines[below] = line
        found[key.value] = _value(one, below, lines, source)
    return found


def _place(doc: Document, loc: Path) -> Path:
    """Without the marks that pydantic puts in for unions and functions; what is a key stays."""
    path = doc.prefix()
    for step in loc:
        mark = isinstance(step, str) and re.search(r"[\[\(]|^function-", step)
        if not mark or (*path, step) in doc.lines:
            path = (*path, step)
    return path


def _say(model: type[BaseModel], error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"there is no such key; {hint}"
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def _known_keys(model: Any, loc: Path) -> list[str]:
    at: Any = model
    for step in loc[:-1]:
        at = _below(at, step)
    at = _unwrap(at)
    return list(at.model_fields) if isinstance(at, type) and issubclass(at, BaseModel) else []


def _below(annotation: Any, step: str | int) -> Any:
    at = _unwrap(annotation)
    if isinstance(at, type) and issubclass(at, BaseModel):
        found = at.model_fields.get(str(step))
        return found.annotation if found else None
    args = get_args(at)
    return (args[0] if isinstance(step, int) else args[-1]) if args else None


def _unwrap(annotation: Any) -> Any:
    """`X | None` is X."""
    if isinstance(annotation, UnionType) or type(None) in get_args(annotation):
        return next((a for a in get_args(annotation) if a is not type(None)), annotation)
    return annotation


_REFERENCE = re.compile(r"\$(\$?)\{([^}]*)\}")


def _expand(
    doc: Document,
    path: Path,
    value: Any,
    environ: Mapping[str, str],
    read_file: Callable[[str], str],
    problems: list[Problem],
) -> Any:
    if isinstance(value, dict):
        return {
            k: _expand(doc, (*path, k), v, environ, read_file, problems) for k, v in value.items()
        }
    if isinstance(value, list):
        return [
            _expand(doc, (*path, n), v, environ, read_file, problems) for n, v in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        escaped, name = found.groups()
        if escaped:
            return "${" + name + "}"
        try:
            if name.startswith("file:"):
                return read_file(name.removeprefix("file:")).strip()
            return environ[name]
        except KeyError:
            problems.append(
                doc.complain(path, f"the environment has no {name}; set it: export {name}=…")
            )
        except OSError as why:
            problems.append(doc.complain(path, f"cannot read {name[5:]}: {why.strerror}"))
        except ValueError:
            problems.append(doc.complain(path, f"cannot read {name[5:]}: it holds no text"))
        return ""

    return _REFERENCE.sub(replace, value)
